//! Trailers of a commit message, as git-interpret-trailers(1) finds them (trailer.c of git, `find_trailer_block_start`).

/// `Key: value` in the last paragraph of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailer {
    /// As written.
    pub key: String,
    /// Folded lines joined by a space.
    pub value: String,
}

/// The trailers of a message, in order.
pub fn trailers(message: &str) -> Vec<Trailer> {
    let _ = message;
    Vec::new()
}
