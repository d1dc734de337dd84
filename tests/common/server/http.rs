//! `git http-backend` behind a real web server, which asks for names and passwords.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::daemon::{Daemon, program};
use super::git_in;

/// A web server for the repositories below a folder.
pub struct Http {
    daemon: Daemon,
}

impl Http {
    /// Starts it in `folder`: everyone of `people` has the password `secret`. `None`, said aloud, where there is no web
    /// server.
    pub fn start(folder: &Path, repositories: &Path, people: &[&str]) -> Option<Self> {
        let lighttpd = program(&["/usr/sbin/lighttpd", "/usr/bin/lighttpd"], "lighttpd")?;
        fs::create_dir_all(folder.join("home")).unwrap();
        let backend = PathBuf::from(git_in(folder, &["--exec-path"])).join("git-http-backend");
        let users: String = people.iter().map(|name| format!("{name}:secret\n")).collect();
        fs::write(folder.join("users"), users).unwrap();
        let daemon = Daemon::start(&folder.join("log"), |port| {
            let config = folder.join("config");
            let text = format!(
                "server.document-root = \"{folder}/home\"\nserver.bind = \"127.0.0.1\"\nserver.port = {port}\n\
                 server.modules = (\"mod_auth\", \"mod_authn_file\", \"mod_alias\", \"mod_setenv\", \"mod_cgi\")\n\
                 server.upload-dirs = (\"{folder}\")\n\
                 auth.backend = \"plain\"\nauth.backend.plain.userfile = \"{folder}/users\"\n\
                 auth.require = (\"/\" => (\"method\" => \"basic\", \"realm\" => \"git\", \"require\" => \"valid-user\"))\n\
                 alias.url = (\"/git\" => \"{backend}\")\ncgi.assign = (\"\" => \"\")\n\
                 setenv.set-environment = (\"GIT_PROJECT_ROOT\" => \"{repositories}\", \"GIT_HTTP_EXPORT_ALL\" => \"1\",\n  \
                 \"HOME\" => \"{folder}/home\", \"GIT_CONFIG_NOSYSTEM\" => \"1\", \"PATH\" => env.PATH)\n",
                folder = folder.display(),
                backend = backend.display(),
                repositories = repositories.display(),
            );
            fs::write(&config, text).unwrap();
            let mut command = Command::new(&lighttpd);
            command.arg("-D").arg("-f").arg(&config);
            command
        });
        Some(Self { daemon })
    }

    /// The url of a repository, for this person.
    pub fn url(&self, login: &str, repository: &str) -> String {
        format!("http://{login}:secret@127.0.0.1:{}/git/{repository}", self.daemon.port)
    }

    /// What the web server said.
    pub fn log(&self) -> String {
        self.daemon.log()
    }
}
