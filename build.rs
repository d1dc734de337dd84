//! Rebuilds when a rule set gains or loses a file: `include_dir!` is only told of changes to those it has seen.

fn main() {
    println!("cargo::rerun-if-changed=policy-examples");
}
