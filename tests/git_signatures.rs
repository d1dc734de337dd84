//! Signatures that real tools made, judged against the people in force.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bylaws::facts::{Identity, Key, KeyMaterial, People, Signature};
use bylaws::git::{Backend, Location, Needs, Repository};
use common::{EPOCH, Repo, environment};

fn person(id: &str, keys: Vec<Key>) -> Identity {
    Identity {
        id: id.to_owned(),
        name: id.to_owned(),
        emails: vec![format!("{id}@example.org")],
        logins: Vec::new(),
        seniority: None,
        teams: Vec::new(),
        keys,
        is_service: false,
        tests: Vec::new(),
        deploys: Vec::new(),
    }
}

fn always(material: KeyMaterial) -> Key {
    Key { material, from: None, until: None }
}

/// An SSH key of ours: its file, and its public half.
fn ssh_key(repo: &Repo, name: &str, kind: &[&str]) -> (String, String) {
    let file = repo.beside(name).display().to_string();
    let status =
        Command::new("ssh-keygen").args(["-q", "-N", "", "-C", name, "-f", &file]).args(kind).status();
    assert!(status.unwrap().success());
    (file.clone(), std::fs::read_to_string(format!("{file}.pub")).unwrap().trim().to_owned())
}

fn signed_with(repo: &Repo, key: &str, message: &str) -> String {
    repo.git(&["config", "gpg.format", "ssh"]);
    repo.git(&["config", "user.signingKey", key]);
    repo.git(&["commit", "-q", "-S", "--allow-empty", "-m", message]);
    repo.head()
}

/// The signature of a commit as both implementations judge it.
fn judged(location: &Location, revision: &str, people: Vec<Identity>, now: i64) -> String {
    let people = Arc::new(People::new(people));
    let [one, other] = [Backend::Git2, Backend::Plumbing].map(|backend| {
        let repository = Repository::open(location, backend).unwrap().with_people(Arc::clone(&people), now);
        let id = repository.resolve(revision).unwrap();
        let commit = repository.commits(&[id], Needs::default()).unwrap().remove(0);
        commit.signature().map(show).unwrap_or_else(|error| error.to_string())
    });
    assert_eq!(one, other);
    one
}

fn show(signature: &Signature) -> String {
    let kind = signature.kind.map_or("-", |kind| kind.as_str());
    let signer = signature.signer.as_ref().map_or("-", |signer| signer.name.as_str());
    format!("{} {kind} {signer}", signature.status.as_str())
}

#[test]
fn ssh_keys_are_judged_now() {
    let repo = Repo::new();
    let (file, public) = ssh_key(&repo, "ada", &["-t", "ed25519"]);
    signed_with(&repo, &file, "signed");
    let (_, other) = ssh_key(&repo, "bob", &["-t", "ed25519"]);
    let material = || KeyMaterial::Ssh(public.clone());
    let key = |from, until| Key { material: material(), from, until };
    let bob = || person("bob", vec![always(KeyMaterial::Ssh(other.clone()))]);
    let of = |keys, now| judged(&repo.location(), "HEAD", vec![bob(), person("ada", keys)], now);
    assert_eq!(of(vec![key(None, None)], EPOCH), "good ssh ada");
    assert_eq!(of(vec![key(Some(EPOCH), Some(EPOCH + 1))], EPOCH), "good ssh ada");
    assert_eq!(of(vec![key(None, Some(EPOCH))], EPOCH), "expired ssh ada");
    assert_eq!(of(vec![key(Some(EPOCH + 1), None)], EPOCH), "expired ssh ada");
    assert_eq!(of(vec![key(None, Some(EPOCH)), key(Some(EPOCH), None)], EPOCH), "good ssh ada");
    assert_eq!(of(vec![], EPOCH), "unknown-key ssh -");
    let bare = public.rsplit_once(' ').unwrap().0.to_owned();
    assert_eq!(
        of(vec![always(KeyMaterial::Ssh(bare))], EPOCH),
        "good ssh ada",
        "a comment is no part of a key"
    );
    repo.git(&["commit", "-q", "--allow-empty", "--no-gpg-sign", "-m", "not signed"]);
    assert_eq!(of(vec![key(None, None)], EPOCH), "none - -");
}

