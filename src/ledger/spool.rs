//! The spool: a folder of entries, one file each, between the hook that decides and the ledger that records.
//!
//! ```text
//! spool/tmp/PID-START-HOST-RANDOM/000000.json    being written; nobody reads here
//! spool/TIME-COUNTER-PID-RANDOM.json             whole and safe; names sort by time
//! ```
//!
//! An entry is written and flushed in a folder of its writer's own, then renamed, then the spool itself is flushed. Nothing is
//! locked: a writer that was killed leaves its own folder below `tmp`, which the next one removes once that process is gone.
//! Times are those of the file system that holds the spool, so that hosts which share one agree.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use super::unique::random;
use super::{Entry, Process};
use crate::diagnostic::Diagnostic;

/// Up to here each file is flushed by itself; beyond, all of the file system at once.
const FEW: usize = 8;

/// Who left something behind longer ago than this is gone, wherever it ran.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

const WRITING: &str = "tmp";

/// Entries that wait for the ledger.
#[derive(Debug, Clone)]
pub struct Spool {
    folder: PathBuf,
}

/// What could not be done with the spool. Nothing may be decided then.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}: {source} (`{}`)", path.display())]
pub struct SpoolError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl SpoolError {
    fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { what, path: path.to_owned(), source }
    }

    /// What was at fault.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }

    /// What the operator can do.
    pub fn help(&self) -> &'static str {
        use io::ErrorKind as Kind;
        match self.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => "the operator has to make room there; then push again",
            Kind::ReadOnlyFilesystem => "the operator has to mount it writable; then push again",
            Kind::PermissionDenied => "the operator has to give it to the account that runs the hook",
            Kind::NotFound => "the operator has to run `bylaws install --server` for this repository again",
            Kind::NotADirectory => "the operator has to put a folder there; a link or a file will not do",
            _ => "push again; if that does not help, the operator has to look there",
        }
    }
}

impl From<SpoolError> for Diagnostic {
    fn from(error: SpoolError) -> Self {
        Self::new(error.to_string()).help(error.help())
    }
}

/// What a spool holds.
#[derive(Debug, Default)]
pub struct Spooled {
    /// The entries by the names of their files, in the order of these.
    pub entries: Vec<(String, Entry)>,
    /// What lies there and is no entry.
    pub strange: Vec<Strange>,
}

/// Something in a spool that is no entry.
#[derive(Debug, PartialEq, Eq)]
pub struct Strange {
    /// Where it is.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl Spool {
    /// The spool in this folder, which [`make`](Self::make) made.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Makes the folder, for its owner alone, where there is none.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn make(folder: impl Into<PathBuf>) -> Result<Self, SpoolError> {
        let spool = Self::at(folder);
        make_folder(&spool.folder)?;
        spool.look()?;
        Ok(spool)
    }

    /// Writes entries; when it returns they are on the disk, all of them, under the names returned.
    ///
    /// # Errors
    /// When one cannot be written: then none is left, as far as the disk still obeys.
    pub fn write(&self, entries: &[Entry]) -> Result<Vec<String>, SpoolError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.look()?;
        let writing = self.folder.join(WRITING);
        make_folder(&writing)?;
        let own = OwnFolder::make(&writing)?;
        self.sweep(&own);
        let mut moved = Moved { folder: &self.folder, names: Vec::with_capacity(entries.len()), keep: false };
        let halves = own.write(entries)?;
        for (n, half) in halves.iter().enumerate() {
            let name = own.final_name(n);
            let path = self.folder.join(&name);
            fs::rename(half, &path).map_err(SpoolError::at("write", &path))?;
            moved.names.push(name);
        }
        sync_folder(&self.folder)?;
        Ok(moved.keep())
    }

    /// The names of what may be entries, in order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, SpoolError> {
        Ok(self.listed()?.0)
    }

    /// Reads one; `None` where it is gone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Result<Entry, Strange>>, SpoolError> {
        let path = self.folder.join(name);
        match fs::read(&path) {
            Ok(text) => Ok(Some(
                serde_json::from_slice(&text)
                    .map_err(|error| Strange { path, why: format!("no entry: {error}") }),
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SpoolError::at("read", &path)(error)),
        }
    }

    /// Reads all there is.
    ///
    /// # Errors
    /// When the folder or a file cannot be read.
    pub fn entries(&self) -> Result<Spooled, SpoolError> {
        let (names, strange) = self.listed()?;
        let mut spooled = Spooled { entries: Vec::new(), strange };
        for name in names {
            match self.read(&name)? {
                Some(Ok(entry)) => spooled.entries.push((name, entry)),
                Some(Err(strange)) => spooled.strange.push(strange),
                None => {}
            }
        }
        Ok(spooled)
    }

    fn listed(&self) -> Result<(Vec<String>, Vec<Strange>), SpoolError> {
        self.look()?;
        let (mut names, mut strange) = (Vec::new(), Vec::new());
        let failed = || SpoolError::at("read the folder", &self.folder);
        for found in fs::read_dir(&self.folder).map_err(failed())? {
            let found = found.map_err(failed())?;
            let is_file = found.file_type().map_err(failed())?.is_file();
            match found.file_name().into_string() {
                Ok(name) if is_file && is_final_name(&name) => names.push(name),
                Ok(name) if !is_file && name == WRITING => {}
                _ => {
                    strange.push(Strange { path: found.path(), why: "nothing that bylaws put there".into() })
                }
            }
        }
        names.sort_unstable();
        strange.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok((names, strange))
    }

    /// Is it a folder, and not by way of a link?
    fn look(&self) -> Result<(), SpoolError> {
        let found =
            fs::symlink_metadata(&self.folder).map_err(SpoolError::at("find the spool", &self.folder))?;
        if found.is_dir() {
            return Ok(());
        }
        let error = io::Error::from(io::ErrorKind::NotADirectory);
        Err(SpoolError::at("use the spool", &self.folder)(error))
    }

    /// Removes what killed writers left. That it cannot is no reason to refuse a push.
    fn sweep(&self, own: &OwnFolder) {
        let Ok(found) = fs::read_dir(self.folder.join(WRITING)) else { return };
        for left in found.flatten() {
            let age = left.metadata().and_then(|left| left.modified());
            let age = age.ok().and_then(|since| own.made.duration_since(since).ok());
            let is_old = age.is_some_and(|age| age > LEFT_BEHIND);
            if is_old || left.file_name().to_str().is_some_and(is_of_the_dead) {
                fs::remove_dir_all(left.path()).or_else(|_| fs::remove_file(left.path())).unwrap_or_default();
            }
        }
    }
}

