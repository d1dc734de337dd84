//! Which added files are deleted ones under another name.
//!
//! The rules are git's (diffcore-rename.c), made simple and the same for both implementations: equal contents first, then
//! files of which at least half is common, the most alike first. A file equal to what another was before the commit, while
//! that one is still there, is a copy. Ties are settled by the same last part of the path, then by the order of the paths.

use std::collections::{HashMap, VecDeque};

use super::objects::RawChange;
use super::similarity::Pieces;
use crate::facts::{FileParts, FileStatus, GitPath, Oid};

/// Files with less in common than this, of 10,000, are two files.
const ENOUGH: u64 = 5_000;
/// As git's `diff.renameLimit`: with more pairs only equal contents are found.
const MAX_PAIRS: usize = 1_000 * 1_000;
/// Larger files are only compared by id.
const MAX_FILE: u64 = 4 << 20;
/// More bytes than this in one commit are not compared.
const MAX_BYTES: u64 = 32 << 20;
/// Pieces compared for one commit: well under a second.
const MAX_WORK: usize = 200_000_000;
/// How many sources are kept in mind for each target, as git does.
const CANDIDATES: usize = 4;
/// Among how many equal sources one with the same name is looked for.
const EQUALS: usize = 100;

/// The empty blob, by either hash: everybody's copy of everything.
const EMPTY: [&str; 2] = [
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/// Files without a look for renames.
pub(super) fn plain(changes: Vec<RawChange>) -> Vec<FileParts> {
    changes.into_iter().filter_map(|change| parts(&change)).collect()
}

fn parts(change: &RawChange) -> Option<FileParts> {
    Some(FileParts {
        path: change.path.clone(),
        old_path: None,
        status: change.status()?,
        mode: change.new.or(change.old)?.mode,
        old_mode: change.old.map(|side| side.mode),
        id: change.new.map(|side| side.id),
        old_id: change.old.map(|side| side.id),
    })
}

/// The search for renames in one commit, step by step, so that contents can be read for many commits at once.
pub(super) struct Search {
    changes: Vec<RawChange>,
    /// For a target's index its source's, and what that makes of it.
    found: HashMap<usize, (usize, FileStatus)>,
    /// Deleted files that nothing was made from yet, by index.
    sources: Vec<usize>,
    /// Added files that were made from nothing yet, by index.
    targets: Vec<usize>,
}

impl Search {
    /// Finds what has equal contents.
    pub(super) fn new(changes: Vec<RawChange>) -> Self {
        let of = |status| {
            let with = move |(_, change): &(usize, &RawChange)| change.status() == Some(status);
            changes.iter().enumerate().filter(with).map(|(at, _)| at).collect::<Vec<_>>()
        };
        let (targets, sources) = (of(FileStatus::Added), of(FileStatus::Deleted));
        let modified = if targets.is_empty() { Vec::new() } else { of(FileStatus::Modified) };
        let mut search = Self { changes, found: HashMap::new(), sources, targets };
        if !search.targets.is_empty() {
            search.find_equals();
            search.find_copies(&modified);
        }
        search
    }

    fn find_equals(&mut self) {
        let mut by_id: HashMap<Oid, VecDeque<usize>> = HashMap::new();
        for source in &self.sources {
            if let Some(side) = self.changes.get(*source).and_then(|change| change.old) {
                by_id.entry(side.id).or_default().push_back(*source);
            }
        }
        if by_id.is_empty() {
            return;
        }
        for target in std::mem::take(&mut self.targets) {
            match self.take_equal(target, &mut by_id) {
                Some(source) => drop(self.found.insert(target, (source, FileStatus::Renamed))),
                None => self.targets.push(target),
            }
        }
        let used: std::collections::HashSet<usize> = self.found.values().map(|(source, _)| *source).collect();
        self.sources.retain(|source| !used.contains(source));
    }

    fn take_equal(&self, target: usize, by_id: &mut HashMap<Oid, VecDeque<usize>>) -> Option<usize> {
        let equals = by_id.get_mut(&self.changes.get(target)?.new?.id)?;
        let fits = |source: &usize| self.same_mode(*source, target);
        let named =
            equals.iter().take(EQUALS).position(|source| fits(source) && self.same_name(*source, target));
        let place = named.or_else(|| equals.iter().take(EQUALS).position(fits))?;
        equals.remove(place)
    }

    /// Symbolic links and submodules are only found as such.
    fn same_mode(&self, source: usize, target: usize) -> bool {
        let (old, new) =
            (self.changes.get(source).and_then(|c| c.old), self.changes.get(target).and_then(|c| c.new));
        matches!((old, new), (Some(old), Some(new)) if old.mode.same_kind(new.mode))
    }

    fn same_name(&self, source: usize, target: usize) -> bool {
        let name = |at: usize| self.changes.get(at).map(|change| change.path.name());
        name(source) == name(target)
    }

    /// Copies of what was renamed, or of what a file was before it was modified.
    fn find_copies(&mut self, modified: &[usize]) {
        let renamed = self.found.values().map(|(source, _)| source);
        let mut by_id: HashMap<Oid, usize> = HashMap::new();
        for source in modified.iter().chain(renamed) {
            if let Some(side) = self.changes.get(*source).and_then(|change| change.old) {
                let first = by_id.entry(side.id).or_insert(*source);
                *first = (*first).min(*source);
            }
        }
        let source_of = |search: &Self, target: usize| {
            let side = search.changes.get(target)?.new?;
            let source = *by_id.get(&side.id)?;
            (search.same_mode(source, target) && !is_empty(side.id)).then_some(source)
        };
        for target in std::mem::take(&mut self.targets) {
            match source_of(self, target) {
                Some(source) => drop(self.found.insert(target, (source, FileStatus::Copied))),
                None => self.targets.push(target),
            }
        }
    }

    /// The blobs whose sizes decide what is compared: none if there is nothing to compare.
    pub(super) fn candidates(&self) -> Vec<Oid> {
        if self.targets.len().saturating_mul(self.sources.len()) > MAX_PAIRS {
            return Vec::new();
        }
        let (sources, targets) = (self.regular(&self.sources, false), self.regular(&self.targets, true));
        if sources.is_empty() || targets.is_empty() {
            return Vec::new();
        }
        sources.into_iter().chain(targets).map(|(_, id)| id).collect()
    }

    fn regular(&self, indices: &[usize], new: bool) -> Vec<(usize, Oid)> {
        let side = |at: &usize| {
            let change = self.changes.get(*at)?;
            let side = if new { change.new } else { change.old }?;
            side.mode.is_file().then_some((*at, side.id))
        };
        indices.iter().filter_map(side).collect()
    }

    /// The blobs to compare, with their sizes: those for which there is one of a size that makes half of it.
    pub(super) fn wanted(&self, sizes: &HashMap<Oid, u64>) -> Vec<(Oid, u64)> {
        let sized = |list: Vec<(usize, Oid)>| {
            let size = |(_, id): (usize, Oid)| Some((id, *sizes.get(&id)?));
            let mut list: Vec<(Oid, u64)> = list.into_iter().filter_map(size).collect();
            list.retain(|(_, size)| *size > 0 && *size <= MAX_FILE);
            list.sort_by_key(|(id, size)| (*size, *id));
            list.dedup();
            list
        };
        let sources = sized(self.regular(&self.sources, false));
        let targets = sized(self.regular(&self.targets, true));
        let mut wanted: Vec<(Oid, u64)> =
            with_partner(&sources, &targets).chain(with_partner(&targets, &sources)).collect();
        wanted.sort();
        wanted.dedup();
        let bytes: u64 = wanted.iter().map(|(_, size)| size).sum();
        if bytes > MAX_BYTES { Vec::new() } else { wanted }
    }

    /// Finds what is alike; `pieces` are of those that [`Search::wanted`] named.
    pub(super) fn find_alike(&mut self, pieces: &HashMap<Oid, Pieces>) {
        let with_pieces = |list: Vec<(usize, Oid)>| {
            list.into_iter().filter_map(|(at, id)| Some((at, pieces.get(&id)?))).collect::<Vec<_>>()
        };
        let sources = with_pieces(self.regular(&self.sources, false));
        let targets = with_pieces(self.regular(&self.targets, true));
        let total = |list: &[(usize, &Pieces)]| list.iter().map(|(_, pieces)| pieces.len()).sum::<usize>();
        let work =
            total(&sources).saturating_mul(targets.len()) + total(&targets).saturating_mul(sources.len());
        if work > MAX_WORK {
            return;
        }
        let mut pairs = Vec::new();
        for (target, of_target) in &targets {
            let mut best: Vec<Pair> = Vec::new();
            for (source, of_source) in &sources {
                let likeness = of_source.likeness(of_target);
                if likeness >= ENOUGH {
                    let same_name = self.same_name(*source, *target);
                    best.push(Pair { likeness, same_name, target: *target, source: *source });
                }
            }
            best.sort_by_key(Pair::order);
            best.truncate(CANDIDATES);
            pairs.extend(best);
        }
        pairs.sort_by_key(Pair::order);
        let mut used = std::collections::HashSet::new();
        for pair in pairs {
            if !used.contains(&pair.source) && !self.found.contains_key(&pair.target) {
                used.insert(pair.source);
                self.found.insert(pair.target, (pair.source, FileStatus::Renamed));
            }
        }
    }

    /// The files, by path; the sources of renames are no files of their own.
    pub(super) fn finish(self) -> Vec<FileParts> {
        let renamed: std::collections::HashSet<usize> = self
            .found
            .values()
            .filter(|(_, status)| *status == FileStatus::Renamed)
            .map(|(source, _)| *source)
            .collect();
        let file = |(at, change): (usize, &RawChange)| {
            if renamed.contains(&at) {
                return None;
            }
            let mut file = parts(change)?;
            if let Some((source, status)) = self.found.get(&at) {
                let source = self.changes.get(*source)?;
                file.status = *status;
                file.old_path = Some(GitPath::clone(&source.path));
                file.old_mode = source.old.map(|side| side.mode);
                file.old_id = source.old.map(|side| side.id);
            }
            Some(file)
        };
        self.changes.iter().enumerate().filter_map(file).collect()
    }
}

fn is_empty(id: Oid) -> bool {
    EMPTY.iter().any(|hex| Oid::from_hex(hex.as_bytes()) == Some(id))
}

/// Those of `list` for which `others`, both by size, has one at least half and at most twice as large.
fn with_partner<'l>(list: &'l [(Oid, u64)], others: &'l [(Oid, u64)]) -> impl Iterator<Item = (Oid, u64)> {
    list.iter().copied().filter(|(_, size)| {
        let first = others.partition_point(|(_, other)| other * 2 < *size);
        others.get(first).is_some_and(|(_, other)| *other <= size * 2)
    })
}

