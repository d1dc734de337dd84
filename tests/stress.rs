//! What a server must stand: kills, full disks, broken files, hostile contents and hostile scripts. Each test is named by its
//! number in the list of ways round a server's policy.
//!
//! The long form of the kill test is left out of ordinary runs:
//!
//! ```text
//! cargo test --release --test stress -- --ignored --nocapture thousand
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/server/mod.rs"]
mod server;

#[path = "stress/content.rs"]
mod content;
#[path = "stress/crowd.rs"]
mod crowd;
#[path = "stress/killed.rs"]
mod killed;
#[path = "stress/machine.rs"]
mod machine;
#[path = "stress/processes.rs"]
mod processes;
#[path = "stress/scripts.rs"]
mod scripts;
#[path = "stress/settings.rs"]
mod settings;