/// Where one call writes; gone when dropped, with all that is still in it.
struct OwnFolder {
    path: PathBuf,
    made: SystemTime,
    process: Process,
    random: u64,
}

impl OwnFolder {
    fn make(below: &Path) -> Result<Self, SpoolError> {
        let (process, random) = (Process::own(), random());
        let path = below.join(format!("{}-{random:016x}", folder_prefix(&process)));
        let failed = || SpoolError::at("write", &path);
        make_folder(&path)?;
        let made = fs::symlink_metadata(&path).and_then(|made| made.modified()).map_err(failed())?;
        Ok(Self { path, made, process, random })
    }

    /// Writes the entries here and flushes them.
    fn write(&self, entries: &[Entry]) -> Result<Vec<PathBuf>, SpoolError> {
        let is_few = entries.len() <= FEW;
        let mut written = Vec::with_capacity(entries.len());
        for (n, entry) in entries.iter().enumerate() {
            let path = self.path.join(format!("{n:06}.json"));
            let text = entry.to_json().map_err(io::Error::from);
            let done = text.and_then(|text| {
                let mut file = new_file(&path)?;
                file.write_all(text.as_bytes())?;
                if is_few { file.sync_all() } else { Ok(()) }
            });
            done.map_err(SpoolError::at("write", &path))?;
            written.push(path);
        }
        if !is_few {
            sync_all(&self.path, &written)?;
        }
        Ok(written)
    }

    /// `TIME-COUNTER-PID-RANDOM.json`, the time in nanoseconds since 1970.
    fn final_name(&self, n: usize) -> String {
        let nanos = self.made.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        format!("{nanos:020}-{n:06}-{}-{:016x}.json", self.process.pid, self.random)
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // The next writer removes it otherwise.
        fs::remove_dir(&self.path).or_else(|_| fs::remove_dir_all(&self.path)).unwrap_or_default();
    }
}

/// Entries that have their names, and lose them again unless all went well.
struct Moved<'a> {
    folder: &'a Path,
    names: Vec<String>,
    keep: bool,
}

impl Moved<'_> {
    fn keep(mut self) -> Vec<String> {
        self.keep = true;
        std::mem::take(&mut self.names)
    }
}

impl Drop for Moved<'_> {
    fn drop(&mut self) {
        for name in self.names.iter().filter(|_| !self.keep) {
            // The first error is the one to tell of.
            fs::remove_file(self.folder.join(name)).unwrap_or_default();
        }
    }
}

/// `PID-START-HOST` with what identifies the host of any length: the process behind a folder can be looked for, and no name
/// of a host breaks a path.
fn folder_prefix(process: &Process) -> String {
    let start = process.start.map_or_else(|| "x".to_owned(), |start| start.to_string());
    format!("{}-{start}-{}", process.pid, host_mark(&process.host))
}

fn host_mark(host: &str) -> String {
    let digest = Sha256::digest(host.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Was it written by a process of this host that is gone?
fn is_of_the_dead(name: &str) -> bool {
    let own = Process::own();
    let mut parts = name.split('-');
    let (Some(pid), Some(start), Some(host)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if host != host_mark(&own.host) {
        return false;
    }
    let Ok(pid) = pid.parse() else { return false };
    Process { pid, start: start.parse().ok(), host: own.host }.is_alive() == Some(false)
}

fn is_final_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".json") else { return false };
    let parts: Vec<&str> = stem.split('-').collect();
    parts.len() == 4 && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Makes a folder for its owner alone; one that is there already is fine.
fn make_folder(path: &Path) -> Result<(), SpoolError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map_err(SpoolError::at("make the folder", path)),
    }
}

/// A file for its owner alone, that was not there.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Flushes the names in a folder.
fn sync_folder(path: &Path) -> Result<(), SpoolError> {
    // Elsewhere a folder cannot be opened, and a rename needs no flush.
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(SpoolError::at("flush", path))?;
    }
    Ok(())
}

/// Flushes many files: with one call where there is one for the whole file system.
fn sync_all(folder: &Path, files: &[PathBuf]) -> Result<(), SpoolError> {
    #[cfg(target_os = "linux")]
    {
        let opened = File::open(folder).map_err(SpoolError::at("flush", folder))?;
        match rustix::fs::syncfs(opened) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::PERM) => {}
            Err(error) => return Err(SpoolError::at("flush", folder)(error.into())),
        }
    }
    for file in files {
        let flushed = OpenOptions::new().write(true).open(file).and_then(|file| file.sync_all());
        flushed.map_err(SpoolError::at("flush", file))?;
    }
    sync_folder(folder)
}
