//! What reading a history costs, on both backends. `BYLAWS_BENCH_REPOSITORY` names another repository than the made one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a bench that cannot run says so and ends"
)]
#![allow(missing_docs, reason = "benches are named by their functions")]

mod common;

use std::sync::LazyLock;

use bylaws::facts::Oid;
use bylaws::git::{Backend, Location, Needs, Repository};
use common::history::History;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

static HISTORY: LazyLock<History> = LazyLock::new(History::get);
const BACKENDS: [Backend; 2] = [Backend::Git2, Backend::Plumbing];
/// Commits whose files and contents are read.
const SOME: usize = 500;

fn open(backend: Backend) -> Repository {
    let path = HISTORY.path().canonicalize().expect("a folder");
    Repository::open(&Location::at(path), backend).expect("a repository")
}

fn ids(repository: &Repository) -> Vec<Oid> {
    let head = repository.resolve("HEAD").expect("a commit");
    repository.walk(&[head], &[]).expect("a walk").map(|id| id.expect("an id")).collect()
}

fn newest(repository: &Repository) -> Vec<Oid> {
    let mut ids = ids(repository);
    ids.truncate(SOME);
    ids
}

#[divan::bench(args = BACKENDS, sample_count = 20)]
fn open_repository(backend: Backend) {
    black_box(open(backend));
}

#[divan::bench(args = BACKENDS, sample_count = 20)]
fn walk(bencher: Bencher<'_, '_>, backend: Backend) {
    let repository = open(backend);
    bencher.bench_local(|| ids(&repository).len());
}

#[divan::bench(args = BACKENDS, sample_count = 10)]
fn commits_and_files(bencher: Bencher<'_, '_>, backend: Backend) {
    let repository = open(backend);
    let ids = newest(&repository);
    bencher.bench_local(|| {
        let needs = Needs { files: true, ..Needs::default() };
        let commits = repository.commits(&ids, needs).expect("commits");
        commits.iter().map(|commit| commit.files().expect("files").len()).sum::<usize>()
    });
}

#[divan::bench(args = BACKENDS, sample_count = 10)]
fn contents(bencher: Bencher<'_, '_>, backend: Backend) {
    let repository = open(backend);
    let ids = newest(&repository);
    bencher.bench_local(|| {
        let needs = Needs { files: true, contents: true, old_contents: true };
        let mut lines = 0;
        for commit in repository.commits(&ids, needs).expect("commits") {
            for file in commit.files().expect("files") {
                lines += file.lines().expect("lines").added.len();
            }
        }
        lines
    });
}
