//! A repository to read: the one that `BYLAWS_BENCH_REPOSITORY` names, or a made one, the same on every machine.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Commits of the made one.
pub const COMMITS: usize = 2_000;
const FILES: usize = 600;

/// Where it is; the folder goes when this does.
pub struct History {
    path: PathBuf,
    _scratch: Option<tempfile::TempDir>,
}

impl History {
    /// The repository to read.
    pub fn get() -> Self {
        #[expect(clippy::disallowed_methods, reason = "a bench is asked through its environment")]
        if let Some(path) = std::env::var_os("BYLAWS_BENCH_REPOSITORY") {
            return Self { path: path.into(), _scratch: None };
        }
        let scratch = tempfile::tempdir().expect("a scratch folder");
        let path = scratch.path().join("made");
        git(scratch.path(), &["init", "--quiet", "--initial-branch=main", "made"], &[]);
        git(&path, &["fast-import", "--quiet"], stream().as_bytes());
        git(&path, &["repack", "-adq"], &[]);
        Self { path, _scratch: Some(scratch) }
    }

    /// Its work tree.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn git(folder: &Path, words: &[&str], input: &[u8]) {
    let mut child = Command::new("git")
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("git runs");
    child.stdin.take().expect("its input").write_all(input).expect("git reads");
    assert!(child.wait().expect("git ends").success(), "git {words:?}");
}

/// Numbers that look random and are the same everywhere (Knuth's MMIX generator).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit
    }
}

/// For git-fast-import(1): one commit with all files, then commits that change one to six each; each twelfth is a merge.
fn stream() -> String {
    let mut out = String::new();
    let mut numbers = Numbers(1);
    for mark in 1..=COMMITS {
        let who =
            format!("Author {0} <author{0}@example.org> {1} +0000", mark % 12, 1_500_000_000 + mark * 600);
        let message = format!("Change value {mark}\n\nIt was {} before.\n", numbers.below(1000));
        writeln!(out, "commit refs/heads/main\nmark :{mark}\nauthor {who}\ncommitter {who}").expect("text");
        write!(out, "data {}\n{message}", message.len()).expect("text");
        if mark > 1 {
            writeln!(out, "from :{}", mark - 1).expect("text");
        }
        if mark > 2 && mark % 12 == 0 {
            writeln!(out, "merge :{}", mark - 2).expect("text");
        }
        let changed: Vec<usize> = if mark == 1 {
            (0..FILES).collect()
        } else {
            (0..=numbers.below(6)).map(|_| numbers.below(FILES)).collect()
        };
        for file in changed {
            let body = contents(&mut numbers, file);
            let path = format!("part{}/area{}/file{file}.txt", file % 5, file % 17);
            write!(out, "M 100644 inline {path}\ndata {}\n{body}\n", body.len()).expect("text");
        }
    }
    out
}

/// Mostly what the file always holds, so that differences are small as real ones are.
fn contents(numbers: &mut Numbers, file: usize) -> String {
    let changed = numbers.below(120);
    (0..120)
        .map(|line| {
            if line == changed {
                format!("value = {}\n", numbers.below(1 << 30))
            } else {
                format!("line {line} of {file}\n")
            }
        })
        .collect()
}
