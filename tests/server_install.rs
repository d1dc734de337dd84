//! `bylaws install --server`, `uninstall --server` and `doctor --server` on bare repositories of every layout, a module for
//! each part of it; `host` is the server that all of them work on.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "this is a test")]
#![allow(clippy::disallowed_methods, reason = "it shields the tests from the environment")]

#[path = "common/sandbox.rs"]
mod sandbox;

#[path = "server_install/command.rs"]
mod command;
#[path = "server_install/doctor.rs"]
mod doctor;
#[path = "server_install/forges.rs"]
mod forges;
#[path = "server_install/gitolite.rs"]
mod gitolite;
#[path = "server_install/hooks.rs"]
mod hooks;
#[path = "server_install/host.rs"]
mod host;
#[path = "server_install/interrupted.rs"]
mod interrupted;
#[path = "server_install/places.rs"]
mod places;
#[path = "server_install/written.rs"]
mod written;