#[test]
fn every_kind_of_ssh_key() {
    let repo = Repo::new();
    for kind in [["-t", "ed25519"], ["-t", "rsa"], ["-t", "ecdsa"]] {
        let (file, public) = ssh_key(&repo, &format!("key-{}", kind[1]), &kind);
        signed_with(&repo, &file, kind[1]);
        let people = vec![person("ada", vec![always(KeyMaterial::Ssh(public))])];
        assert_eq!(judged(&repo.location(), "HEAD", people, EPOCH), "good ssh ada", "{kind:?}");
    }
}

/// A commit like `HEAD` with its bytes changed by `edit`.
fn forged(repo: &Repo, edit: impl Fn(String) -> String) -> String {
    let raw = repo.git(&["cat-file", "commit", "HEAD"]) + "\n";
    let changed = edit(raw.clone());
    assert_ne!(raw, changed);
    repo.object("commit", changed.as_bytes())
}

#[test]
fn a_signature_over_something_else_is_bad() {
    let repo = Repo::new();
    let (file, public) = ssh_key(&repo, "ada", &["-t", "ed25519"]);
    signed_with(&repo, &file, "signed");
    let people = || vec![person("ada", vec![always(KeyMaterial::Ssh(public.clone()))])];
    let of = |id: &str| judged(&repo.location(), id, people(), EPOCH);
    assert_eq!(of(&forged(&repo, |raw| raw.replace("signed\n", "signed!\n"))), "bad ssh -");
    assert_eq!(of(&forged(&repo, |raw| raw.replacen("Ada", "Eve", 1))), "bad ssh -");
    assert_eq!(of(&forged(&repo, |raw| raw.replace("SSH SIGNATURE", "ODD SIGNATURE"))), "bad - -");
    assert_eq!(of(&forged(&repo, |raw| raw.replace("gpgsig ", "gpgsig x"))), "bad - -");
    let twice = |raw: String| raw.replacen("gpgsig ", "gpgsig -----BEGIN SSH SIGNATURE-----\n x\ngpgsig ", 1);
    assert_eq!(of(&forged(&repo, twice)), "bad ssh -");
}

#[test]
fn a_signature_from_another_namespace_is_bad() {
    let repo = Repo::new();
    let (file, public) = ssh_key(&repo, "ada", &["-t", "ed25519"]);
    repo.commit("payload");
    let payload = repo.git(&["cat-file", "commit", "HEAD"]) + "\n";
    let sign = |namespace: &str| {
        std::fs::write(repo.beside("payload"), &payload).unwrap();
        let data = repo.beside("payload").display().to_string();
        let args = ["-q", "-Y", "sign", "-n", namespace, "-f", &file, &data];
        assert!(Command::new("ssh-keygen").args(args).status().unwrap().success());
        let signature = std::fs::read_to_string(format!("{data}.sig")).unwrap();
        std::fs::remove_file(format!("{data}.sig")).unwrap();
        let folded = signature.trim_end().replace('\n', "\n ");
        let raw = payload.replacen("\n\n", &format!("\ngpgsig {folded}\n\n"), 1);
        let id = repo.object("commit", raw.as_bytes());
        judged(
            &repo.location(),
            &id,
            vec![person("ada", vec![always(KeyMaterial::Ssh(public.clone()))])],
            EPOCH,
        )
    };
    assert_eq!(sign("git"), "good ssh ada");
    assert_eq!(sign("file"), "bad ssh -");
    assert_eq!(sign("bylaws@v1"), "bad ssh -");
}

