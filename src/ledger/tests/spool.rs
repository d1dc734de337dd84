use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::*;

fn spool() -> (TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::make(folder.path().join("spool")).unwrap();
    (folder, spool)
}

fn entries(from: i64, n: i64) -> Vec<Entry> {
    (from..from + n).map(|time| Entry::new(time, Kind::Accepted)).collect()
}

fn times(spool: &Spool) -> Vec<i64> {
    spool.entries().unwrap().entries.iter().map(|(_, entry)| entry.time).collect()
}

fn left_in_tmp(folder: &Path) -> usize {
    fs::read_dir(folder.join("spool/tmp")).map_or(0, Iterator::count)
}

#[test]
fn entries_come_back_in_the_order_they_were_written() {
    let (folder, spool) = spool();
    let mut names = Vec::new();
    for (from, n) in [(0, 1), (1, 3), (4, 200), (204, 8), (212, 9)] {
        names.extend(spool.write(&entries(from, n)).unwrap());
        // The clocks of file systems tick every few milliseconds.
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(times(&spool), (0..221).collect::<Vec<_>>());
    assert_eq!(spool.names().unwrap(), names);
    assert_eq!(left_in_tmp(folder.path()), 0);
    assert_eq!(spool.read(&names[5]).unwrap().unwrap().unwrap().time, 5);
    assert_eq!(spool.read("0-0-0-0.json").unwrap(), None);
}

#[test]
fn nothing_to_write_needs_no_spool() {
    assert_eq!(Spool::at("/nowhere").write(&[]).unwrap(), Vec::<String>::new());
}

#[test]
#[cfg(unix)]
fn only_the_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, spool) = spool();
    let name = spool.write(&entries(0, 1)).unwrap().remove(0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("spool")), 0o700);
    assert_eq!(mode(&folder.path().join("spool").join(name)), 0o600);
}

#[test]
fn writers_at_once_lose_nothing() {
    let (folder, spool) = spool();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let spool = &spool;
            scope.spawn(move || {
                for n in 0..20 {
                    spool.write(&entries(writer * 1_000 + n * 10, if n == 7 { 10 } else { 1 })).unwrap();
                }
            });
        }
    });
    let mut times = times(&spool);
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), 8 * 29);
    assert_eq!(left_in_tmp(folder.path()), 0);
}

#[test]
fn what_is_no_entry_is_told_and_harms_nothing() {
    let (folder, spool) = spool();
    let name = spool.write(&entries(1, 1)).unwrap().remove(0);
    let at = |name: &str| folder.path().join("spool").join(name);
    let broken = name.replace("-000000-", "-000001-");
    fs::write(at(&broken), "{\"time\":").unwrap();
    fs::write(at("notes.txt"), "").unwrap();
    fs::create_dir(at("folder")).unwrap();
    let spooled = spool.entries().unwrap();
    assert_eq!(spooled.entries.len(), 1);
    let mut paths: Vec<_> = spooled.strange.into_iter().map(|strange| strange.path).collect();
    paths.sort();
    assert_eq!(paths, [at(&broken), at("folder"), at("notes.txt")]);
}

