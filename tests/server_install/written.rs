//! What is written beside the hooks: the key and the id, whose the files are, and git's configuration.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::Command;

use bylaws::config::IdentitySource;

use crate::host::{Host, without_ours};
use crate::sandbox::{self, snapshot};

#[test]
fn the_key_and_the_id_are_made_once_and_are_the_account_s_alone() {
    let host = Host::new();
    let repository = host.bare("one.git");
    host.install(&repository);
    let ours = |name: &str| repository.join("bylaws").join(name);
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(ours("")), mode(ours("ledger_ed25519")), mode(ours("spool"))), (0o700, 0o600, 0o700));
    let key = ssh_key::PrivateKey::read_openssh_file(&ours("ledger_ed25519")).unwrap();
    let public = fs::read_to_string(ours("ledger_ed25519.pub")).unwrap();
    assert_eq!(public.trim_end(), key.public_key().to_openssh().unwrap());
    let id = fs::read_to_string(ours("repository-id")).unwrap();
    assert!(
        id.len() == 65 && id.ends_with('\n') && id.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit())
    );
    let other = host.bare("two.git");
    host.install(&other);
    assert_ne!(fs::read_to_string(other.join("bylaws/repository-id")).unwrap(), id);
    host.uninstall(&repository);
    host.install(&repository);
    assert_eq!(fs::read_to_string(ours("repository-id")).unwrap(), id);
    assert_eq!(fs::read_to_string(ours("ledger_ed25519.pub")).unwrap(), public);
    let shared = host.bare_with("shared.git", &["--shared=group"]);
    host.install(&shared);
    assert_eq!(mode(shared.join("bylaws")), 0o2770);
    assert_eq!(mode(shared.join("bylaws/ledger_ed25519")), 0o640);
}

#[test]
fn all_that_root_writes_is_the_repository_s_owner_s() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let owned = Command::new("chown").args(["-R", "12345:12346"]).arg(&repository).status().unwrap();
    if !owned.success() {
        sandbox::not_tested("files of another account cannot be made", "run this as root");
        return;
    }
    let before = snapshot(&repository);
    let owners = |wanted: &str| {
        for entry in walkdir::WalkDir::new(&repository) {
            let entry = entry.unwrap();
            let found = fs::symlink_metadata(entry.path()).unwrap();
            assert_eq!((found.uid(), found.gid()), (12345, 12346), "{wanted}: {}", entry.path().display());
        }
    };
    host.install(&repository);
    owners("installed");
    // A program in root's home is closed to everybody else.
    fs::set_permissions(host.machine.path("home"), fs::Permissions::from_mode(0o700)).unwrap();
    let program = host.doctor(&repository).checks.into_iter().find(|check| check.name == "program").unwrap();
    assert!(!program.ok && program.message.contains("may not run"), "{program:?}");
    host.uninstall(&repository);
    owners("uninstalled");
    assert_eq!(without_ours(&repository), before);
}

#[test]
fn git_s_configuration_is_extended_and_put_back() {
    let host = Host::new();
    let repository = host.bare("one.git");
    let get = |key: &str| host.machine.git(&repository, &["config", "--get", key]).text.trim_end().to_owned();
    let config = repository.join("config");
    let mut text = fs::read_to_string(&config).unwrap();
    text.push_str("[receive] fsckObjects = false ; why\n[core]\n\tpackedRefsTimeout = -1\n");
    fs::write(&config, &text).unwrap();
    let listed = host.machine.git(&repository, &["config", "--local", "--list"]).ok();
    host.install_as(&repository, Some(IdentitySource::PushCert));
    for (key, value) in [
        ("receive.advertisePushOptions", "true"),
        ("receive.fsckObjects", "true"),
        ("core.filesRefLockTimeout", "10000"),
        ("core.packedRefsTimeout", "-1"),
        ("receive.certNonceSlop", "300"),
    ] {
        assert_eq!(get(key), value, "{key}");
    }
    let seed = get("receive.certNonceSeed");
    assert_eq!(seed.len(), 64);
    assert!(!host.install_as(&repository, None).changed);
    assert_eq!(get("receive.certNonceSeed"), seed);
    // What somebody sets in the meantime stays, also where all of ours goes.
    host.machine.git(&repository, &["config", "core.logAllRefUpdates", "always"]).ok();
    assert!(host.install_as(&repository, None).changed);
    assert_eq!(get("receive.certNonceSeed"), seed);
    host.uninstall(&repository);
    assert_eq!((get("core.logAllRefUpdates"), get("receive.fsckObjects")), ("always".into(), "false".into()));
    assert_eq!(
        (get("receive.certNonceSeed"), get("receive.advertisePushOptions")),
        (String::new(), String::new())
    );
    host.machine.git(&repository, &["config", "--unset", "core.logAllRefUpdates"]).ok();
    assert_eq!(host.machine.git(&repository, &["config", "--local", "--list"]).ok(), listed);
    // Where nobody has changed it, every byte is put back.
    fs::write(&config, &text).unwrap();
    host.install_as(&repository, Some(IdentitySource::PushCert));
    host.uninstall(&repository);
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
}
