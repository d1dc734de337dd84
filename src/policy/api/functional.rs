//! `filter`, `map`, `some`, `all`, ... of arrays and lists.
//!
//! Rhai's own take a predicate that gives no boolean for `false`, and `sort` swallows an error of its comparator: a rule that
//! goes wrong there would find nothing, which allows. These fail.

use super::table::Api;

pub(super) fn register(api: &mut Api<'_>) {
    api.engine();
}
