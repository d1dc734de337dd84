//! The builder of files: from their texts follow size, lines, status and whether they are binary.

use std::sync::Arc;

use rhai::{Dynamic, Map};

use super::super::api::{Fallible, FileValue, fail};
use super::assert::State;
use super::build::new_id;
use super::fields::Fields;
use super::store::{MadeUp, of_size, whole};
use crate::facts::{Blob, EntryMode, File, FileParts, FileStatus, GitPath};
use crate::patterns::PathPatterns;

const STATUSES: [FileStatus; 6] = [
    FileStatus::Added,
    FileStatus::Modified,
    FileStatus::Deleted,
    FileStatus::Renamed,
    FileStatus::Copied,
    FileStatus::TypeChanged,
];

/// What a file is built from besides its properties.
pub(super) const MORE: [&str; 4] = ["text", "old_text", "target", "submodule"];

/// A line, and its number if it matters.
type Numbered = (Option<usize>, String);

/// How many lines a test may make up without writing them.
const MOST_LINES: usize = 1_000_000;

/// Builds a file.
pub(super) fn build(state: &mut State, map: Map) -> Fallible<FileValue> {
    let fields = Fields::new("file", map, state.table(), &MORE)?;
    let path = path(&fields)?;
    let (mut old, mut new) = sides(&fields)?;
    if fields.text("status")?.as_deref() == Some("deleted") && old.is_none() {
        // What it was when it went.
        old = new.take();
    }
    let status = status(&fields, old.is_some(), new.is_some())?;
    let old = if status == FileStatus::Added {
        None
    } else {
        Some(old.or_else(|| new.clone()).unwrap_or_else(text))
    };
    let new = if status == FileStatus::Deleted { None } else { Some(new.unwrap_or_else(text)) };
    let mode = mode(&fields)?;
    let old_mode = octal(&fields, "old_mode")?.unwrap_or(mode);
    let mut store = MadeUp::default();
    let mut keep = |blob: Option<Blob>| {
        blob.map(|blob| {
            let id = new_id(state);
            store.blobs.insert(id, blob);
            id
        })
    };
    let (old_id, new_id) = (keep(old), keep(new));
    let old_path = fields.text("old_path")?;
    let moved = matches!(status, FileStatus::Renamed | FileStatus::Copied);
    let parts = FileParts {
        old_path: old_path
            .or_else(|| moved.then(|| format!("old/{path}")))
            .map(|path| GitPath::from(path.as_str())),
        path: GitPath::from(path.as_str()),
        status,
        mode,
        old_mode: old_id.map(|_| old_mode),
        id: new_id,
        old_id,
    };
    owners(state, &fields, &path)?;
    let file = File::new(parts, Arc::new(store));
    follows(&fields, &file)?;
    Ok(FileValue { file: Arc::new(file), commit: None })
}

fn text() -> Blob {
    whole(b"text\n".as_slice())
}

fn path(fields: &Fields) -> Fallible<String> {
    let (path, dir, name) = (fields.text("path")?, fields.text("dir")?, fields.text("name")?);
    let Some(path) = path else {
        let name = name.unwrap_or_else(|| "file.txt".to_owned());
        return Ok(match dir {
            Some(dir) if !dir.is_empty() => format!("{dir}/{name}"),
            _ => name,
        });
    };
    let made = GitPath::from(path.as_str());
    let agrees = |given: Option<String>, part: &[u8]| given.is_none_or(|given| given.as_bytes() == part);
    if agrees(dir, made.dir()) && agrees(name, made.name()) {
        Ok(path)
    } else {
        fields.contradiction("`dir` and `name` follow from `path`")
    }
}

/// What is in it before and now, if anything says so.
fn sides(fields: &Fields) -> Fallible<(Option<Blob>, Option<Blob>)> {
    let texts = (fields.text("old_text")?, fields.text("text")?);
    if texts.0.is_some() || texts.1.is_some() {
        let blob = |text: Option<String>| text.map(|text| whole(text.into_bytes()));
        return Ok((blob(texts.0), blob(texts.1)));
    }
    let added = lines(fields, "added_lines", "additions")?;
    let deleted = lines(fields, "deleted_lines", "deletions")?;
    if added.is_some() || deleted.is_some() {
        let (old, new) = around(deleted.unwrap_or_default(), added.unwrap_or_default());
        let blob = |lines: String| (!lines.is_empty()).then(|| whole(lines.into_bytes()));
        return Ok((blob(old), blob(new)));
    }
    if let Some(target) = fields.text("target")? {
        return Ok((None, Some(whole(target.into_bytes()))));
    }
    let sizes = (fields.count("old_size")?, fields.count("size")?);
    if sizes.0.is_some() || sizes.1.is_some() {
        // Two blobs of one size are two blobs.
        return Ok((sizes.0.map(of_size), sizes.1.map(of_size)));
    }
    if fields.flag("is_binary")? == Some(true) {
        return Ok((None, Some(whole(b"\0binary\n".as_slice()))));
    }
    Ok((None, None))
}

/// Lines by number; a count of them stands for lines that say only that they are there.
fn lines(fields: &Fields, list: &str, count: &str) -> Fallible<Option<Vec<Numbered>>> {
    if let Some(values) = fields.array(list)? {
        return values.iter().map(line).collect::<Fallible<Vec<_>>>().map(Some);
    }
    let Some(count) = fields.count(count)? else { return Ok(None) };
    if count > MOST_LINES {
        return fail(format!("a test makes up at most {MOST_LINES} lines"));
    }
    Ok(Some((1..=count).map(|n| (None, format!("{list} {n}"))).collect()))
}

