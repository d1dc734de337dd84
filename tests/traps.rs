//! Ways round a server-side policy, each tried with a real push on each kind of repository. The numbers are those of the list
//! that these tests are made from, a module each:
//!
//! | number | way |
//! |---|---|
//! | 1 | the policy itself is in the push |
//! | 2 | time: dates in commits, keys whose time is over |
//! | 3 | identity: somebody else's name |
//! | 5 | refs: ids and names that are not what they seem |
//! | 6 | commits brought in sideways |
//! | 7 | views of objects: replaced, grafted, shallow |
//! | 8 | our own refs |
//! | 9 | tags |
//! | 10 | many refs |

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
#[path = "common/sandbox.rs"]
mod sandbox;
#[path = "common/server/mod.rs"]
mod server;

#[path = "traps"]
mod traps {
    mod identity;
    mod many;
    mod own_refs;
    mod policy;
    mod refs;
    mod sideways;
    mod tags;
    mod time;
    mod views;
}
