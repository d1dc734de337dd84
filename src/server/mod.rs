//! The server's side of a push: `pre-receive` decides.
//!
//! ```text
//! lines, environment -> claims, read again as updates   (receive, claims)
//!   -> the settings, who pushes                         (identity)
//!   -> the policy as it was before the push             (policy)
//!   -> what enters, judged                              (push)
//!   -> the decision, written down                       (record)
//! ```
//!
//! Nothing here reads the environment, the clock or standard input: `cli` gives them.

mod alike;
mod certificate;
mod claims;
mod guard;
mod identity;
mod leftovers;
mod look;
mod policy;
mod publish;
mod push;
mod receive;
mod record;

pub use alike::names_and_policy;
pub use claims::Claim;
pub use leftovers::{Leftover, LeftoverKind, leftovers, sweep};
pub use publish::publish;
pub use receive::{Received, too_late};
pub use record::{Outcome, Record, refused_by_another, unrecorded};

/// The variables of the hook's environment, by name; `None` for one that is not set or empty.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;
