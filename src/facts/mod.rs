//! Facts: plain data about commits, files, changes and pushes. No git and no Rhai here; what is dear to read (blobs, diffs,
//! signatures) is read through a [`Store`] when somebody asks.

mod change;
mod commit;
mod file;
mod lines;
mod oid;
mod path;
mod person;
mod ref_name;
mod store;
mod trailers;

pub use change::{Approval, Change, Evidence, Impact, Push, Required, TestResult, Urgency};
pub use commit::{Commit, CommitParts, Conventional, Signature, SignatureKind, SignatureStatus};
pub use file::{EntryMode, File, FileParts, FileStatus, MAX_BLOB};
pub use lines::{Line, LineDiff, Lines, LinesId};
pub use oid::Oid;
pub use path::GitPath;
pub use person::{Identity, Key, KeyMaterial, People, Person, Seniority};
pub use ref_name::RefName;
pub use store::{Blob, NoStore, Store, StoreError, TreeEntry};
pub use trailers::{Trailer, trailers};
