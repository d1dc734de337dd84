//! The server's side of a push: `pre-receive` decides.
//!
//! ```text
//! lines, environment -> claims, read again as updates -> who pushes -> the policy before the push
//!   -> what enters, judged -> the decision -> the spool -> the answer
//! ```
//!
//! Nothing here reads the environment, the clock or standard input: `cli` gives them.

mod claims;
mod policy;
