//! gitolite as Debian ships it, in a home of its own, behind the test's sshd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::program;
use super::sshd::{Sshd, account, keygen};
use super::{Kind, init_bare};
use crate::common::{Repo, environment};
use crate::sandbox;

/// A gitolite with the repository `shop`, to which everyone may push.
pub struct Gitolite {
    folder: PathBuf,
    pub sshd: Sshd,
}

impl Gitolite {
    /// Sets it up in `folder`, by its own commands, for these people. `None`, said aloud, where there is no gitolite or sshd.
    pub fn start(folder: &Path, kind: Kind, people: &[&str]) -> Option<Self> {
        program(&["/usr/bin/gitolite"], "gitolite3")?;
        let (home, keys) = (folder.join("home"), folder.join("keys"));
        fs::create_dir_all(home.join("repositories")).unwrap();
        fs::create_dir_all(&keys).unwrap();
        keygen(&keys.join("admin"));
        init_bare(&home.join("repositories/shop.git"), kind);
        let sshd = Sshd::start(&folder.join("sshd"), &home, &home.join(".ssh/authorized_keys"))?;
        let gitolite = Self { folder: folder.to_owned(), sshd };
        gitolite.run(&["setup", "-pk", keys.join("admin.pub").to_str().unwrap()]);
        // Administered as gitolite is: by a push to its own repository.
        let admin = Repo::empty_folder();
        admin.git(&["init", "-q", "-b", "main"]);
        gitolite.sshd.used_by(&admin, &keys.join("admin"));
        admin.git(&["pull", "-q", &gitolite.sshd.url("gitolite-admin"), "HEAD"]);
        for name in people {
            let public = keygen(&keys.join(name));
            admin.write(&format!("keydir/{name}.pub"), public + "\n");
        }
        let conf = "repo gitolite-admin\n    RW+ = admin\nrepo shop\n    RW+ = @all\n";
        admin.write("conf/gitolite.conf", conf);
        admin.commit("Let people in");
        admin.git(&["push", "-q", &gitolite.sshd.url("gitolite-admin"), "HEAD:master"]);
        Some(gitolite)
    }

    pub fn repository(&self) -> PathBuf {
        self.home().join("repositories/shop.git")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A person's key.
    pub fn key(&self, name: &str) -> PathBuf {
        self.folder.join("keys").join(name)
    }

    /// `gitolite WORDS`, as its administrator runs it on the server.
    pub fn run(&self, words: &[&str]) {
        let mut command = Command::new("gitolite");
        command.args(words).env_clear().envs(environment()).env("HOME", self.home()).env("USER", account());
        command.env("PATH", sandbox::daemon_path()).current_dir(self.home());
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gitolite {}: {said}", words.join(" "));
    }
}
