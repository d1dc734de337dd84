//! What cargo has to be told about the build.

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by the environment")]
fn main() {
    // Rebuilds when a rule set gains or loses a file: `include_dir!` is only told of changes to those it has seen.
    println!("cargo::rerun-if-changed=policy-examples");
    // A hook's process lives for milliseconds, and at a random address each of its tables of pointers is a page to be
    // read and written anew before `main`: 0.3 ms. The price is that the program's own code, libgit2's in C among it, lies
    // where everybody knows; libraries, heap and stacks stay at random addresses. Without this line all is as usual.
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") == "linux" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    // Each library that is loaded takes a hook 0.1 ms; this one is for unwinding alone, and gcc brings it as an archive too.
    let native = std::env::var("HOST") == std::env::var("TARGET");
    if native && target("OS") == "linux" && target("ENV") == "gnu" {
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let asked = std::process::Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output();
        let found =
            asked.map(|asked| String::from_utf8_lossy(&asked.stdout).trim().to_owned()).unwrap_or_default();
        // The name alone is printed where there is none.
        if let Some(folder) = std::path::Path::new(&found).parent().filter(|folder| folder.is_absolute()) {
            println!("cargo::rustc-link-search=native={}", folder.display());
            println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
        }
    }
}
