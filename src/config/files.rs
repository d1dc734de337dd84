//! The files of a `.bylaws/`: which there are, and what each is for. A file that looks like a part of the policy and is none
//! is an error: nobody is to think that a rule is in force which was never read.

use std::path::Path;

use walkdir::WalkDir;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, nearest};
use crate::policy::{Origin, Script, ScriptKind};

/// Larger files are refused: a freshly cloned repository must not fill the memory of who looks at it.
const MAX_FILE: u64 = 1 << 20;
/// Together they are refused over this size, and over this number.
const MAX_TOTAL: u64 = 16 << 20;
const MAX_FILES: usize = 10_000;

/// A file of a policy: its path below `.bylaws`, with `/`, and its contents.
pub type PolicyFile = (String, Vec<u8>);

/// What a policy is made of.
#[derive(Debug, Clone, Default)]
pub(super) struct PolicyFiles {
    /// `bylaws.toml`.
    pub(super) bylaws: Option<String>,
    /// `people.toml`.
    pub(super) people: Option<String>,
    /// Everything in `rules/` and `tests/`.
    pub(super) scripts: Vec<Script>,
    /// What the digest is over: everything but the tests.
    pub(super) judging: Vec<(String, String)>,
}

/// What a file in `.bylaws` is for, by its path there.
#[derive(Debug, PartialEq, Eq)]
enum Role {
    Bylaws,
    People,
    Script(ScriptKind),
    /// A `README.md`, an editor's file: nothing of ours.
    None,
    /// It looks like ours and is not: what is wrong, and what to do.
    Misplaced(String, String),
}

