//! Where made-up facts have their contents.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::{Blob, Commit, File, MAX_BLOB, Oid, Signature, Store, StoreError, TreeEntry};

/// Blobs of one made-up file, or the files of a made-up commit.
#[derive(Default)]
pub(super) struct MadeUp {
    pub(super) blobs: HashMap<Oid, Blob>,
    pub(super) files: Vec<Arc<File>>,
}

impl MadeUp {
    fn find(&self, id: Oid) -> Result<&Blob, StoreError> {
        self.blobs.get(&id).ok_or_else(|| StoreError(format!("blob {id} was not made up")))
    }
}

impl Store for MadeUp {
    fn blob(&self, id: Oid) -> Result<Blob, StoreError> {
        self.find(id).cloned()
    }

    fn size(&self, id: Oid) -> Result<u64, StoreError> {
        Ok(self.find(id)?.size())
    }

    fn files(&self, _: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        Ok(self.files.clone())
    }

    fn entry(&self, _: &Commit, path: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        let found = self.files.iter().find(|file| file.path().as_bytes() == path);
        Ok(found.and_then(|file| Some(TreeEntry { mode: file.parts().mode, id: file.parts().id? })))
    }

    fn signature(&self, _: &Commit) -> Result<Signature, StoreError> {
        Ok(Signature::none())
    }
}

/// A blob with these bytes.
pub(super) fn whole(bytes: impl Into<Arc<[u8]>>) -> Blob {
    Blob::Whole(bytes.into())
}

/// A text of so many bytes; a large one is not made, it is only said to be so large.
pub(super) fn of_size(size: usize) -> Blob {
    let line = [b'x'; 79].iter().chain(b"\n").copied().cycle();
    if size as u64 > MAX_BLOB {
        return Blob::TooLarge { size: size as u64, head: line.take(8_000).collect() };
    }
    whole(line.take(size).collect::<Vec<u8>>())
}
