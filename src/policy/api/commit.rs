//! `commit`, and what hangs on it: `conventional`, trailers, `signature`.

use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::super::finding::{self, Place};
use super::file::{FileValue, View};
use super::list::List;
use super::person::PersonValue;
use super::table::{Api, comparable, shown};
use super::{Failure, Fallible, int, optional, optional_text};
use crate::diagnostic::Diagnostic;
use crate::facts::{
    Commit, Conventional, File, FileParts, FileStatus, GitPath, Oid, Signature, SignatureKind,
    SignatureStatus, StoreError, Trailer,
};

/// A commit as one rule sees it.
#[derive(Clone)]
pub(in crate::policy) struct CommitValue {
    pub(in crate::policy) commit: Arc<Commit>,
    pub(in crate::policy) view: View,
}

impl PartialEq for CommitValue {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.commit, &other.commit)
            || (self.commit.id().is_some() && self.commit.id() == other.commit.id())
    }
}

impl CommitValue {
    fn files(&mut self) -> Fallible<List> {
        let files = self.commit.files().map_err(unreadable)?;
        Ok(match &self.view {
            None => List::files_of(Arc::clone(&self.commit)),
            Some(view) => {
                let admitted = files.iter().filter(|file| view.admits(file.path()));
                List::files(admitted.map(Arc::clone).collect(), Some(Arc::clone(&self.commit)))
            }
        })
    }

    fn sum(&mut self, count: impl Fn(&File) -> Result<usize, StoreError>) -> Fallible<i64> {
        let mut sum = 0;
        for file in self.commit.files().map_err(unreadable)? {
            if self.view.as_ref().is_none_or(|view| view.admits(file.path())) {
                sum += count(file).map_err(unreadable)?;
            }
        }
        Ok(int(sum))
    }

    fn file(&mut self, path: &str) -> Fallible<Dynamic> {
        let commit = Some(Arc::clone(&self.commit));
        Ok(optional(file_in(&self.commit, path)?.map(|file| Dynamic::from(FileValue { file, commit }))))
    }

    fn exists(&mut self, path: &str) -> Fallible<bool> {
        let path = path.trim_end_matches('/');
        Ok(path.is_empty() || self.commit.entry(path.as_bytes()).map_err(unreadable)?.is_some())
    }

    fn paths_like(&mut self, path: &str) -> Fallible<Array> {
        let paths = self.commit.paths_like(path.as_bytes()).map_err(unreadable)?;
        Ok(paths.iter().map(|path| path.text().into()).collect())
    }
}

/// The file at `path` as it is in a commit; one that the commit changes says so, any other is `modified` by nothing.
pub(super) fn file_in(commit: &Arc<Commit>, path: &str) -> Fallible<Option<Arc<File>>> {
    let entry = commit.entry(path.as_bytes()).map_err(unreadable)?;
    let Some(entry) = entry.filter(|entry| !entry.mode.is_folder()) else { return Ok(None) };
    let changed =
        commit.files().map_err(unreadable)?.iter().find(|file| file.path().as_bytes() == path.as_bytes());
    if let Some(file) = changed.filter(|file| file.parts().id == Some(entry.id)) {
        return Ok(Some(Arc::clone(file)));
    }
    let parts = FileParts {
        path: GitPath::from(path),
        old_path: None,
        status: FileStatus::Modified,
        mode: entry.mode,
        old_mode: Some(entry.mode),
        id: Some(entry.id),
        old_id: Some(entry.id),
    };
    Ok(Some(Arc::new(File::new(parts, Arc::clone(commit.store())))))
}

/// What a store cannot read blocks.
pub(in crate::policy) fn unreadable(error: StoreError) -> Box<rhai::EvalAltResult> {
    Failure(Diagnostic::new(error.0)).into()
}

fn trailer(commit: &Commit, key: &str) -> Option<ImmutableString> {
    commit
        .trailers()
        .iter()
        .find(|trailer| trailer.key.eq_ignore_ascii_case(key))
        .map(|t| t.value.as_str().into())
}

fn hex(id: Oid) -> ImmutableString {
    id.to_string().into()
}

pub(super) fn register(api: &mut Api<'_>) {
    facts(api);
    contents(api);
    parts(api);
    comparable::<CommitValue>(api.engine());
    shown::<CommitValue>(api.engine(), |c| {
        c.commit.id().map_or_else(|| "draft".to_owned(), |id| id.to_string())
    });
}

fn facts(api: &mut Api<'_>) {
    api.of::<CommitValue>("commit", "A commit, or the draft of one in `commit-msg`.")
        .property("id", "string?", "The full id; `()` for a draft.", |c: &mut CommitValue| {
            optional(c.commit.id().map(hex))
        })
        .property(
            "short",
            "string?",
            "The first seven digits of the id; `()` for a draft.",
            |c: &mut CommitValue| optional(c.commit.id().map(|id| id.short())),
        )
        .property("tree", "string?", "The id of the tree; `()` for a draft.", |c: &mut CommitValue| {
            optional(c.commit.parts().tree.map(hex))
        })
        .property("parents", "[string]", "The ids of the parents, in order.", |c: &mut CommitValue| {
            c.commit.parts().parents.iter().map(|id| hex(*id).into()).collect::<Array>()
        })
        .property(
            "is_merge",
            "bool",
            "Has it more than one parent? Titles say nothing.",
            |c: &mut CommitValue| c.commit.is_merge(),
        )
        .property("is_draft", "bool", "Is it not made yet?", |c: &mut CommitValue| c.commit.is_draft())
        .property("subject", "string", "The first line of the message.", |c: &mut CommitValue| {
            ImmutableString::from(c.commit.subject())
        })
        .property(
            "body",
            "string",
            "What follows the subject and the blank line behind it.",
            |c: &mut CommitValue| ImmutableString::from(c.commit.body()),
        )
        .property("message", "string", "The whole message.", |c: &mut CommitValue| {
            ImmutableString::from(c.commit.parts().message.as_str())
        })
        .property("author", "person", "Who wrote it.", |c: &mut CommitValue| {
            PersonValue(Arc::clone(&c.commit.parts().author))
        })
        .property("committer", "person", "Who committed it.", |c: &mut CommitValue| {
            PersonValue(Arc::clone(&c.commit.parts().committer))
        });
}