/// A text, or `#{ line, text }`.
fn line(value: &Dynamic) -> Fallible<Numbered> {
    if let Ok(text) = value.flatten_clone().into_string() {
        return Ok((None, text));
    }
    let Some(map) = value.flatten_clone().try_cast::<Map>() else {
        return fail("a line is a text, or `#{ line: 3, text: \"text\" }`");
    };
    let fields = Fields::of("line", map, &["line", "text"])?;
    Ok((fields.count("line")?.filter(|line| *line > 0), fields.text("text")?.unwrap_or_default()))
}

/// Two texts that differ by these lines and are alike wherever a number leaves a gap.
fn around(deleted: Vec<Numbered>, added: Vec<Numbered>) -> (String, String) {
    let (mut old, mut new) = (Vec::<String>::new(), Vec::<String>::new());
    let mut deleted = deleted.into_iter().peekable();
    let mut added = added.into_iter().peekable();
    while deleted.peek().is_some() || added.peek().is_some() {
        let due = |next: Option<&Numbered>, side: &Vec<String>| {
            next.is_some_and(|(line, _)| line.is_none_or(|line| line <= side.len() + 1))
        };
        if due(deleted.peek(), &old) {
            old.extend(deleted.next().map(|(_, text)| text));
        } else if due(added.peek(), &new) {
            new.extend(added.next().map(|(_, text)| text));
        } else if old.len().max(new.len()) < MOST_LINES {
            let same = format!("line {}", new.len() + 1);
            old.push(same.clone());
            new.push(same);
        } else {
            break;
        }
    }
    let joined = |lines: Vec<String>| lines.into_iter().map(|line| line + "\n").collect();
    (joined(old), joined(new))
}

fn status(fields: &Fields, old: bool, new: bool) -> Fallible<FileStatus> {
    let given = fields.word("status", &STATUSES.map(FileStatus::as_str), |word| {
        STATUSES.into_iter().find(|status| status.as_str() == word)
    })?;
    let status = given.unwrap_or(match (old, new) {
        _ if fields.get("old_path").is_some() => FileStatus::Renamed,
        (true, true) => FileStatus::Modified,
        (true, false) => FileStatus::Deleted,
        (false, _) => FileStatus::Added,
    });
    match status {
        FileStatus::Added if old => fields.contradiction("an added file has no old text"),
        FileStatus::Deleted if new => fields.contradiction("a deleted file has no text, only an `old_text`"),
        status => Ok(status),
    }
}

fn mode(fields: &Fields) -> Fallible<EntryMode> {
    let flags = [
        ("is_symlink", 0o120_000),
        ("is_submodule", 0o160_000),
        ("submodule", 0o160_000),
        ("is_executable", 0o100_755),
    ];
    let mut mode = octal(fields, "mode")?.or(fields.get("target").map(|_| EntryMode(0o120_000)));
    for (flag, bits) in flags {
        if fields.flag(flag)? == Some(true) {
            if mode.is_some_and(|mode| mode.0 != bits) {
                return fields.contradiction(&format!("`{flag}` is mode {bits:06o}"));
            }
            mode = Some(EntryMode(bits));
        }
    }
    Ok(mode.unwrap_or(EntryMode(0o100_644)))
}

fn octal(fields: &Fields, key: &str) -> Fallible<Option<EntryMode>> {
    fields.read(key, "octal digits, such as \"100755\"", |value| {
        u32::from_str_radix(&value.clone().into_string().ok()?, 8).ok().map(EntryMode)
    })
}

fn owners(state: &mut State, fields: &Fields, path: &str) -> Fallible<()> {
    for team in fields.texts("owners")?.unwrap_or_default() {
        let exact: String =
            path.chars().flat_map(|c| if c.is_alphanumeric() { vec![c] } else { vec!['\\', c] }).collect();
        let pattern = format!("/{}", exact.replace("\\/", "/"));
        match PathPatterns::new(&[pattern]) {
            Ok(paths) => state.owners.push((paths, team)),
            Err((_, why)) => return fail(format!("a file at `{path}` can have no owners: {why}")),
        }
    }
    Ok(())
}

/// What was given beside the texts must be what follows from them.
fn follows(fields: &Fields, file: &File) -> Fallible<()> {
    let unreadable = |error: crate::facts::StoreError| fail::<()>(error.0);
    if let Some(size) = fields.count("size")? {
        match file.size() {
            Ok(real) if real != size as u64 => {
                return fields.contradiction(&format!("its text has {real} bytes"));
            }
            Ok(_) => {}
            Err(error) => return unreadable(error),
        }
    }
    if let Some(binary) = fields.flag("is_binary")? {
        match file.is_binary() {
            Ok(real) if real != binary => {
                return fields.contradiction("a file is binary if its text holds a NUL");
            }
            Ok(_) => {}
            Err(error) => return unreadable(error),
        }
    }
    for (key, added) in [("additions", true), ("deletions", false)] {
        let Some(count) = fields.count(key)? else { continue };
        match file.lines() {
            Ok(lines) => {
                let real = if added { lines.added.len() } else { lines.deleted.len() };
                if real != count {
                    return fields.contradiction(&format!("by its texts it has {real} {key}"));
                }
            }
            Err(error) => return unreadable(error),
        }
    }
    Ok(())
}

/// The file that makes up the `additions` and `deletions` of a commit that is given without files.
pub(super) fn counted(state: &mut State, fields: &Fields) -> Fallible<Option<Arc<File>>> {
    let mut map = Map::new();
    for key in ["additions", "deletions"] {
        if let Some(count) = fields.get(key) {
            map.insert(key.into(), count.clone());
        }
    }
    if map.is_empty() {
        return Ok(None);
    }
    if fields.get("files").is_some() {
        return fields.contradiction("`additions` and `deletions` follow from its files");
    }
    Ok(Some(build(state, map)?.file))
}
