//! A daemon of the test's own: on loopback, on a port that nobody has, gone when the test is.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox;

/// A running daemon.
pub struct Daemon {
    child: Child,
    pub port: u16,
    log: PathBuf,
}

impl Daemon {
    /// Starts it: `command` gets the port, and must stay in the foreground. What it says goes into a file `log`.
    pub fn start(log: &Path, command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..5 {
            let port = free_port();
            let wanted = command(port);
            // It goes with the test's thread, even if that is killed.
            let mut guarded = Command::new("setpriv");
            guarded.args(["--pdeathsig", "TERM"]).arg(wanted.get_program()).args(wanted.get_args());
            guarded.env_clear().env("PATH", sandbox::daemon_path());
            let file = File::create(log).unwrap();
            guarded.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
            let child = guarded.spawn().unwrap();
            let mut daemon = Self { child, port, log: log.to_owned() };
            if daemon.is_up() {
                return daemon;
            }
        }
        panic!("the daemon does not start:\n{}", fs::read_to_string(log).unwrap_or_default());
    }

    /// Waits until it answers; false if it went away, as when another process was faster to take the port.
    fn is_up(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// What it said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// The first of these programs that is there. `None`, said aloud, where none is.
pub fn program(paths: &[&str], package: &str) -> Option<PathBuf> {
    let found = paths.iter().map(PathBuf::from).find(|path| path.is_file());
    if found.is_none() {
        sandbox::not_tested(&format!("{} is missing", paths[0]), &format!("apt-get install {package}"));
    }
    found
}
