//! `kill -9` at random moments of many pushes.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::common::{EPOCH, Repo};
use crate::processes::{self, Seen};
use crate::server::{Kind, Server};

/// Random numbers that are the same in every run: xorshift64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// Which of the server's processes dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Victim {
    ReceivePack,
    Hook,
    ChildOfGit,
    All,
}

const VICTIMS: [Victim; 4] = [Victim::ReceivePack, Victim::Hook, Victim::ChildOfGit, Victim::All];

/// What came of many pushes.
#[derive(Debug, Default)]
struct Tally {
    pushes: usize,
    killed: HashMap<Victim, usize>,
    too_late: usize,
    moved: usize,
    quarantines: usize,
    locks: usize,
    keeps: usize,
}

#[test]
fn trap_14_killed_at_any_moment() {
    Kind::each(|kind| {
        let tally = Story::new(kind, 10).run();
        assert!(tally.killed.len() > 1, "hardly anything was killed: {tally:?}");
    });
}

/// 1,000 pushes: `cargo test --release --test stress -- --ignored --nocapture thousand`.
#[test]
#[ignore = "it takes some minutes; the short form runs always"]
fn trap_14_killed_at_any_moment_of_a_thousand_pushes() {
    Kind::each(|kind| {
        let started = Instant::now();
        let tally = Story::new(kind, 250).run();
        println!("{kind}: {tally:?} in {:?}", started.elapsed());
    });
}

/// Each by itself, as a kill leaves it: it goes when it is old, or its maker known to be gone, and not before.
#[test]
fn trap_14_what_a_killed_process_leaves() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let (repository, old) = (server.repository(), work.head());
        for (key, value) in [
            ("receive.autogc", "false"),
            ("receive.unpackLimit", "1"),
            ("core.filesRefLockTimeout", "50"),
            ("reftable.lockTimeout", "50"),
        ] {
            server.git(&["config", key, value]);
        }
        work.write("goods", "tea\n");
        work.commit("Sell tea");
        let lock = match kind.refs {
            "files" => repository.join("refs/heads/main.lock"),
            _ => repository.join("reftable/tables.list.lock"),
        };
        fs::write(&lock, "").unwrap();
        let said = server.push("bob", &work, &["main"]).refused();
        assert!(lock.exists(), "it is young: {said}");
        age(&lock);
        server.push("bob", &work, &["main"]).ok();
        let told = server.entries().pop().unwrap();
        assert!(
            told["facts"]["notes"].to_string().contains(".lock`, which a killed process had left"),
            "{told:#}"
        );

        // The same push once more, and beside its pack what kept it.
        server.git(&["update-ref", "refs/heads/main", &old]);
        let packs = files(&repository.join("objects/pack"), &|path| {
            path.extension().is_some_and(|end| end == "pack")
        });
        for pack in packs {
            let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
            let text = format!("receive-pack 4194305 on {}\n", host.trim());
            fs::write(pack.with_extension("keep"), text).unwrap();
        }
        server.push("bob", &work, &["main"]).ok();
        let told = server.entries().pop().unwrap();
        assert!(
            told["facts"]["notes"].to_string().contains(".keep`, which a killed process had left"),
            "{told:#}"
        );

        let place = |name: &str| repository.join("objects").join(name);
        for name in ["tmp_objdir-incoming-young1", "tmp_objdir-incoming-oldold", "incoming-oldold"] {
            fs::create_dir_all(place(name).join("pack")).unwrap();
            fs::write(place(name).join("pack/tmp_pack_X"), "half").unwrap();
        }
        age(&place("tmp_objdir-incoming-oldold"));
        age(&place("incoming-oldold"));
        server.push("bob", &work, &["main:refs/heads/other"]).ok();
        assert_eq!(quarantines(&repository), [place("tmp_objdir-incoming-young1")]);
    });
}

struct Story {
    server: Server,
    work: Repo,
    /// Commits, each on the one before.
    line: Vec<String>,
    /// For each of them one on it that no rule lets in.
    bad: Vec<String>,
    dice: Dice,
    /// Where refs were when they were last looked at.
    refs: HashMap<String, String>,
    read: HashSet<PathBuf>,
    entries: Vec<Value>,
    tally: Tally,
}

