//! Who pushes, on a server whose pushers are whoever signs: `git push --signed` by real keys against the real hook, and
//! certificates that git itself would not send.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod common;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bylaws::ledger::{Entry, Spool};
use common::{Repo, environment};

/// A work tree, a bare repository behind the hook, and keys beside them.
struct Server {
    work: Repo,
    bare: PathBuf,
}

/// What a push did.
struct Pushed {
    went_through: bool,
    said: String,
}

impl Pushed {
    #[track_caller]
    fn accepted(&self) {
        assert!(self.went_through, "it was refused:\n{}", self.said);
    }

    #[track_caller]
    fn refused(&self, why: &str) {
        assert!(!self.went_through, "it went through:\n{}", self.said);
        // The answer is broken into lines behind `remote:`.
        let said = self.said.replace("remote:", " ");
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(why), "it does not say `{why}`:\n{}", self.said);
    }
}

impl Server {
    /// With `ada` as operator, who has pushed a policy in which `ada` and `bob` have keys, `carl`'s is over, and `main` is
    /// protected.
    fn new(words: &[&str], identity: &str) -> Self {
        let work = Repo::init(words);
        let bare = work.beside("server.git");
        let server = Self { work, bare };
        let bare = server.bare.display().to_string();
        server.work.git(&[&["init", "-q", "--bare", "-b", "main"], words, &[bare.as_str()]].concat());
        for (key, value) in [
            ("receive.certNonceSeed", "a secret"),
            ("receive.advertisePushOptions", "true"),
            ("gpg.ssh.allowedSignersFile", &server.work.beside("allowed").display().to_string()),
        ] {
            server.in_bare(&["config", key, value]);
        }
        server.work.git(&["config", "gpg.format", "ssh"]);
        let keys: Vec<String> = ["ada", "bob", "carl", "eve"].map(|name| server.make_key(name)).to_vec();
        // git knows carl's key as one whose time is over: it says `G`, and no signer.
        let allowed = format!("carl@example.org namespaces=\"git\",valid-before=\"20200101\" {}\n", keys[2]);
        std::fs::write(server.work.beside("allowed"), allowed).unwrap();
        server.write_settings(identity, &keys[0]);
        server.write_hook("");
        server.work.write(
            ".bylaws/bylaws.toml",
            "requires = \"1.0\"\nextends = []\n[environments.production]\nrefs = [\"main\"]\nallow = [\"force-push\"]\n\
             [requirements.production]\nmajor = {}\n",
        );
        server.work.write(".bylaws/rules/signed.rhai", RULE);
        let person = |name: &str, key: &str, more: &str| {
            format!("[people.{name}]\nlogins = [\"{name}\"]\nkeys = [{{ ssh = \"{key}\"{more} }}]\n")
        };
        let people = [
            person("ada", &keys[0], ""),
            person("bob", &keys[1], ""),
            person("carl", &keys[2], ", until = 2020-01-01"),
        ];
        server.work.write(".bylaws/people.toml", people.concat());
        server.work.commit("A policy");
        server
    }

