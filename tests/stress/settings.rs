//! Settings that are missing or broken, hooks that are switched off, deadlines, and administrators who move refs by hand.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::{Repo, environment};
use crate::server::{Kind, POLICY, Server, bylaws, settings};

fn good(work: &Repo, n: usize) -> String {
    work.write(&format!("goods/{n}"), format!("{n}\n"));
    work.commit("Sell more")
}

/// One kind is enough: the settings are a file beside the repository's own.
#[test]
fn trap_14_settings_that_cannot_be_read() {
    let server = Server::new(Kind::USUAL);
    let work = server.clone();
    let file = server.repository().join("bylaws/server.toml");
    let tip = server.tip("refs/heads/main");
    good(&work, 1);
    let refused = |words: &[&str]| {
        for login in ["bob", "ada"] {
            let said = server.push(login, &work, &["main", "main:refs/heads/other"]).refused();
            assert!(words.iter().all(|word| said.contains(word)), "{words:?} are not in:\n{said}");
        }
        assert_eq!((server.tip("refs/heads/main"), server.tip("refs/heads/other")), (tip.clone(), None));
        let told = server.entries().pop().unwrap();
        assert_eq!((&told["kind"], &told["decision"]), (&"denied".into(), &"error".into()), "{told:#}");
    };
    fs::remove_file(&file).unwrap();
    refused(&["server.toml", "policy-ref"]);
    for broken in [
        "policy-ref = ",
        "policy-ref = \"refs/heads/main\"\nidentity = \"ssh\"\nenforces = false\n",
        "\u{feff}\0",
    ] {
        fs::write(&file, broken).unwrap();
        refused(&["server.toml"]);
    }
    fs::write(&file, b"identity = \"\xff\"").unwrap();
    refused(&["server.toml", "UTF-8"]);
    fs::remove_file(&file).unwrap();
    symlink("server.toml", &file).unwrap();
    refused(&["server.toml"]);
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    refused(&["server.toml"]);
    fs::remove_dir(&file).unwrap();
    server.set(&settings("ssh"));
    server.push("bob", &work, &["main"]).ok();
}

/// Every ref is protected, whatever its name, until an operator's push repairs it.
#[test]
fn trap_14_a_policy_that_is_broken() {
    Kind::each(|kind| {
        let broken: &[(&str, &str)] = &[(POLICY[0].0, "extends = [\n"), POLICY[1], POLICY[2]];
        let server = Server::governed(kind, broken, &settings("ssh"));
        let work = server.clone();
        let tip = server.tip("refs/heads/main");
        good(&work, 1);
        let said =
            server.push("bob", &work, &["main:refs/heads/other", "main:refs/tags/v1", "main"]).refused();
        assert!(said.contains(".bylaws/bylaws.toml:1:") && said.contains("an operator pushes"), "{said}");
        assert_eq!((server.tip("refs/heads/main"), server.tip("refs/heads/other")), (tip, None));
        // The operator, too, may only repair.
        server.push("ada", &work, &["main:refs/heads/other"]).refused();
        server.push("ada", &work, &["main"]).refused();
        work.write(POLICY[0].0, POLICY[0].1);
        work.commit("Repair the policy");
        server.push("bob", &work, &["main"]).refused();
        server.push("ada", &work, &["main"]).ok();
        let told = server.entries().pop().unwrap();
        assert_eq!(
            (&told["kind"], &told["facts"]["operator"]),
            (&"accepted".into(), &true.into()),
            "{told:#}"
        );
        server.push("bob", &work, &["main:refs/heads/other"]).ok();
    });
}