/// `gpg` with a keyring of its own.
fn gpg(home: &Path, args: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut command = Command::new("gpg");
    command.args(["--batch", "--yes", "--quiet", "--homedir"]).arg(home).args(args);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "gpg {args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn gpg_home(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir(path).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

fn gpg_key(home: &Path, name: &str) -> String {
    let user = format!("{name} <{name}@example.org>");
    gpg(home, &["--passphrase", "", "--quick-generate-key", &user, "ed25519", "sign", "never"], "");
    let list = gpg(home, &["--with-colons", "--list-keys", name], "");
    let line = list.lines().find(|line| line.starts_with("fpr:")).unwrap();
    line.split(':').nth(9).unwrap().to_owned()
}

#[test]
fn openpgp_signatures() {
    let repo = Repo::new();
    let home = repo.beside("gnupg");
    gpg_home(&home);
    let fingerprint = gpg_key(&home, "ada");
    let sign = |message: &str, key: &str| {
        repo.git(&["config", "user.signingKey", key]);
        let mut command = repo.command(&["commit", "-q", "-S", "--allow-empty", "-m", message]);
        assert!(command.env("GNUPGHOME", &home).status().unwrap().success());
        repo.head()
    };
    let good = sign("signed", &fingerprint);
    let bad = forged(&repo, |raw| raw.replace("signed\n", "other\n"));
    let mut location = repo.location();
    location.environment.push(("GNUPGHOME".into(), home.clone().into()));
    // Keys are younger than the fixed time of the tests.
    let now = 1_900_000_000;
    let key = |from, until| Key { material: KeyMaterial::Gpg(fingerprint.clone()), from, until };
    let of = |id: &str, keys| judged(&location, id, vec![person("ada", keys)], now);
    assert_eq!(of(&good, vec![key(None, None)]), "good gpg ada");
    assert_eq!(of(&good, vec![key(None, Some(now))]), "expired gpg ada");
    assert_eq!(of(&bad, vec![key(None, None)]), "bad gpg -");
    assert_eq!(of(&good, vec![]), "unknown-key gpg -");
    assert_eq!(of(&good, vec![always(KeyMaterial::Gpg("0".repeat(40)))]), "unknown-key gpg -");

    let short = gpg_key(&home, "shortlived");
    let by_short = sign("by a key that ends", &short);
    gpg(&home, &["--faked-system-time", "1850000000", "--quick-set-expire", &short, "1d"], "");
    let ends = vec![always(KeyMaterial::Gpg(short))];
    assert_eq!(of(&by_short, ends), "expired gpg ada");

    let revocation = home.join("openpgp-revocs.d").join(format!("{fingerprint}.rev"));
    let revocation = std::fs::read_to_string(revocation).unwrap().replace(":-----BEGIN", "-----BEGIN");
    gpg(&home, &["--import"], &revocation);
    assert_eq!(of(&good, vec![key(None, None)]), "revoked gpg ada");

    let empty = repo.beside("empty");
    gpg_home(&empty);
    location.environment.push(("GNUPGHOME".into(), empty.into()));
    let elsewhere = |id: &str| judged(&location, id, vec![person("ada", vec![key(None, None)])], now);
    assert_eq!(elsewhere(&good), "unknown-key gpg -");
}

#[test]
fn without_gpg_nothing_can_be_told() {
    let repo = Repo::new();
    let tree = repo.git_with_input(&["mktree"], b"");
    let raw = format!(
        "tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\
         gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nm\n"
    );
    let id = repo.object("commit", raw.as_bytes());
    let path = repo.beside("bin");
    std::fs::create_dir(&path).unwrap();
    let which = |name: &str| {
        let (_, path) = environment().pop().unwrap();
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.exists()).unwrap()
    };
    std::os::unix::fs::symlink(which("git"), path.join("git")).unwrap();
    let mut location = repo.location();
    location.environment.retain(|(name, _)| name != "PATH");
    location.environment.push(("PATH".into(), path.into()));
    let people = || vec![person("ada", vec![always(KeyMaterial::Gpg("0".repeat(40)))])];
    assert_eq!(
        judged(&location, &id, people(), EPOCH),
        "there is an OpenPGP signature, and `gpg` was not found; install GnuPG, or put it on the PATH"
    );
    assert_eq!(judged(&location, &id, vec![], EPOCH), "unknown-key gpg -");
    let without_home = judged(&repo.location(), &id, people(), EPOCH);
    assert!(without_home.starts_with("`gpg` failed: "), "{without_home}");
    let mut location = repo.location();
    let home = repo.beside("gnupg");
    gpg_home(&home);
    location.environment.push(("GNUPGHOME".into(), home.into()));
    assert_eq!(judged(&location, &id, people(), EPOCH), "bad gpg -");
}

#[test]
fn x509_signatures_are_by_unknown_keys() {
    let repo = Repo::new();
    let tree = repo.git_with_input(&["mktree"], b"");
    let raw = format!(
        "tree {tree}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\
         gpgsig -----BEGIN SIGNED MESSAGE-----\n x\n -----END SIGNED MESSAGE-----\n\nm\n"
    );
    let id = repo.object("commit", raw.as_bytes());
    assert_eq!(judged(&repo.location(), &id, vec![], EPOCH), "unknown-key x509 -");
}
