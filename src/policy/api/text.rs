//! Helpers for text and paths: `glob`, `regex`.

use super::table::Api;

pub(super) fn register(api: &mut Api<'_>) {
    api.engine();
}
