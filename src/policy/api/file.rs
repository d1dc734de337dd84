//! `file`: a file that a commit, or the index, changes.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::super::{call, finding};
use super::commit::{CommitValue, unreadable};
use super::list::List;
use super::table::{Api, comparable, shown};
use super::{Fallible, int, optional};
use crate::facts::{Commit, File, FileStatus, GitPath};
use crate::patterns::PathPatterns;

/// Which files one rule looks at; `None` for all.
pub(in crate::policy) type View = Option<Arc<FileView>>;

/// The rule's own `files`, and `paths` and `except` of the configuration.
#[derive(Debug)]
pub(in crate::policy) struct FileView {
    pub(in crate::policy) only: Vec<PathPatterns>,
    pub(in crate::policy) except: PathPatterns,
}

impl FileView {
    pub(in crate::policy) fn admits(&self, path: &GitPath) -> bool {
        self.only.iter().all(|only| only.matches(path)) && !self.except.matches(path)
    }
}

/// A file as a rule sees it.
#[derive(Clone)]
pub(in crate::policy) struct FileValue {
    pub(in crate::policy) file: Arc<File>,
    /// The commit it is of; `None` for the files of a change.
    pub(in crate::policy) commit: Option<Arc<Commit>>,
}

impl FileValue {
    fn place(&self, line: Option<u32>) -> finding::Place {
        finding::Place::File(self.file.path().text(), line, self.commit.clone())
    }
}

impl PartialEq for FileValue {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.file, &other.file)
            || (self.file.path() == other.file.path() && self.file.parts().id == other.file.parts().id)
    }
}

fn text(bytes: &[u8]) -> ImmutableString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// `()` where there is no text.
fn whole(text: Result<Option<String>, crate::facts::StoreError>) -> Fallible<Dynamic> {
    Ok(optional(text.map_err(unreadable)?))
}

pub(super) fn register(api: &mut Api<'_>) {
    facts(api);
    contents(api);
    findings(api);
    comparable::<FileValue>(api.engine());
    shown::<FileValue>(api.engine(), |f| f.file.path().text());
}

fn facts(api: &mut Api<'_>) {
    api.of::<FileValue>("file", "A file that a commit, or the index, changes.")
        .property("path", "string", "Where it is; of a deleted file, where it was.", |f: &mut FileValue| {
            text(f.file.path().as_bytes())
        })
        .property("dir", "string", "The folder it is in; empty at the top.", |f: &mut FileValue| {
            text(f.file.path().dir())
        })
        .property("name", "string", "The last part of the path.", |f: &mut FileValue| {
            text(f.file.path().name())
        })
        .property(
            "old_path",
            "string?",
            "Where it came from, if it was renamed or copied.",
            |f: &mut FileValue| optional(f.file.parts().old_path.as_ref().map(GitPath::text)),
        )
        .property(
            "status",
            "string",
            "`added`, `modified`, `deleted`, `renamed`, `copied` or `type-changed`.",
            |f: &mut FileValue| ImmutableString::from(FileStatus::as_str(f.file.parts().status)),
        )
        .words(&FileStatus::WORDS)
        .property("mode", "string", "Six octal digits, as in git's trees.", |f: &mut FileValue| {
            f.file.parts().mode.octal()
        })
        .property("old_mode", "string?", "The mode before; `()` for an added file.", |f: &mut FileValue| {
            optional(f.file.parts().old_mode.map(|mode| mode.octal()))
        })
        .property("commit", "commit?", "The commit or draft it is a file of.", |f: &mut FileValue| {
            let commit = f.commit.clone();
            optional(commit.map(|commit| Dynamic::from(CommitValue { commit, view: None })))
        })
        .property("is_symlink", "bool", "Is it a symbolic link?", |f: &mut FileValue| {
            f.file.parts().mode.is_symlink()
        })
        .property("is_submodule", "bool", "Is it a commit of another repository?", |f: &mut FileValue| {
            f.file.parts().mode.is_submodule()
        })
        .property("is_executable", "bool", "Has it the executable bit?", |f: &mut FileValue| {
            f.file.parts().mode.is_executable()
        })
        .property(
            "owners",
            "[string]",
            "The teams whose `[[owners]]` entry matches it.",
            |f: &mut FileValue| call::owners(f.file.path()).into_iter().map(Dynamic::from).collect::<Array>(),
        );
}

fn contents(api: &mut Api<'_>) {
    api.more("file")
        .fallible("is_binary", "bool", "Is it binary, by git's test?", |f: &mut FileValue| {
            f.file.is_binary().map_err(unreadable)
        })
        .fallible("size", "int", "In bytes; 0 for deleted files and submodules.", |f: &mut FileValue| {
            f.file.size().map(int).map_err(unreadable)
        })
        .fallible(
            "old_size",
            "int",
            "In bytes, before; 0 for added files and submodules.",
            |f: &mut FileValue| f.file.old_size().map(int).map_err(unreadable),
        )
        .fallible("additions", "int", "How many lines are added.", |f: &mut FileValue| {
            f.file.lines().map(|lines| int(lines.added.len())).map_err(unreadable)
        })
        .fallible("deletions", "int", "How many lines are deleted.", |f: &mut FileValue| {
            f.file.lines().map(|lines| int(lines.deleted.len())).map_err(unreadable)
        })
        .fallible(
            "added_lines",
            "[line]",
            "The lines that are added; none for binary files.",
            |f: &mut FileValue| f.file.lines().map(|lines| List::lines(lines.added)).map_err(unreadable),
        )
        .fallible(
            "deleted_lines",
            "[line]",
            "The lines that are deleted; none for binary files.",
            |f: &mut FileValue| f.file.lines().map(|lines| List::lines(lines.deleted)).map_err(unreadable),
        )
        .method(
            "text",
            "() -> string?",
            "All of it; `()` for deleted and binary files and submodules.",
            |f: &mut FileValue| whole(f.file.text()),
        )
        .method("old_text", "() -> string?", "All of it as it was before.", |f: &mut FileValue| {
            whole(f.file.old_text())
        });
}

fn findings(api: &mut Api<'_>) {
    api.more("file")
        .method(
            "finding",
            "(message: string) -> finding",
            "Reports something about this file.",
            |f: &mut FileValue, message: &str| finding::make(message, f.place(None)),
        )
        .method(
            "finding",
            "(message: string, line: int) -> finding",
            "Reports something about a line of this file.",
            |f: &mut FileValue, message: &str, line: i64| {
                finding::make(message, f.place(Some(finding::line(line)?)))
            },
        );
}
