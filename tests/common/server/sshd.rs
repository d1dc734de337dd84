//! A real sshd, run by the test's own account: each key is a person's, with a forced command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::{Daemon, program};
use crate::common::Repo;
use crate::sandbox::quoted;

/// Keys and configuration in a folder, and the daemon that reads them.
pub struct Sshd {
    daemon: Daemon,
    folder: PathBuf,
}

impl Sshd {
    /// Starts it in `folder`. It gives sessions this `HOME`, whatever the account's is. `None`, said aloud, where there is no
    /// sshd.
    pub fn start(folder: &Path, home: &Path, authorized_keys: &Path) -> Option<Self> {
        let sshd = program(&["/usr/sbin/sshd", "/usr/bin/sshd"], "openssh-server")?;
        fs::create_dir_all(folder).unwrap();
        keygen(&folder.join("host"));
        if account() == "root" {
            // sshd locks its unprivileged part in there.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let daemon = Daemon::start(&folder.join("log"), |port| {
            let config = folder.join("config");
            let text = format!(
                "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nPidFile none\nStrictModes no\nUsePAM no\n\
                 AuthorizedKeysFile {keys}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 PermitRootLogin prohibit-password\nMaxStartups 200\nPerSourceMaxStartups none\n\
                 AcceptEnv GIT_* BYLAWS_* SSH_CONNECTION SSH_ORIGINAL_COMMAND LD_LIBRARY_PATH\nSetEnv HOME={home}\n",
                folder = folder.display(),
                keys = authorized_keys.display(),
                home = home.display(),
            );
            fs::write(&config, text).unwrap();
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f"]).arg(&config);
            command
        });
        let host = fs::read_to_string(folder.join("host.pub")).unwrap();
        fs::write(folder.join("known"), format!("[127.0.0.1]:{} {host}", daemon.port)).unwrap();
        Some(Self { daemon, folder: folder.to_owned() })
    }

    /// The url of a path on the server.
    pub fn url(&self, path: &str) -> String {
        format!("ssh://{}@127.0.0.1:{}/{}", account(), self.daemon.port, path.trim_start_matches('/'))
    }

    pub fn port(&self) -> u16 {
        self.daemon.port
    }

    /// `ssh`, with a person's key and no other, for `core.sshCommand`.
    pub fn client(&self, key: &Path, options: &str) -> String {
        let known = quoted(&self.folder.join("known"));
        format!(
            "ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={known} -o LogLevel=ERROR {options} -i {}",
            quoted(key)
        )
    }

    /// From now on `work` pushes with this key.
    pub fn used_by(&self, work: &Repo, key: &Path) {
        work.git(&["config", "core.sshCommand", &self.client(key, "")]);
        work.git(&["config", "ssh.variant", "ssh"]);
    }

    /// What sshd said.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}

/// Makes a key without a pass phrase; the public half, as it stands in `authorized_keys`.
pub fn keygen(path: &Path) -> String {
    let mut command = Command::new("ssh-keygen");
    let made = command.args(["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"]).arg(path).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    fs::read_to_string(path.with_extension("pub")).unwrap().trim().to_owned()
}

/// The account that runs the tests.
pub fn account() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
