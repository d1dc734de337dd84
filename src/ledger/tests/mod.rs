mod entry;
mod spool;