    fn make_key(&self, name: &str) -> String {
        let file = self.key(name);
        let args = ["-q", "-N", "", "-C", name, "-t", "ed25519", "-f", &file];
        assert!(Command::new("ssh-keygen").args(args).status().unwrap().success());
        let public = std::fs::read_to_string(format!("{file}.pub")).unwrap();
        public.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    fn key(&self, name: &str) -> String {
        self.work.beside(name).display().to_string()
    }

    fn write_settings(&self, identity: &str, operator: &str) {
        let folder = self.bare.join("bylaws");
        std::fs::create_dir_all(&folder).unwrap();
        Spool::make(folder.join("spool")).unwrap();
        let settings = format!(
            "policy-ref = \"refs/heads/main\"\nidentity = \"{identity}\"\n\
             operators = [{{ login = \"ada\", ssh = \"{operator}\" }}]\n"
        );
        std::fs::write(folder.join("server.toml"), settings).unwrap();
    }

    /// The hook, after `before`, which may change its environment; and a note of what git said of the certificate.
    fn write_hook(&self, before: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.bare.join("hooks/pre-receive");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        let (note, none) = (self.work.beside("note"), self.work.beside("no-settings"));
        let text = format!(
            "#!/bin/sh\necho \"$GIT_PUSH_CERT_STATUS <$GIT_PUSH_CERT_SIGNER> $GIT_PUSH_CERT\" >'{}'\n{before}\n\
             exec '{}' hook --host-settings '{}' pre-receive\n",
            note.display(),
            env!("CARGO_BIN_EXE_bylaws"),
            none.display()
        );
        // Written by another process: one that this one has open for writing cannot be run while it forks.
        let mut copy =
            Command::new("sh").arg("-c").arg("cat >\"$0\"").arg(&file).stdin(Stdio::piped()).spawn().unwrap();
        copy.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(copy.wait().unwrap().success());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn in_bare(&self, args: &[&str]) -> String {
        let bare = format!("--git-dir={}", self.bare.display());
        self.work.git(&[&[bare.as_str()], args].concat())
    }

    /// What git thought of the last push's certificate: its status, signer, and the blob.
    fn note(&self) -> String {
        std::fs::read_to_string(self.work.beside("note")).unwrap().trim().to_owned()
    }

    fn push(&self, words: &[&str]) -> Pushed {
        let bare = self.bare.display().to_string();
        let mut command = self.work.command(&[&["push", "-q"], words, &[&bare, "HEAD:main"]].concat());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Pushed { went_through: output.status.success(), said }
    }

    /// A new commit, pushed with a certificate that `name`'s key signs.
    fn signed_by(&self, name: &str, words: &[&str]) -> Pushed {
        self.work.commit("More");
        self.work.git(&["config", "user.signingKey", &self.key(name)]);
        self.push(&[&["--signed"], words].concat())
    }

    fn entries(&self) -> Vec<Entry> {
        let spool = Spool::at(self.bare.join("bylaws/spool"));
        spool.entries().unwrap().entries.into_iter().map(|one| one.1).collect()
    }

    fn last_pusher(&self) -> String {
        let pusher = self.entries().pop().unwrap().pusher.unwrap_or_default();
        format!("{} {}", pusher.login.unwrap_or_default(), pusher.person.unwrap_or_default())
    }

    /// Sends a certificate as it is, whatever git would think of it; `edit` has the nonce that the server asks for.
    fn send(&self, edit: impl Fn(&str) -> String) -> Pushed {
        let mut command = Command::new("git");
        command.env_clear().envs(environment()).arg("receive-pack").arg(&self.bare);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let advertised = until_flush(&mut output);
        let nonce = advertised.split("push-cert=").nth(1).unwrap().split([' ', '\n']).next().unwrap();
        let mut request = Vec::new();
        let format =
            if self.in_bare(&["rev-parse", "--show-object-format"]) == "sha256" { "sha256" } else { "sha1" };
        packet(&mut request, format!("push-cert\0report-status object-format={format}").as_bytes());
        for line in edit(nonce).split_inclusive('\n') {
            packet(&mut request, line.as_bytes());
        }
        packet(&mut request, b"push-cert-end\n");
        request.extend_from_slice(b"0000");
        let empty =
            self.work.command(&["pack-objects", "--stdout", "-q"]).stdin(Stdio::null()).output().unwrap();
        request.extend_from_slice(&empty.stdout);
        // It may have ended by then.
        drop(input.write_all(&request));
        drop(input);
        let mut said = String::new();
        output.read_to_string(&mut said).unwrap();
        let rest = child.wait_with_output().unwrap();
        said.push_str(&String::from_utf8_lossy(&rest.stderr));
        Pushed { went_through: said.contains("ok refs/heads/main"), said }
    }

    /// The certificate of the last push.
    fn last_certificate(&self) -> String {
        let blob = self.note();
        self.in_bare(&["cat-file", "blob", blob.rsplit(' ').next().unwrap()]) + "\n"
    }
}

/// Says whether the push is signed, and hinders nobody.
const RULE: &str = "rule(\"signed\", #{\n    title: \"Pushes are signed\",\n    why: \"Who moved a ref is known by a key.\",\n    level: \"advisory\",\n    push: |push, params| if !push.is_signed { finding(`not signed by ${push.pusher.login}`) },\n});\n";

fn packet(request: &mut Vec<u8>, text: &[u8]) {
    request.extend_from_slice(format!("{:04x}", text.len() + 4).as_bytes());
    request.extend_from_slice(text);
}

fn until_flush(output: &mut impl std::io::Read) -> String {
    let mut all = String::new();
    loop {
        let mut head = [0; 4];
        output.read_exact(&mut head).unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&head).unwrap(), 16).unwrap();
        if length == 0 {
            return all;
        }
        let mut body = vec![0; length - 4];
        output.read_exact(&mut body).unwrap();
        all.push_str(&String::from_utf8_lossy(&body));
    }
}

/// The nonce in a certificate.
fn nonce_of(certificate: &str) -> String {
    certificate.split("\nnonce ").nth(1).unwrap().split('\n').next().unwrap().to_owned()
}

