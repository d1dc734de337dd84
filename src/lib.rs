//! `bylaws`: git hooks and policy as code.
//!
//! Data flows one way: `cli` asks [`check`] for a verdict; `check` lets [`git`] gather [`facts`], gives them to
//! [`policy`], and decides by the findings; [`report`] renders the [`verdict`]. Only `cli` touches arguments, standard
//! streams, the environment and the clock.

pub mod check;
pub mod cli;
pub mod config;
pub mod control;
pub mod diagnostic;
pub mod facts;
pub mod git;
pub mod install;
pub mod ledger;
pub mod patterns;
pub mod policy;
pub mod report;
pub mod server;
mod time;
pub mod verdict;
