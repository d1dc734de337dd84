//! `bylaws install`, `uninstall` and `doctor`.
