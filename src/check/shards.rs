//! One worker a core, each with a repository handle of its own; results come back in the order of the work.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::CheckError;
use crate::facts::Oid;
use crate::git::{Backend, GitError, Repository};
use crate::policy::{STACK_SIZE, expect_many};

/// Commits in a chunk: enough to keep git's batch processes busy, few enough to share out evenly.
pub(super) const CHUNK: usize = 256;

/// The same where commits are read in process, and nothing is gained by asking for many.
const SMALL_CHUNK: usize = 64;

/// More workers only take memory: each keeps two processes of git's busy beside itself.
const MOST: usize = 8;

/// Where ids come from.
pub(super) type Ids<'a> = dyn Iterator<Item = Result<Oid, GitError>> + Send + 'a;

/// Shares chunks of `ids` out to the cores and gives back what `work` made of each, in order.
pub(super) fn map_chunks<T: Send>(
    repository: &Repository,
    ids: &mut Ids<'_>,
    work: impl Fn(&Repository, &[Oid]) -> Result<T, CheckError> + Sync,
) -> Result<Vec<T>, CheckError> {
    let keep = |done: &mut Vec<(usize, T)>, handle: &Repository, index: usize, ids: &[Oid]| {
        done.push((index, work(handle, ids)?));
        Ok(())
    };
    let mut done =
        fold_chunks(repository, ids, || Ok(Vec::new()), keep)?.into_iter().flatten().collect::<Vec<_>>();
    done.sort_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

/// Shares chunks of `ids` out to the cores. Each worker starts with what `start` makes, lets `work` add one numbered chunk
/// after the other to it, and gives it back: which chunks went to which worker is chance.
///
/// A single chunk is worked on by `repository` itself: a hook does not pay for a second handle.
pub(super) fn fold_chunks<A: Send>(
    repository: &Repository,
    ids: &mut Ids<'_>,
    start: impl Fn() -> Result<A, CheckError> + Sync,
    work: impl Fn(&mut A, &Repository, usize, &[Oid]) -> Result<(), CheckError> + Sync,
) -> Result<Vec<A>, CheckError> {
    let first = ids.take(CHUNK).collect::<Result<Vec<_>, _>>()?;
    if first.len() < CHUNK {
        let mut all = start()?;
        if !first.is_empty() {
            work(&mut all, repository, 0, &first)?;
        }
        return Ok(vec![all]);
    }
    expect_many();
    let chunk = if repository.backend() == Backend::Git2 { SMALL_CHUNK } else { CHUNK };
    let queue = Mutex::new(Queue { given: 0, chunk, waiting: first.into_iter(), ids });
    let stop = AtomicBool::new(false);
    let workers = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MOST);
    let run = |handle: &Repository| {
        let done = start().and_then(|all| worker(all, handle, &queue, &stop, &work));
        if done.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        done
    };
    std::thread::scope(|scope| {
        let spawn = |_| {
            let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
            thread.spawn_scoped(scope, || match repository.sibling() {
                Ok(handle) => run(&handle),
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    Err(error.into())
                }
            })
        };
        // With fewer threads than were wanted it takes longer, no more.
        let threads: Vec<_> = (1..workers).map_while(|worker| spawn(worker).ok()).collect();
        join(run(repository), threads)
    })
}

type Done<A> = Result<A, CheckError>;

/// What this thread has done, and all others.
fn join<A>(own: Done<A>, threads: Vec<std::thread::ScopedJoinHandle<'_, Done<A>>>) -> Done<Vec<A>> {
    let others: Vec<_> = threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
    let mut all = vec![own?];
    for other in others {
        match other {
            Ok(done) => all.push(done?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    Ok(all)
}

struct Queue<'q, 'i> {
    given: usize,
    chunk: usize,
    waiting: std::vec::IntoIter<Oid>,
    ids: &'q mut Ids<'i>,
}

impl Queue<'_, '_> {
    fn next(&mut self) -> Result<Option<(usize, Vec<Oid>)>, GitError> {
        let ids = self.waiting.by_ref().map(Ok).chain(&mut *self.ids);
        let chunk = ids.take(self.chunk).collect::<Result<Vec<_>, _>>()?;
        let index = self.given;
        self.given += 1;
        Ok((!chunk.is_empty()).then_some((index, chunk)))
    }
}

fn worker<A>(
    mut all: A,
    handle: &Repository,
    queue: &Mutex<Queue<'_, '_>>,
    stop: &AtomicBool,
    work: &(impl Fn(&mut A, &Repository, usize, &[Oid]) -> Result<(), CheckError> + Sync),
) -> Result<A, CheckError> {
    while !stop.load(Ordering::Relaxed) {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next()?;
        let Some((index, chunk)) = next else { break };
        work(&mut all, handle, index, &chunk)?;
    }
    Ok(all)
}
