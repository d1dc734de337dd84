//! The ledger: what a server records of its decisions and of the movements of refs.
//!
//! So far its near end. A hook decides, writes one [`Entry`] for each ref into the [`Spool`], and only when these are safe on
//! the disk may git move a ref. What is decided and not recorded can therefore not have happened, whenever the machine stops.
//!
//! Nothing here reads the clock: entries carry the time that they were judged at, and files are named by the clock of the file
//! system that holds them.

mod entry;
mod process;
mod shorten;
mod spool;
#[cfg(test)]
mod tests;
mod unique;

pub use entry::{Entry, Facts, Kind, MAX_ENTRY, Pusher, Tip, text_of};
pub use process::Process;
pub use spool::{Spool, SpoolError, Spooled, Strange};
pub use unique::unique_id;