/// A possible rename.
struct Pair {
    likeness: u64,
    same_name: bool,
    target: usize,
    source: usize,
}

impl Pair {
    /// The best first.
    fn order(&self) -> (std::cmp::Reverse<(u64, bool)>, usize, usize) {
        (std::cmp::Reverse((self.likeness, self.same_name)), self.target, self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::super::objects::Side;
    use super::*;
    use crate::facts::EntryMode;

    fn side(id: u8) -> Option<Side> {
        (id > 0).then(|| Side { mode: EntryMode(0o100_644), id: Oid::from_bytes(&[id; 20]).unwrap() })
    }

    /// Changes as (path, old contents, new contents), contents named by a number, 0 for none.
    fn found(changes: &[(&str, u8, u8)], contents: &[(u8, &str)]) -> Vec<String> {
        let raw = |(path, old, new): &(&str, u8, u8)| RawChange {
            path: (*path).into(),
            old: side(*old),
            new: side(*new),
        };
        let mut search = Search::new(changes.iter().map(raw).collect());
        let id = |n: u8| side(n).unwrap().id;
        let sizes = contents.iter().map(|(n, text)| (id(*n), text.len() as u64)).collect();
        let wanted = search.wanted(&sizes);
        let pieces = contents.iter().map(|(n, text)| (id(*n), Pieces::of(text.as_bytes())));
        search.find_alike(&pieces.filter(|(id, _)| wanted.iter().any(|(wanted, _)| wanted == id)).collect());
        let show = |file: FileParts| match file.old_path {
            Some(old) => format!("{} {old} -> {}", file.status.as_str(), file.path),
            None => format!("{} {}", file.status.as_str(), file.path),
        };
        search.finish().into_iter().map(show).collect()
    }

    #[test]
    fn equal_contents_are_a_rename_the_same_name_first() {
        assert_eq!(
            found(&[("a/x", 1, 0), ("b/y", 1, 0), ("c/y", 0, 1), ("d/z", 0, 1)], &[]),
            ["renamed b/y -> c/y", "renamed a/x -> d/z"]
        );
    }

    #[test]
    fn what_is_half_alike_is_a_rename_the_most_alike_first() {
        let contents = [(1, "a\nb\nc\nd\n"), (2, "a\nb\nc\nx\n"), (3, "a\nb\ny\nz\n"), (4, "q\nr\ns\nt\n")];
        let changes = [("new1", 0, 3), ("new2", 0, 2), ("old", 1, 0), ("other", 4, 0)];
        assert_eq!(found(&changes, &contents), ["added new1", "renamed old -> new2", "deleted other"]);
    }

    #[test]
    fn equal_to_what_is_still_there_is_a_copy() {
        assert_eq!(found(&[("a", 1, 2), ("b", 0, 1)], &[]), ["modified a", "copied a -> b"]);
        assert_eq!(found(&[("a", 1, 0), ("b", 0, 1), ("c", 0, 1)], &[]), ["renamed a -> b", "copied a -> c"]);
        assert_eq!(found(&[("a", 0, 1), ("b", 0, 1)], &[]), ["added a", "added b"]);
    }

    #[test]
    fn a_size_that_cannot_fit_is_not_even_read() {
        let search = Search::new(vec![
            RawChange { path: "a".into(), old: side(1), new: None },
            RawChange { path: "b".into(), old: None, new: side(2) },
        ]);
        let id = |n: u8| side(n).unwrap().id;
        let sizes = |a, b| HashMap::from([(id(1), a), (id(2), b)]);
        assert_eq!(search.candidates().len(), 2);
        assert_eq!(search.wanted(&sizes(10, 20)).len(), 2);
        assert_eq!(search.wanted(&sizes(10, 21)).len(), 0);
        assert_eq!(search.wanted(&sizes(0, 0)).len(), 0);
        assert_eq!(search.wanted(&sizes(MAX_FILE + 1, MAX_FILE + 1)).len(), 0);
    }
}
