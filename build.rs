//! What cargo has to be told about the build.

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment")]
fn main() {
    // Rebuilds when a rule set gains or loses a file: `include_dir!` is only told of changes to those it has seen.
    println!("cargo::rerun-if-changed=policy-examples");
    // A hook's process lives for milliseconds, and at a random address each of its tables of pointers is a page to be
    // read and written anew before `main`: 0.3 ms. The price is that the program's own code, libgit2's in C among it, lies
    // where everybody knows; libraries, heap and stacks stay at random addresses. Without this line all is as usual.
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