fn contents(api: &mut Api<'_>) {
    api.more("commit")
        .property("trailers", "[trailer]", "The trailers, in order.", |c: &mut CommitValue| {
            c.commit.trailers().iter().cloned().map(Dynamic::from).collect::<Array>()
        })
        .method(
            "trailer",
            "(key: string) -> string?",
            "The first value of a trailer; upper and lower case of the key are one.",
            |c: &mut CommitValue, key: &str| optional(trailer(&c.commit, key)),
        )
        .method(
            "trailers_of",
            "(key: string) -> [string]",
            "All values of a trailer; upper and lower case of the key are one.",
            |c: &mut CommitValue, key: &str| {
                let all = c.commit.trailers().iter().filter(|trailer| trailer.key.eq_ignore_ascii_case(key));
                all.map(|trailer| trailer.value.as_str().into()).collect::<Array>()
            },
        )
        .property(
            "conventional",
            "conventional?",
            "The subject by the conventional-commits grammar.",
            |c: &mut CommitValue| optional(c.commit.conventional().map(Dynamic::from)),
        )
        .fallible("signature", "signature", "Its signature, checked.", |c: &mut CommitValue| {
            c.commit.signature().cloned().map_err(unreadable)
        })
        .fallible("files", "[file]", "The files it changes.", CommitValue::files)
        .fallible("additions", "int", "How many lines it adds.", |c: &mut CommitValue| {
            c.sum(|file| Ok(file.lines()?.added.len()))
        })
        .fallible("deletions", "int", "How many lines it deletes.", |c: &mut CommitValue| {
            c.sum(|file| Ok(file.lines()?.deleted.len()))
        })
        .method(
            "file",
            "(path: string) -> file?",
            "The file at a path as it is in this commit, changed or not.",
            CommitValue::file,
        )
        .method(
            "exists",
            "(path: string) -> bool",
            "Is there a file, link, submodule or folder at a path of this commit?",
            CommitValue::exists,
        )
        .method(
            "paths_like",
            "(path: string) -> [string]",
            "Paths of this commit that differ from this one, or from a folder above it, in upper and lower case only.",
            CommitValue::paths_like,
        )
        .method(
            "finding",
            "(message: string) -> finding",
            "Reports something about this commit.",
            |c: &mut CommitValue, message: &str| finding::make(message, Place::Commit(Arc::clone(&c.commit))),
        );
}

fn parts(api: &mut Api<'_>) {
    api.of::<Trailer>("trailer", "`Key: value` in the last paragraph of a message.")
        .property("key", "string", "The key as written.", |t: &mut Trailer| {
            ImmutableString::from(t.key.as_str())
        })
        .property("value", "string", "The value.", |t: &mut Trailer| ImmutableString::from(t.value.as_str()));
    api.of::<Conventional>("conventional", "A subject by the conventional-commits grammar.")
        .property("type", "string", "`feat`, `fix`, ...", |c: &mut Conventional| {
            ImmutableString::from(c.kind.as_str())
        })
        .property("scope", "string?", "In parentheses behind it.", |c: &mut Conventional| {
            optional_text(c.scope.as_deref())
        })
        .property("breaking", "bool", "`!`, or a `BREAKING CHANGE` footer.", |c: &mut Conventional| {
            c.is_breaking
        })
        .property("description", "string", "Behind the colon.", |c: &mut Conventional| {
            ImmutableString::from(c.description.as_str())
        });
    api.of::<Signature>("signature", "A checked signature.")
        .property(
            "status",
            "string",
            "`good`, `bad`, `unknown-key`, `expired`, `revoked` or `none`.",
            |s: &mut Signature| ImmutableString::from(s.status.as_str()),
        )
        .words(&SignatureStatus::WORDS)
        .property("kind", "string?", "`ssh`, `gpg` or `x509`.", |s: &mut Signature| {
            optional_text(s.kind.map(SignatureKind::as_str))
        })
        .words(&SignatureKind::WORDS)
        .property("signer", "person?", "Whose key it is.", |s: &mut Signature| {
            optional(s.signer.clone().map(|signer| Dynamic::from(PersonValue(Arc::new(signer)))))
        });
    comparable::<Trailer>(api.engine());
    comparable::<Conventional>(api.engine());
    comparable::<Signature>(api.engine());
    shown::<Trailer>(api.engine(), |t| format!("{}: {}", t.key, t.value));
    shown::<Signature>(api.engine(), |s| s.status.as_str().to_owned());
}
