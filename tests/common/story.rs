//! Facts as text, and the demand that both implementations tell the same.

use std::fmt::Write as _;

use bylaws::facts::{Blob, Commit, File, Oid};
use bylaws::git::{Backend, GitError, Location, Needs, Repository};

/// Opens with each implementation and lets `read` tell a story, which must be the same.
pub fn on_both(location: &Location, read: impl Fn(&Repository) -> String) -> String {
    let [one, other] = [Backend::Git2, Backend::Plumbing].map(|backend| {
        let repository = Repository::open(location, backend).unwrap();
        assert_eq!(repository.backend(), backend);
        read(&repository)
    });
    assert_eq!(one, other, "libgit2 (left) and the plumbing (right) differ");
    one
}

/// The whole history of `HEAD`, oldest first, with all there is to know.
pub fn history(location: &Location) -> String {
    on_both(location, |repository| {
        let head = repository.head().unwrap().id.unwrap();
        let mut ids: Vec<Oid> = repository.walk(&[head], &[]).unwrap().map(Result::unwrap).collect();
        ids.reverse();
        tell(repository, &ids)
    })
}

/// Commits, read in one go with every need and one by one with none: that must be the same too.
pub fn tell(repository: &Repository, ids: &[Oid]) -> String {
    let all = Needs { files: true, contents: true, old_contents: true };
    let together: String =
        repository.commits(ids, all).unwrap().iter().map(|commit| commit_text(commit)).collect();
    let alone = ids.iter().map(|id| commit_text(&repository.commits(&[*id], Needs::default()).unwrap()[0]));
    assert_eq!(together, alone.collect::<String>(), "reading ahead changes facts");
    together
}

/// A commit: its subject, people, how many parents, its files.
pub fn commit_text(commit: &Commit) -> String {
    let parts = commit.parts();
    let mut text = format!("{:?} by {} <{}>", commit.subject(), parts.author.name, parts.author.email);
    if parts.parents.len() != 1 {
        write!(text, ", {} parents", parts.parents.len()).unwrap();
    }
    text.push('\n');
    for file in commit.files().unwrap() {
        writeln!(text, "  {}", file_text(file)).unwrap();
    }
    text
}

/// A file: status, paths, modes, size, lines.
pub fn file_text(file: &File) -> String {
    let parts = file.parts();
    let mut text = format!("{} ", parts.status.as_str());
    if let Some(old) = &parts.old_path {
        write!(text, "{} -> ", show(old.as_bytes())).unwrap();
    }
    write!(text, "{}", show(parts.path.as_bytes())).unwrap();
    match parts.old_mode.filter(|old| *old != parts.mode) {
        Some(old) => write!(text, " {} -> {}", old.octal(), parts.mode.octal()).unwrap(),
        None => write!(text, " {}", parts.mode.octal()).unwrap(),
    }
    let lines = file.lines().unwrap();
    write!(text, " {} bytes +{} -{}", file.size().unwrap(), lines.added.len(), lines.deleted.len()).unwrap();
    if file.is_binary().unwrap() {
        text.push_str(" binary");
    }
    // What is read must be what was stored.
    for (id, blob) in [(parts.id, file.blob().unwrap()), (parts.old_id, file.old_blob().unwrap())] {
        if let (Some(id), Some(Blob::Whole(bytes))) = (id, blob) {
            let kind = git2::ObjectType::Blob;
            let width = id.as_bytes().len();
            assert!(width != 20 || git2::Oid::hash_object(kind, &bytes).unwrap().as_bytes() == id.as_bytes());
        }
    }
    text
}

fn show(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

/// What an error says, with its hint.
pub fn words<T>(result: Result<T, GitError>) -> String {
    match result {
        Ok(_) => "no error".to_owned(),
        Err(error) => match error.hint {
            Some(hint) => format!("{}; {hint}", error.message),
            None => error.message,
        },
    }
}
