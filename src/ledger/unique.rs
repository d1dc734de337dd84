//! Names that nobody else has.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// 32 hexadecimal digits that no other call gives, in any process on any host: for a push, whose entries share it.
pub fn unique_id() -> String {
    format!("{:016x}{:016x}", random(), random())
}

/// 64 random bits. The standard library seeds its hashers with random numbers of the system's.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let many: std::collections::HashSet<String> = (0..10_000).map(|_| unique_id()).collect();
        assert_eq!(many.len(), 10_000);
        assert!(many.iter().all(|id| id.len() == 32));
    }
}