#[test]
fn whoever_signs_is_the_pusher() {
    for words in [&[][..], &["--object-format=sha256"][..]] {
        let server = Server::new(words, "push-cert");
        server.push(&[]).refused("the push is not signed");
        server.signed_by("bob", &[]).refused("a key that nobody in people.toml has");
        server.signed_by("ada", &[]).accepted();
        assert_eq!(server.last_pusher(), "ada ", "before there are people the operator is known by the key");
        server.signed_by("ada", &[]).accepted();
        assert_eq!(server.last_pusher(), "ada ada");
        // The name in the certificate is the client's to choose; the key is not.
        server.work.git(&["config", "user.name", "Ada Lovelace"]);
        server.signed_by("bob", &["-o", "ticket=7", "-o", "why=because it is so"]).accepted();
        assert_eq!(server.last_pusher(), "bob bob");
        let facts = server.entries().pop().unwrap().facts;
        let certificate = facts.certificate.unwrap();
        assert_eq!(certificate, server.last_certificate());
        assert!(certificate.contains("\npushee ") && certificate.contains("\npush-option ticket=7\n"));
        assert!(
            facts.notes.iter().any(|note| note.starts_with("signed by the key SHA256:")),
            "{:?}",
            facts.notes
        );
        server.work.commit("Not signed");
        server.push(&[]).refused("the push is not signed");
        assert_eq!(server.last_pusher(), " ");
    }
}

#[test]
fn keys_that_nobody_has_or_whose_time_is_over_count_for_nothing() {
    let server = Server::new(&[], "push-cert");
    server.signed_by("ada", &[]).accepted();
    server.signed_by("eve", &[]).refused("a key that nobody in people.toml has");
    assert!(server.note().starts_with("G <> "), "git thinks well of an unknown key: {}", server.note());
    server.signed_by("carl", &[]).refused("the key that signed the push certificate is not valid now");
    assert!(server.note().starts_with("G <> "), "and of an expired one: {}", server.note());
    server.signed_by("bob", &[]).accepted();
}

#[test]
fn a_certificate_holds_for_its_push_alone() {
    let server = Server::new(&[], "push-cert");
    server.signed_by("ada", &[]).accepted();
    let before = server.in_bare(&["rev-parse", "main"]);
    server.signed_by("bob", &[]).accepted();
    let certificate = server.last_certificate();
    server.in_bare(&["update-ref", "refs/heads/main", &before]);
    // A nonce is new every second.
    std::thread::sleep(Duration::from_millis(1100));
    server.send(|_| certificate.clone()).refused("the nonce of the push certificate is not of this push");
    let without = certificate.replace(&format!("nonce {}\n", nonce_of(&certificate)), "");
    server.send(|_| without.clone()).refused("the push certificate has no nonce");
    let fresh = |nonce: &str| certificate.replace(&nonce_of(&certificate), nonce);
    server.send(fresh).refused("the signature of the push certificate is bad");
    server
        .send(|nonce| fresh(nonce).replace("\n\n", "\nodd header\n\n"))
        .refused("not of the form that git makes");
    // A new branch by what bob signed for main.
    let zero = "0".repeat(40);
    let elsewhere = |nonce: &str| {
        fresh(nonce).replace(" refs/heads/main\n", " refs/heads/other\n").replace(&before, &zero)
    };
    let other = server.send(elsewhere);
    assert!(other.said.contains("ok refs/heads/other"), "{}", other.said);
    assert_eq!(
        server.last_pusher(),
        " ",
        "anybody may push an unprotected ref, and nobody by this certificate"
    );
    assert_eq!(server.in_bare(&["rev-parse", "main"]), before);
}

#[test]
fn what_git_says_of_the_nonce_must_be_ok_and_the_refs_those_that_are_pushed() {
    let server = Server::new(&[], "push-cert");
    server.signed_by("ada", &[]).accepted();
    let tampered = |before: &str| {
        server.write_hook(before);
        server.signed_by("bob", &[])
    };
    tampered("export GIT_PUSH_CERT_NONCE_STATUS=SLOP GIT_PUSH_CERT_NONCE_SLOP=90").refused("is stale");
    tampered("export GIT_PUSH_CERT_NONCE_STATUS=BAD").refused("is not of this push");
    tampered("export GIT_PUSH_CERT_NONCE=1-other").refused("is not of this push");
    tampered("unset GIT_PUSH_CERT_NONCE GIT_PUSH_CERT_NONCE_STATUS").refused("this server asks for no nonce");
    tampered("export GIT_PUSH_OPTION_COUNT=1 GIT_PUSH_OPTION_0=x")
        .refused("other push options than the push");
    tampered("export GIT_PUSH_CERT=$(git rev-parse HEAD)").refused("cannot be read");
    tampered("export GIT_PUSH_CERT=nonsense").refused("cannot be read");
    // The certificate of another push, as if a client had been let to set the variables: for other refs.
    server.write_hook("");
    server.signed_by("bob", &[]).accepted();
    let (blob, nonce) = (server.note(), nonce_of(&server.last_certificate()));
    let blob = blob.rsplit(' ').next().unwrap();
    let set = format!(
        "export GIT_PUSH_CERT={blob} GIT_PUSH_CERT_NONCE={nonce} GIT_PUSH_CERT_NONCE_STATUS=OK GIT_PUSH_CERT_STATUS=G"
    );
    server.write_hook(&set);
    server.work.commit("More");
    server.push(&[]).refused("the push certificate is for other refs than those that are pushed");
    server.write_hook("");
    server.signed_by("bob", &[]).accepted();
}