impl Story {
    fn new(kind: Kind, pushes: usize) -> Self {
        let server = Server::new(kind);
        // It would hold locks in the background that this test takes for left behind.
        server.git(&["config", "receive.autogc", "false"]);
        let work = server.clone();
        let (line, bad) = commits(&work, pushes);
        let dice = Dice(0x9e37_79b9_7f4a_7c15 ^ EPOCH.unsigned_abs());
        let refs = refs_of(&server);
        Self {
            server,
            work,
            line,
            bad,
            dice,
            refs,
            read: HashSet::new(),
            entries: Vec::new(),
            tally: Tally::default(),
        }
    }

    fn run(mut self) -> Tally {
        // How long a push takes here decides when to kill.
        let started = Instant::now();
        self.push_whole(&[format!("{}:refs/heads/first", self.line[0])]);
        let usual = started.elapsed();
        for n in 0..self.line.len() {
            // Small packs are unpacked, large ones are kept: other programs of git's.
            self.server.git(&["config", "receive.unpackLimit", if n % 2 == 0 { "100" } else { "1" }]);
            let words = self.words(n);
            self.killed_push(&words, usual);
            self.look();
            // Nobody mends anything: the next push goes through.
            self.push_whole(&[
                format!("{}:refs/heads/main", self.line[n]),
                format!("+{}:refs/heads/again", self.line[n]),
            ]);
            self.look();
        }
        self.look_at_the_end();
        self.tally
    }

    /// What is pushed and killed: one ref, several, a deletion, or what is refused.
    fn words(&mut self, n: usize) -> Vec<String> {
        let (good, bad) = (&self.line[n], &self.bad[n]);
        match self.dice.roll(5) {
            0 => vec![format!("{bad}:refs/heads/main")],
            1 => vec![
                format!("{good}:refs/heads/main"),
                format!("{good}:refs/heads/new-{n}"),
                ":refs/heads/again".into(),
            ],
            _ => vec![format!("{good}:refs/heads/main")],
        }
    }

    fn killed_push(&mut self, words: &[String], usual: Duration) {
        let url = self.server.url("bob");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = self.work.command(&[&["push", "-q", &url], words.as_slice()].concat());
        let mut push =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moment = usual.mul_f64(self.dice.roll(1_000) as f64 / 1_000.0);
        let victim = VICTIMS[usize::try_from(self.dice.roll(4)).unwrap()];
        let started = Instant::now();
        let mut all = HashSet::new();
        while started.elapsed() < moment {
            all.extend(processes::of_the_server(push.id()));
            std::thread::sleep(Duration::from_millis(1));
        }
        let now = processes::of_the_server(push.id());
        let killed = victims(&now, victim);
        killed.iter().for_each(|seen| seen.kill());
        self.tally.pushes += 1;
        match killed.is_empty() {
            true => self.tally.too_late += 1,
            false => *self.tally.killed.entry(victim).or_default() += 1,
        }
        all.extend(now);
        push.wait().unwrap();
        processes::wait_for_the_end(&all);
        self.tally.locks += self.age_locks();
    }

    /// A push that nobody disturbs, which must go through whatever the one before left behind.
    fn push_whole(&mut self, words: &[String]) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.server.push("bob", &self.work, &words).ok();
    }

    fn keeps(&self) -> Vec<PathBuf> {
        files(&self.server.repository(), &|path| path.extension().is_some_and(|end| end == "keep"))
    }

    /// Lets time go by for what a killed process has locked.
    fn age_locks(&self) -> usize {
        let locks =
            files(&self.server.repository(), &|path| path.extension().is_some_and(|end| end == "lock"));
        locks.iter().for_each(|path| age(path));
        locks.len()
    }

    /// Every ref that moved has an entry that let it move.
    fn look(&mut self) {
        let folder = self.server.repository().join("bylaws/spool");
        for path in files(&folder, &|path| path.extension().is_some_and(|end| end == "json")) {
            if path.parent() == Some(&folder) && self.read.insert(path.clone()) {
                self.entries.push(serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
            }
        }
        let now = refs_of(&self.server);
        let names: HashSet<&String> = now.keys().chain(self.refs.keys()).collect();
        for name in names {
            let (old, new) = (self.refs.get(name), now.get(name));
            if old == new {
                continue;
            }
            self.tally.moved += 1;
            assert!(self.is_decided(name, old, new), "{name} went from {old:?} to {new:?} undecided");
            assert!(new.is_none_or(|new| !self.bad.contains(new)), "{name} has what is refused");
        }
        self.refs = now;
    }

    fn is_decided(&self, name: &str, old: Option<&String>, new: Option<&String>) -> bool {
        self.entries.iter().any(|entry| {
            entry["kind"] == "accepted"
                && entry["ref"] == name
                && entry["old"].as_str() == old.map(String::as_str)
                && entry["new"].as_str() == new.map(String::as_str)
        })
    }

    /// When a day has gone by, the next push leaves nothing of all this.
    fn look_at_the_end(&mut self) {
        let repository = self.server.repository();
        let left = quarantines(&repository);
        self.tally.quarantines = left.len();
        self.tally.keeps = self.keeps().len();
        left.iter().chain(&self.keeps()).for_each(|path| age(path));
        let tip = self.line.last().unwrap().clone();
        self.push_whole(&[format!("{tip}:refs/heads/last")]);
        self.look();
        assert_eq!(quarantines(&repository), Vec::<PathBuf>::new());
        assert_eq!(self.keeps(), Vec::<PathBuf>::new());
        let writing = repository.join("bylaws/spool/tmp");
        assert_eq!(fs::read_dir(writing).unwrap().count(), 0, "halves of entries are left");
        self.server.git(&["fsck", "--connectivity-only"]);
    }
}

