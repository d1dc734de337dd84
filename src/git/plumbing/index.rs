//! The index, read by git itself: it knows every form of one, and skips by its cache-tree what did not change.

use super::super::GitError;
use super::super::objects::{RawChange, Side};
use super::super::process::{self, Git};
use super::{diff_tree, open};
use crate::facts::Oid;

impl Git {
    /// A tree as git's commands take one; `None` is the tree without entries.
    pub(super) fn tree_name(&self, tree: Option<Oid>) -> String {
        tree.map_or_else(|| self.place.hash.empty_tree().to_owned(), |id| id.to_string())
    }

    /// What differs between a tree and the index, without intent-to-add entries.
    pub(in crate::git) fn staged(&self, tree: Option<Oid>) -> Result<Vec<RawChange>, GitError> {
        let tree = self.tree_name(tree);
        let args = [
            "diff-index",
            "--cached",
            "-z",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--no-relative",
            "--ita-invisible-in-index",
            "--ignore-submodules=none",
            &tree,
        ];
        diff_tree::parse_all(&self.run(&args, &[0])?.stdout)
    }

    /// The entry of the index at a path.
    pub(in crate::git) fn staged_entry(&self, path: &[u8]) -> Result<Option<Side>, GitError> {
        let args = ["ls-files", "--stage", "-z", "--full-name", "--"];
        let mut command = self.command(&args);
        command.env("GIT_LITERAL_PATHSPECS", "1").arg(open::path(path));
        let output = process::finish(command, &args, &[0])?;
        for record in output.stdout.split(|byte| *byte == 0) {
            // `MODE ID STAGE<tab>PATH`
            let Some(tab) = memchr::memchr(b'\t', record) else { continue };
            let mut words = record.get(..tab).unwrap_or_default().split(|byte| *byte == b' ');
            let (mode, id, stage) = (words.next(), words.next(), words.next());
            if record.get(tab + 1..) == Some(path) && stage == Some(b"0") {
                let side = mode.and_then(diff_tree::mode).zip(id.and_then(Oid::from_hex));
                return Ok(side.map(|(mode, id)| Side { mode, id }));
            }
        }
        Ok(None)
    }
}
