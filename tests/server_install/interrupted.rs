//! Installations that are killed, that run at once, or whose journal is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::host::{Host, NOTE, without_ours};
use crate::sandbox::snapshot;

/// Starts an installation and kills it as soon as `is_so`.
fn kill_when(host: &Host, repository: &Path, is_so: impl Fn() -> bool) -> bool {
    let settings = host.path("host.toml").display().to_string();
    let mut child = Command::new(env!("CARGO_BIN_EXE_bylaws"))
        .args(["install", "--identity", "ssh", "--host-settings", &settings, "--server"])
        .arg(repository)
        .env_clear()
        .envs(host.machine.environment())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_so() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let killed = !child.wait().unwrap().success();
    // Git's own commands that it had started may still be at work; a lock that was left behind is waited for otherwise.
    std::thread::sleep(Duration::from_millis(30));
    if let Ok(lock) = fs::File::options().write(true).open(repository.join("bylaws.lock")) {
        lock.set_modified(std::time::SystemTime::now() - Duration::from_secs(60)).unwrap();
    }
    fs::remove_file(repository.join("config.lock")).unwrap_or_default();
    killed
}

#[test]
fn an_installation_that_is_killed_anywhere_can_be_taken_out_or_completed() {
    let host = Host::new();
    let holds = |path: &str, words: &str| {
        let (path, words) = (path.to_owned(), words.to_owned());
        move |repository: &Path| {
            fs::read_to_string(repository.join(&path)).is_ok_and(|text| text.contains(&words))
        }
    };
    let after = |milliseconds| {
        let start = std::time::Instant::now();
        move |_: &Path| start.elapsed() > Duration::from_millis(milliseconds)
    };
    type When = Box<dyn Fn(&Path) -> bool>;
    let mut killed = 0;
    for round in 0..24_u64 {
        let repository = host.bare(&format!("{round}.git"));
        let foreign = round % 2 == 0;
        if foreign {
            host.script(&repository.join("hooks/pre-receive"), NOTE);
        }
        let folder = if foreign { "bylaws/server-hooks" } else { "hooks" };
        let when: When = match round % 12 {
            0 | 1 => Box::new(holds("bylaws/repository-id", "")),
            2 | 3 => Box::new(holds("bylaws/install-server.toml", "")),
            4 | 5 => Box::new(holds(&format!("{folder}/pre-receive"), "bylaws server shim")),
            6..=9 => Box::new(holds("config", "advertisePushOptions")),
            _ => Box::new(after(round * 5)),
        };
        let before = snapshot(&repository);
        killed += usize::from(kill_when(&host, &repository, || when(&repository)));
        if round % 3 == 0 {
            host.install(&repository);
            host.push(&repository, "a").ok();
            assert!(host.machine.log().contains("<pre-receive>"), "round {round}");
        }
        host.uninstall(&repository);
        assert_eq!(without_ours(&repository), before, "round {round}");
    }
    assert!(killed > 12, "hardly any was killed: {killed}");
}

#[test]
fn installations_at_once_do_not_undo_each_other() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let before = snapshot(&repository);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| host.install(&repository));
        }
    });
    assert!(!host.install(&repository).changed);
    host.uninstall(&repository);
    assert_eq!(without_ours(&repository), before);
}

#[test]
fn a_lost_journal_leaves_nothing_behind() {
    let host = Host::new();
    for foreign in [false, true] {
        let repository = host.bare(if foreign { "one.git" } else { "two.git" });
        if foreign {
            host.script(&repository.join("hooks/pre-receive"), NOTE);
        }
        let before = snapshot(&repository);
        host.install(&repository);
        fs::remove_file(repository.join("bylaws/install-server.toml")).unwrap();
        assert!(!host.doctor(&repository).is_enforced());
        assert!(host.install(&repository).changed);
        host.push(&repository, "a").ok();
        assert!(host.machine.log().contains("<pre-receive>"));
        fs::remove_file(repository.join("bylaws/install-server.toml")).unwrap();
        host.uninstall(&repository);
        let hooks = |all: BTreeMap<PathBuf, (u32, Vec<u8>)>| -> Vec<PathBuf> {
            all.into_keys().filter(|path| path.starts_with("hooks")).collect()
        };
        assert_eq!(hooks(snapshot(&repository)), hooks(before));
        assert_eq!(host.machine.git(&repository, &["config", "core.hooksPath"]).text, "");
    }
}