/// Who dies: if the chosen one is not there now, all do.
fn victims(now: &[Seen], victim: Victim) -> Vec<&Seen> {
    let found: Vec<&Seen> = match victim {
        Victim::ReceivePack => now.iter().filter(|seen| seen.is_receive_pack()).collect(),
        Victim::Hook => now.iter().filter(|seen| seen.is_hook()).collect(),
        Victim::ChildOfGit => now.iter().filter(|seen| !seen.is_receive_pack() && !seen.is_hook()).collect(),
        Victim::All => Vec::new(),
    };
    if found.is_empty() { now.iter().collect() } else { found }
}

/// A line of commits on `main`, and beside each a bad one.
fn commits(work: &Repo, count: usize) -> (Vec<String>, Vec<String>) {
    let mut stream = String::new();
    let who = format!("committer Ada Lovelace <ada@example.org> {EPOCH} +0000\n");
    for n in 0..count {
        let from = if n == 0 { "refs/heads/main".to_owned() } else { format!(":{}", n) };
        let text = format!("goods {n}\n").repeat(400);
        let file = format!("M 100644 inline goods/{n}\ndata {}\n{text}\n", text.len());
        for (branch, mark, subject) in
            [("line", n + 1, "Sell more"), ("bad", count + n + 1, "Sell bad goods")]
        {
            stream += &format!(
                "reset refs/heads/{branch}\ncommit refs/heads/{branch}\nmark :{mark}\n{who}data {}\n{subject}\nfrom {from}\n{file}\n",
                subject.len() + 1,
            );
        }
    }
    work.git_with_input(&["fast-import", "--quiet", "--export-marks=marks"], stream.as_bytes());
    let marks = fs::read_to_string(work.path().join("marks")).unwrap();
    let marks: HashMap<usize, String> = marks
        .lines()
        .map(|line| line.trim_start_matches(':').split_once(' ').unwrap())
        .map(|(mark, id)| (mark.parse().unwrap(), id.to_owned()))
        .collect();
    let range = |from: usize| (from..from + count).map(|n| marks[&n].clone()).collect();
    (range(1), range(count + 1))
}

fn refs_of(server: &Server) -> HashMap<String, String> {
    let out = server.git(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    out.lines()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
}

/// The quarantines of pushes, those that are at work too.
pub(crate) fn quarantines(repository: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(repository.join("objects")).unwrap().map(|entry| entry.unwrap());
    found
        .filter(|entry| entry.file_name().to_string_lossy().contains("incoming-"))
        .map(|entry| entry.path())
        .collect()
}

/// Files below a folder.
pub(crate) fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok);
    all.filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.into_path())
        .filter(|path| wanted(path))
        .collect()
}

/// Lets two days go by for all that is in a place.
#[allow(clippy::disallowed_methods, reason = "files have the machine's clock")]
pub(crate) fn age(path: &Path) {
    let then = SystemTime::now() - Duration::from_secs(2 * 24 * 60 * 60);
    for entry in walkdir::WalkDir::new(path).contents_first(true) {
        fs::File::open(entry.unwrap().path()).unwrap().set_modified(then).unwrap();
    }
}