/// Sorts out files that were read from anywhere; `shown` is what people know the folder as. What cannot be a part of the
/// policy goes to `mistakes`; only a folder that is too large is not looked at any further.
pub(super) fn sort(
    mut files: Vec<PolicyFile>,
    shown: &str,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<PolicyFiles, Diagnostic> {
    let mut sorted = PolicyFiles::default();
    files.sort();
    check_total(files.len(), files.iter().map(|(_, contents)| contents.len() as u64).sum(), shown)?;
    for (path, contents) in files {
        let name = format!("{shown}/{path}");
        let role = role(&path);
        if role == Role::None {
            continue;
        }
        if let Role::Misplaced(message, help) = role {
            mistakes.push(Diagnostic::at(Place::file(name), message).help(help));
            continue;
        }
        match text(&name, contents) {
            Ok(text) => sorted.put(path, name, role, text),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    Ok(sorted)
}

impl PolicyFiles {
    fn put(&mut self, path: String, name: String, role: Role, text: String) {
        if role != Role::Script(ScriptKind::Tests) {
            self.judging.push((path, text.clone()));
        }
        match role {
            Role::Bylaws => self.bylaws = Some(text),
            Role::People => self.people = Some(text),
            Role::Script(kind) => self.scripts.push(Script { name, text, origin: Origin::Repository, kind }),
            Role::None | Role::Misplaced(..) => {}
        }
    }
}

/// The contents of a file as text.
pub(super) fn text(name: &str, contents: Vec<u8>) -> Result<String, Diagnostic> {
    if contents.len() as u64 > MAX_FILE {
        return Err(too_large(name));
    }
    String::from_utf8(contents).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let before = String::from_utf8_lossy(bytes.get(..good).unwrap_or_default()).into_owned();
        Diagnostic::at(Place::at_offset(name, &before, good), "this file is not UTF-8 text")
    })
}

fn too_large(name: &str) -> Diagnostic {
    Diagnostic::at(Place::file(name), format!("this file is larger than {} KiB", MAX_FILE >> 10))
}

fn check_total(count: usize, size: u64, shown: &str) -> Result<(), Diagnostic> {
    if count > MAX_FILES || size > MAX_TOTAL {
        let most = format!("at most {MAX_FILES} files of {} MiB together", MAX_TOTAL >> 20);
        return Err(Diagnostic::at(Place::file(shown), "this folder is too large for a policy").help(most));
    }
    Ok(())
}

fn role(path: &str) -> Role {
    if is_hidden(path) {
        return Role::None;
    }
    match path {
        "bylaws.toml" => return Role::Bylaws,
        "people.toml" => return Role::People,
        // As a file: in a git tree a symbolic link in place of the folder looks so.
        "rules" | "rules/lib" | "tests" => {
            let message = format!("`{path}` is not read: it is a file or link in place of a folder");
            return Role::Misplaced(message, "put the folder itself here".to_owned());
        }
        _ => {}
    }
    let (stem, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    match extension {
        "rhai" => script(path, stem),
        "toml" => misplaced_toml(path),
        _ if extension.eq_ignore_ascii_case("rhai") || extension.eq_ignore_ascii_case("toml") => {
            let right = format!("call it {}", path.to_lowercase());
            Role::Misplaced(format!("`{path}` is not read: its name is not in lower case"), right)
        }
        _ => Role::None,
    }
}

/// Editors and version control keep files of their own beside ours.
fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.'))
}

fn script(path: &str, stem: &str) -> Role {
    let (top, rest) = stem.split_once('/').unwrap_or(("", stem));
    match (top, rest.strip_prefix("lib/")) {
        ("rules", Some(name)) if is_identifier(name) => Role::Script(ScriptKind::Library(name.to_owned())),
        ("rules", Some(name)) => {
            let message = format!("`{name}` cannot be the name of a library");
            let help =
                "rules call its functions as NAME::f(): letters, digits and `_`, directly in rules/lib/";
            Role::Misplaced(message, help.to_owned())
        }
        ("rules", None) => Role::Script(ScriptKind::Rules),
        ("tests", _) => Role::Script(ScriptKind::Tests),
        _ => {
            let help = match nearest(top, ["rules", "tests"]).filter(|_| !top.is_empty()) {
                Some(near) => format!("did you mean `{near}/{rest}.rhai`?"),
                None => "rules are read from rules/, libraries from rules/lib/, tests from tests/".to_owned(),
            };
            Role::Misplaced(format!("`{path}` is not read: no rules are looked for here"), help)
        }
    }
}

/// An identifier of Rhai (<https://rhai.rs/book/language/variables.html>).
fn is_identifier(name: &str) -> bool {
    let tail = name.trim_start_matches('_');
    tail.starts_with(|c: char| c.is_ascii_alphabetic())
        && tail.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn misplaced_toml(path: &str) -> Role {
    let name = path.rsplit('/').next().unwrap_or(path);
    let known = ["bylaws.toml", "people.toml"];
    let help = match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "the TOML files of a policy are bylaws.toml and people.toml, directly in it".to_owned(),
    };
    Role::Misplaced(format!("`{path}` is not read: no file of a policy has this name"), help)
}

/// Reads a folder. `None` if there is none. Follows no symbolic link below `folder`. What cannot be read goes to
/// `mistakes`.
pub(super) fn read_folder(
    folder: &Path,
    shown: &str,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Option<Vec<PolicyFile>>, Diagnostic> {
    read_below(folder, shown, usize::MAX, mistakes)
}

/// The files of an operator's `required` folder, which people know as `shown`, by path: exactly those that judge when the policy
/// is read from there, and their tests.
///
/// # Errors
/// When there is no such folder, or something in it cannot be part of a policy.
pub fn required_files(folder: &Path, shown: &str) -> Result<Vec<PolicyFile>, Diagnostics> {
    let mut mistakes = Vec::new();
    let files = read_folder(folder, shown, &mut mistakes)?;
    let mut files = files.ok_or_else(|| {
        Diagnostic::at(Place::file(shown), "the operator's policy is not there")
            .help("`required` in server.toml names a .bylaws/ folder")
    })?;
    files.sort();
    sort(files.clone(), shown, &mut mistakes)?;
    files.retain(|(path, _)| role(path) != Role::None);
    if mistakes.is_empty() { Ok(files) } else { Err(super::load::in_order(mistakes)) }
}

/// The same, for files that are at most `depth` folders deep.
pub(super) fn read_below(
    folder: &Path,
    shown: &str,
    depth: usize,
    mistakes: &mut Vec<Diagnostic>,
) -> Result<Option<Vec<PolicyFile>>, Diagnostic> {
    match folder.metadata() {
        Ok(found) if found.is_dir() => {}
        Ok(_) => return Err(Diagnostic::at(Place::file(shown), "this is no folder")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !folder.is_symlink() => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(shown, &error)),
    }
    let (mut files, mut size): (Vec<PolicyFile>, u64) = (Vec::new(), 0);
    for entry in WalkDir::new(folder).min_depth(1).max_depth(depth) {
        match read_entry(folder, shown, entry) {
            Ok(Some(file)) => {
                size += file.1.len() as u64;
                files.push(file);
            }
            Ok(None) => {}
            Err(mistake) => mistakes.push(mistake),
        }
        check_total(files.len(), size, shown)?;
    }
    Ok(Some(files))
}

/// The file, if it is one that a policy could be made of.
fn read_entry(
    folder: &Path,
    shown: &str,
    entry: walkdir::Result<walkdir::DirEntry>,
) -> Result<Option<PolicyFile>, Diagnostic> {
    let entry = entry.map_err(|error| {
        let below = error.path().and_then(|path| path.strip_prefix(folder).ok());
        let name = below.map_or_else(|| shown.to_owned(), |path| format!("{shown}/{}", path.display()));
        unreadable(&name, &error.into())
    })?;
    if entry.file_type().is_dir() {
        return Ok(None);
    }
    let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
    let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let path = parts.join("/");
    // A link without an extension may stand for a folder of rules.
    let maybe_folder = !entry.file_type().is_file() && below.extension().is_none() && !is_hidden(&path);
    if role(&path) == Role::None && !maybe_folder {
        return Ok(None);
    }
    let name = format!("{shown}/{path}");
    if below.to_str().is_none() {
        return Err(Diagnostic::at(Place::file(name), "the name of this file is not UTF-8 text"));
    }
    if !entry.file_type().is_file() {
        let message = "a symbolic link or special file cannot be part of a policy";
        return Err(Diagnostic::at(Place::file(name), message).help("put the file itself here"));
    }
    bytes(entry.path(), &name).map(|contents| Some((path, contents)))
}

/// The contents of a regular file, which people know as `name`.
fn bytes(path: &Path, name: &str) -> Result<Vec<u8>, Diagnostic> {
    let mut contents = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| {
        std::io::Read::read_to_end(&mut std::io::Read::take(file, MAX_FILE + 1), &mut contents)
    });
    match read {
        Ok(_) if contents.len() as u64 > MAX_FILE => Err(too_large(name)),
        Ok(_) => Ok(contents),
        Err(error) => Err(unreadable(name, &error)),
    }
}

/// A text file of settings, which may be behind a symbolic link; `None` if nothing is there.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, Diagnostic> {
    let name = path.display().to_string();
    match path.metadata() {
        Ok(found) if found.is_file() => text(&name, bytes(path, &name)?).map(Some),
        Ok(_) => Err(Diagnostic::at(Place::file(name), "this is no file")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !path.is_symlink() => Ok(None),
        Err(error) => Err(unreadable(&name, &error)),
    }
}

fn unreadable(name: &str, error: &std::io::Error) -> Diagnostic {
    Diagnostic::at(Place::file(name), format!("this cannot be read: {error}"))
}