#[test]
fn a_spool_that_is_none_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    let failed = |kind: ErrorKind| {
        let error = Spool::at(&path).write(&entries(0, 1)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        crate::diagnostic::Diagnostic::from(error).to_string().replace(&path.display().to_string(), "SPOOL")
    };
    insta::assert_snapshot!(failed(ErrorKind::NotFound), @"
    error: cannot find the spool: No such file or directory (os error 2) (`SPOOL`)
      = help: the operator has to run `bylaws install --server` for this repository again
    ");
    fs::write(&path, "").unwrap();
    insta::assert_snapshot!(failed(ErrorKind::NotADirectory), @"
    error: cannot use the spool: not a directory (`SPOOL`)
      = help: the operator has to put a folder there; a link or a file will not do
    ");
    #[cfg(unix)]
    {
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(folder.path(), &path).unwrap();
        failed(ErrorKind::NotADirectory);
        fs::remove_file(&path).unwrap();
    }
    Spool::make(&path).unwrap();
    fs::write(path.join("tmp"), "").unwrap();
    failed(ErrorKind::NotADirectory);
    assert_eq!(times(&Spool::at(&path)), Vec::<i64>::new());
}

/// A name below `tmp` as a writer makes it.
fn writer_of(pid: u32, start: u64) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(Process::own().host.as_bytes());
    let host: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{pid}-{start}-{host}-0123456789abcdef")
}

#[test]
#[cfg(target_os = "linux")]
fn what_killed_writers_left_is_removed_and_nobody_else_s() {
    let (folder, spool) = spool();
    let own = Process::own();
    let tmp = folder.path().join("spool/tmp");
    let dead = tmp.join(writer_of(own.pid, 1));
    let alive = tmp.join(writer_of(own.pid, own.start.unwrap()));
    let elsewhere = tmp.join("1-1-0000000000000000-0123456789abcdef");
    let old = tmp.join("1-2-0000000000000000-0123456789abcdef");
    for left in [&dead, &alive, &elsewhere, &old] {
        fs::create_dir_all(left).unwrap();
        fs::write(left.join("000000.json"), "{\"time\"").unwrap();
    }
    let day_ago = fs::metadata(&old).unwrap().modified().unwrap() - Duration::from_secs(25 * 60 * 60);
    fs::File::open(&old).unwrap().set_modified(day_ago).unwrap();
    spool.write(&entries(0, 1)).unwrap();
    assert_eq!([&dead, &alive, &elsewhere, &old].map(|left| left.exists()), [false, true, true, false]);
}

/// Large enough to be half written, small enough for a disk that others use.
fn long_entry(time: i64) -> Entry {
    let facts = Facts { certificate: Some("c".repeat(20_000)), ..Facts::default() };
    Entry { facts, ..Entry::new(time, Kind::Accepted) }
}

/// Run by the next test in a process of its own, in whose folder the spool is.
#[test]
#[ignore = "run by another test"]
fn writes_until_killed() {
    let spool = Spool::at("killed");
    if !Path::new("killed").exists() {
        return;
    }
    let mut told = fs::File::create("told").unwrap();
    for batch in 0.. {
        let size = [1, 3, 12][usize::try_from(batch % 3).unwrap()];
        spool.write(&vec![long_entry(batch); size]).unwrap();
        // At once: it may be killed between two pieces of a line.
        told.write_all(format!("{batch} {size}\n").as_bytes()).unwrap();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn whenever_a_writer_is_killed_what_is_seen_is_whole() {
    use std::process::{Command, Stdio};
    const ROUNDS: u64 = 25;
    let mut seen_half_done = 0;
    for round in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::make(folder.path().join("killed")).unwrap();
        let mut child = Command::new("/proc/self/exe")
            .args(["--exact", "ledger::tests::spool::writes_until_killed", "--ignored", "--nocapture"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while spool.names().unwrap().is_empty() {
            assert!(child.try_wait().unwrap().is_none(), "the writer has ended by itself");
            std::thread::yield_now();
        }
        let until = Instant::now() + Duration::from_micros(round * 1_777 % 20_000);
        while Instant::now() < until {
            assert_eq!(spool.entries().unwrap().strange, [], "half of one was seen");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let output = fs::read_to_string(folder.path().join("told")).unwrap();

        let spooled = spool.entries().unwrap();
        assert_eq!(spooled.strange, []);
        let whole =
            |batch: i64| spooled.entries.iter().filter(|(_, entry)| *entry == long_entry(batch)).count();
        let mut told = 0;
        for line in output.lines() {
            let (batch, size) = line.split_once(' ').unwrap();
            assert_eq!(whole(batch.parse().unwrap()), size.parse::<usize>().unwrap(), "{line}");
            told += size.parse::<usize>().unwrap();
        }
        assert!(spooled.entries.iter().all(|(_, entry)| *entry == long_entry(entry.time)));
        let left = fs::read_dir(folder.path().join("killed/tmp")).unwrap().count();
        seen_half_done += usize::from(left > 0 || told < spooled.entries.len());

        spool.write(&entries(-1, 1)).unwrap();
        assert_eq!(fs::read_dir(folder.path().join("killed/tmp")).unwrap().count(), 0);
    }
    assert!(seen_half_done > 0, "no writer was killed at work");
}