/// `gpg` with a keyring of its own.
fn gpg(home: &Path, args: &[&str]) -> String {
    let output =
        Command::new("gpg").args(["--batch", "--quiet", "--homedir"]).arg(home).args(args).output().unwrap();
    assert!(output.status.success(), "gpg {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn openpgp_keys_sign_too() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::new(&[], "push-cert");
    server.signed_by("ada", &[]).accepted();
    let machine = server.work.beside("home");
    let home = machine.join(".gnupg");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
    let fingerprint = |name: &str| {
        gpg(&home, &["--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never"]);
        let list = gpg(&home, &["--with-colons", "--list-keys", name]);
        list.lines().find(|line| line.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap().to_owned()
    };
    let (grace, eve) = (fingerprint("grace@example.org"), fingerprint("eve@example.org"));
    let people = server.work.path().join(".bylaws/people.toml");
    let listed = std::fs::read_to_string(&people).unwrap();
    std::fs::write(&people, format!("{listed}[people.grace]\nkeys = [{{ gpg = \"{grace}\" }}]\n")).unwrap();
    server.signed_by("bob", &[]).accepted();
    server.work.git(&["config", "gpg.format", "openpgp"]);
    server.write_hook(&format!("export HOME='{}'", machine.display()));
    let signed = |key: &str| {
        server.work.commit("More");
        server.work.git(&["config", "user.signingKey", key]);
        let bare = server.bare.display().to_string();
        let mut command = server.work.command(&["push", "-q", "--signed", &bare, "HEAD:main"]);
        let output = command.env("GNUPGHOME", &home).output().unwrap();
        Pushed {
            went_through: output.status.success(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    };
    signed(&eve).refused("a key that nobody in people.toml has");
    signed(&grace).accepted();
    assert_eq!(server.last_pusher(), "grace grace");
    server.write_hook("export HOME=/nonexistent");
    signed(&grace).refused("the push certificate cannot be verified: `gpg` failed");
}

#[test]
fn by_another_source_a_certificate_names_nobody() {
    let server = Server::new(&[], "ssh");
    server.write_hook("export BYLAWS_LOGIN=ada");
    server.signed_by("bob", &[]).accepted();
    server.signed_by("bob", &[]).accepted();
    assert_eq!(server.last_pusher(), "ada ada");
    let entry = server.entries().pop().unwrap();
    assert!(entry.facts.certificate.is_some() && entry.findings.is_empty(), "{:?}", entry.findings);
    server.signed_by("eve", &[]).accepted();
    let entry = server.entries().pop().unwrap();
    assert_eq!(entry.findings[0].message, "not signed by ada");
    let facts = entry.facts;
    assert_eq!(facts.certificate, None);
    assert!(facts.notes.iter().any(|note| note.starts_with("not taken as signed: ")), "{:?}", facts.notes);
    server.write_hook("");
    server.signed_by("bob", &[]).refused("nobody says who pushes: BYLAWS_LOGIN is not set");
}

#[test]
fn by_unix_accounts_protected_refs_need_the_operator_s_trust() {
    let server = Server::new(&[], "unix");
    let me = Command::new("id").args(["-r", "-u", "-n"]).output().unwrap();
    let me = String::from_utf8(me.stdout).unwrap();
    let settings = |more: &str| {
        let file = server.bare.join("bylaws/server.toml");
        let text = std::fs::read_to_string(&file).unwrap().replace("\"ada\"", &format!("\"{}\"", me.trim()));
        std::fs::write(file, text + more).unwrap();
    };
    settings("");
    server.push(&[]).accepted();
    server.work.write(".bylaws/people.toml", format!("[people.me]\nlogins = [\"{}\"]\n", me.trim()));
    server.work.commit("Me");
    server.push(&[]).refused("pushers have a shell on the server and can go round any hook");
    settings("trust-shell = true\n");
    server.push(&[]).refused("is nobody in people.toml");
    assert!(Path::new(&server.bare).exists());
}
