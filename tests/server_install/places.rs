//! Which repositories are installed into, which are refused, and what the host says for all of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use bylaws::install::server::{Options, install};

use crate::host::Host;
use crate::sandbox::snapshot;

#[test]
fn folders_are_walked_and_nothing_is_left_out_unsaid() {
    let host = Host::new();
    let (one, two) = (host.bare("one.git"), host.bare("group/two.git"));
    fs::create_dir_all(one.join("objects/inner.git/refs")).unwrap();
    fs::create_dir_all(one.join("objects/inner.git/objects")).unwrap();
    fs::write(one.join("objects/inner.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    host.machine.repository("srv/work");
    let outside = host.bare("../outside.git");
    let srv = host.path("srv");
    symlink(&outside, srv.join("link.git")).unwrap();
    symlink(&two, srv.join("inside.git")).unwrap();
    let outcomes = install(&[srv.clone(), one.clone(), host.path("absent")], &host.options());
    let mut said: Vec<String> = outcomes
        .iter()
        .map(|outcome| {
            let path = outcome.path.strip_prefix(host.path("srv").parent().unwrap()).unwrap();
            let how = match &outcome.result {
                Ok(_) => "installed".to_owned(),
                Err(error) if outcome.left_out => format!("left out: {error}"),
                Err(error) => error.to_string().split('`').next().unwrap().to_owned(),
            };
            format!("{}: {how}", path.display())
        })
        .collect();
    said.sort();
    assert_eq!(
        said,
        [
            "absent: cannot find ",
            "srv/group/two.git: installed",
            "srv/link.git: it is a link out of here, to ",
            "srv/one.git: installed",
            "srv/work/.git: left out: it is no bare repository: who works in it can move its refs without any hook",
        ]
    );
    host.install(&outside);
    assert!(install(&[srv], &host.options()).iter().all(|one| one.left_out || one.result.is_ok()));
    let empty = host.path("empty");
    fs::create_dir(&empty).unwrap();
    let none = host.try_install(&empty, &host.options()).result.unwrap_err();
    assert!(none.message.contains("no bare repository"));
    let named = host.try_install(&host.path("srv/work"), &host.options());
    assert!(named.result.is_err() && !named.left_out);
}

#[test]
fn what_cannot_be_installed_is_left_as_it_was() {
    let host = Host::new();
    type Of<'a> = &'a dyn Fn(&Path) -> Options;
    let cases: [(&str, Of<'_>, &str); 5] = [
        ("nobody.git", &|_| Options { identity: None, ..host.options() }, "nothing here tells who pushes"),
        (
            "detached.git",
            &|path| {
                fs::write(path.join("HEAD"), format!("{}\n", "1".repeat(40))).unwrap();
                host.options()
            },
            "`HEAD` names no branch",
        ),
        (
            "broken-host.git",
            &|_| {
                let file = host.path("broken.toml");
                fs::write(&file, "identity = \"gitole\"\n").unwrap();
                Options { host_settings: Some(file), ..host.options() }
            },
            "unknown identity source `gitole`",
        ),
        (
            "linked.git",
            &|path| {
                fs::create_dir_all(host.path("other")).unwrap();
                symlink(host.path("other"), path.join("bylaws")).unwrap();
                host.options()
            },
            "is a link",
        ),
        (
            "relative.git",
            &|_| Options { binary: PathBuf::from("bylaws"), ..host.options() },
            "is not an absolute path",
        ),
    ];
    for (name, prepare, words) in cases {
        let repository = host.bare(name);
        let options = prepare(&repository);
        let before = snapshot(&repository);
        let refused = host.try_install(&repository, &options).result.unwrap_err();
        assert!(refused.message.contains(words), "{name}: {refused}");
        assert_eq!(snapshot(&repository), before, "{name}");
    }
}

#[test]
fn what_the_host_says_is_not_said_again() {
    let host = Host::new();
    let key = host.path("key");
    fs::write(
        host.path("host.toml"),
        format!(
            "policy-ref = \"refs/heads/policy\"\nidentity = \"http\"\nsigning-key = \"{}\"\n",
            key.display()
        ),
    )
    .unwrap();
    let repository = host.bare("one.git");
    let installed = host.install(&repository);
    assert!(installed.notes.iter().any(|note| note.contains("`identity = \"http\"`, which holds")));
    assert!(!repository.join("bylaws/ledger_ed25519").exists());
    let text = fs::read_to_string(repository.join("bylaws/server.toml")).unwrap();
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    let settings = host.doctor(&repository).settings;
    let policy_ref = settings.iter().find(|one| one.key == "policy-ref").unwrap();
    assert_eq!(policy_ref.value, "refs/heads/policy");
    assert_eq!(policy_ref.from, host.path("host.toml").display().to_string());
    // Run again without the option it keeps to the file that it was told of.
    let options = Options { host_settings: None, ..host.options() };
    assert!(!host.try_install(&repository, &options).result.unwrap().changed);
}
