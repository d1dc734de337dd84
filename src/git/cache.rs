//! A bounded memory of objects.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::facts::Oid;

/// Whole blobs by id, up to a number of bytes; what was used longest ago goes first.
///
/// A use is noted at the end of a queue and counted in the entry; an entry leaves when its last note is reached. That is
/// least-recently-used with two plain collections.
#[derive(Debug)]
pub(super) struct BlobCache {
    blobs: HashMap<Oid, (Arc<[u8]>, u32)>,
    uses: VecDeque<Oid>,
    bytes: usize,
    limit: usize,
}

impl BlobCache {
    pub(super) fn new(limit: usize) -> Self {
        Self { blobs: HashMap::new(), uses: VecDeque::new(), bytes: 0, limit }
    }

    /// How many bytes it keeps.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Keeps so many from now on.
    pub(super) fn limit_to(&mut self, limit: usize) {
        self.limit = limit;
        while self.bytes > self.limit && self.drop_note() {}
    }

    fn contains(&self, id: Oid) -> bool {
        self.blobs.contains_key(&id)
    }

    /// How many bytes a blob has that is kept.
    pub(super) fn size(&self, id: Oid) -> Option<u64> {
        self.blobs.get(&id).map(|(blob, _)| blob.len() as u64)
    }

    pub(super) fn get(&mut self, id: Oid) -> Option<Arc<[u8]>> {
        let blob = Arc::clone(&self.blobs.get(&id)?.0);
        self.touch(id);
        Some(blob)
    }

    /// Counts as a use; false if it is not kept.
    pub(super) fn touch(&mut self, id: Oid) -> bool {
        let Some((_, uses)) = self.blobs.get_mut(&id) else { return false };
        *uses += 1;
        self.uses.push_back(id);
        self.shorten();
        true
    }

    /// Keeps a blob, and lets go of others until all fit. A blob larger than half of everything is not kept.
    pub(super) fn put(&mut self, id: Oid, blob: Arc<[u8]>) {
        if blob.len() > self.limit / 2 || self.contains(id) {
            return;
        }
        self.bytes += cost(&blob);
        self.blobs.insert(id, (blob, 1));
        self.uses.push_back(id);
        while self.bytes > self.limit && self.drop_note() {}
    }

    /// Takes the oldest note; false when there is none.
    fn drop_note(&mut self) -> bool {
        let Some(id) = self.uses.pop_front() else { return false };
        if let Some((blob, uses)) = self.blobs.get_mut(&id) {
            *uses -= 1;
            if *uses == 0 {
                self.bytes -= cost(blob);
                self.blobs.remove(&id);
            }
        }
        true
    }

    /// Keeps the notes of blobs that are used again and again from piling up.
    fn shorten(&mut self) {
        if self.uses.len() <= 64 + 4 * self.blobs.len() {
            return;
        }
        let notes = std::mem::take(&mut self.uses);
        for id in notes {
            match self.blobs.get_mut(&id) {
                Some((_, uses)) if *uses > 1 => *uses -= 1,
                Some(_) => self.uses.push_back(id),
                None => {}
            }
        }
    }
}

/// What a kept blob costs beside its bytes, roughly; many empty blobs must not be free.
fn cost(blob: &[u8]) -> usize {
    blob.len() + 128
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    fn blob(length: usize) -> Arc<[u8]> {
        vec![0; length].into()
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut cache = BlobCache::new(3 * 328);
        for n in 1..=3 {
            cache.put(id(n), blob(200));
        }
        assert!(cache.get(id(1)).is_some());
        cache.put(id(4), blob(200));
        assert_eq!([1, 2, 3, 4].map(|n| cache.contains(id(n))), [true, false, true, true]);
    }

    #[test]
    fn one_blob_does_not_drive_out_all_the_others() {
        let mut cache = BlobCache::new(1000);
        cache.put(id(1), blob(100));
        cache.put(id(2), blob(900));
        assert!(cache.contains(id(1)) && !cache.contains(id(2)));
    }

    #[test]
    fn notes_do_not_pile_up() {
        let mut cache = BlobCache::new(1000);
        cache.put(id(1), blob(100));
        for _ in 0..10_000 {
            cache.get(id(1));
        }
        assert!(cache.uses.len() < 100);
        assert!(cache.contains(id(1)));
    }
}
