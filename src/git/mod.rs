//! Repositories as facts. This layer alone uses libgit2 and runs git.
//!
//! A [`Repository`] reads through one of two implementations of one small trait (`objects.rs`): libgit2 in process, for
//! hooks, which must not pay for a process; and git's own plumbing in long-lived batch processes, for long ranges, for
//! servers, and for repositories that libgit2 cannot open (SHA-256, reftable, partial clones). All that facts are made of
//! (parsing commits, finding renames, signatures) is common code above the trait, so both give the same ones.
//!
//! Commits are seen as git serves them: no replace refs, no grafts, no mailmap, no textconv. A shallow clone's boundary
//! commits are roots.

mod alike;
mod cache;
mod commit_object;
mod config;
mod error;
mod folder;
mod index_file;
mod known;
mod libgit2;
mod location;
mod objects;
mod plumbing;
mod process;
mod publish;
mod renames;
mod repository;
mod revisions;
mod shallow;
mod signatures;
mod similarity;
mod store;
mod tags;
mod tree;
mod walk;

pub use error::GitError;
pub use folder::Folder;
pub use location::Location;
pub use objects::{Kind, Reference};
pub(crate) use process::run_in;
pub use repository::{Backend, Head, Needs, Repository, Walk};
pub use revisions::Revisions;