fn doctor(server: &Server) -> (bool, String) {
    let mut command = Command::new(bylaws());
    command
        .args(["doctor", "--server"])
        .arg(server.repository())
        .env_clear()
        .envs(environment())
        .current_dir("/");
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// Nobody can do this by a push; `doctor` tells who did it on the machine. One kind is enough: it is git's configuration.
#[test]
fn trap_14_hooks_that_are_switched_off() {
    let server = Server::new(Kind::USUAL);
    let whole = doctor(&server);
    for (key, value) in [
        ("core.hooksPath", "/nonexistent"),
        ("core.hooksPath", "/dev/null"),
        ("hook.pre-receive.enabled", "false"),
        ("hook.post-receive.enabled", "false"),
    ] {
        let before = server.git(&["config", "--get", "--default", "", key]);
        server.git(&["config", "--replace-all", key, value]);
        let (is_well, said) = doctor(&server);
        assert!(!is_well && said.contains(key), "{key} = {value}:\n{said}");
        match before.as_str() {
            "" => server.git(&["config", "--unset-all", key]),
            before => server.git(&["config", "--replace-all", key, before]),
        };
    }
    assert_eq!(doctor(&server), whole);
    fs::remove_file(server.repository().join("hooks/pre-receive")).unwrap();
    let (is_well, said) = doctor(&server);
    assert!(!is_well && said.contains("pre-receive"), "{said}");
}

/// What an administrator did past the hooks is there: the next push is judged by it, not by what the pusher knew.
#[test]
fn trap_14_a_ref_moved_by_hand() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let first = work.head();
        let second = good(&work, 1);
        server.push("bob", &work, &["main"]).ok();
        server.git(&["update-ref", "refs/heads/main", &first]);
        let third = good(&work, 2);
        server.push("bob", &work, &["main"]).ok();
        let told = server.entries().pop().unwrap();
        assert_eq!(
            (told["old"].as_str(), told["new"].as_str()),
            (Some(first.as_str()), Some(third.as_str()))
        );
        // Both commits enter again, and both are judged.
        server.git(&["update-ref", "refs/heads/main", &third]);
        work.git(&["reset", "-q", "--hard", &second]);
        let fork = good(&work, 3);
        let said = server.push("bob", &work, &["+main"]).refused();
        assert!(said.contains("force"), "{said}");
        assert_ne!(server.tip("refs/heads/main"), Some(fork));
    });
}

/// A rule that takes its time within all limits of scripts.
const SLOW: &str = r#"rule("slow", #{
    title: "Slow",
    why: "so that a deadline passes",
    level: "advisory",
    commit: |commit| { let n = 0; while n < 300000 { n += 1; } },
});
"#;

/// One kind is enough: what is slow is a script.
#[test]
fn trap_14_a_deadline_that_passes() {
    let policy = [POLICY, &[(".bylaws/rules/slow.rhai", SLOW)]].concat();
    let server = Server::governed(Kind::USUAL, &policy, &(settings("ssh") + "deadline = \"1s\"\n"));
    let work = server.clone();
    for n in 0..200 {
        work.git(&["commit", "-q", "--allow-empty", "-m", &format!("Sell goods {n}")]);
    }
    let started = Instant::now();
    let said = server.push("bob", &work, &["main"]).refused();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    // The rules are named where they are stopped in time; the deadline itself is for all else.
    assert!(said.contains("used up") || said.contains("could not be judged within 1 s"), "{said}");
    let told = server.entries().pop().unwrap();
    assert_eq!((&told["kind"], &told["decision"]), (&"denied".into(), &"error".into()), "{told:#}");
    assert_eq!(
        (told["ref"].as_str(), told["new"].as_str()),
        (Some("refs/heads/main"), Some(work.head().as_str()))
    );
    assert_eq!(told["pusher"]["login"], "bob");
    server.set(&(settings("ssh") + "deadline = \"1s\"\nenforce = false\n"));
    server.push("bob", &work, &["main"]).ok();
    let told = server.entries().pop().unwrap();
    assert_eq!((&told["kind"], &told["decision"]), (&"would-deny".into(), &"error".into()), "{told:#}");
    assert_eq!(server.tip("refs/heads/main"), Some(work.head()));
}
