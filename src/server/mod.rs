//! The server's side of a push: `pre-receive` decides.
//!
//! ```text
//! lines, environment -> claims, read again as updates -> who pushes -> the policy before the push
//!   -> what enters, judged -> the decision -> the spool -> the answer
//! ```
//!
//! Nothing here reads the environment, the clock or standard input: `cli` gives them.

mod certificate;
mod claims;
mod identity;
mod policy;

pub use certificate::{Certificate, Known, Pushed, Signer, read_certificate};
pub use claims::{Claim, parse};
pub use identity::{Who, who};

/// The variables of the hook's environment, by name; `None` for one that is not set or empty.
pub type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;
