//! Disks that are full, spools that are no spools, objects that are broken, clocks that jump.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::Repo;
use crate::killed::files;
use crate::sandbox::{self, executable, quoted};
use crate::server::{Kind, Server, bylaws, push};

/// A commit on `main` that nothing speaks against; its id.
fn good(work: &Repo, n: usize) -> String {
    work.write(&format!("goods/{n}"), format!("{n}\n"));
    work.commit("Sell more")
}

/// Refused, with these words, and no ref moved.
#[track_caller]
fn refused(server: &Server, work: &Repo, words: &[&str]) -> String {
    let before = server.git(&["for-each-ref"]);
    let said = server.push("bob", work, &["main"]).refused();
    // Its lines are wrapped.
    let line = said.replace("remote: ", "").split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(line.contains(word), "no `{word}` in:\n{said}");
    }
    assert_eq!(server.git(&["for-each-ref"]), before);
    said
}

/// A file system of the test's own; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None`, said aloud, where the account may not mount.
    fn new(place: &Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        let mounted =
            mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "none"]).arg(place).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(place.to_owned()));
        }
        sandbox::not_tested("this account may not mount a file system", "run the tests as root");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
    }
}

/// The spool has a disk of its own, and that is full: one kind is enough, entries are the same in all of them.
#[test]
fn trap_14_a_full_disk() {
    let server = Server::new(Kind::USUAL);
    let work = server.clone();
    let spool = server.repository().join("bylaws/spool");
    let Some(_disk) = Disk::new(&spool, "64k") else { return };
    let room = fs::write(spool.join("ballast"), vec![0; 1 << 20]);
    assert!(room.is_err(), "the disk is not full");
    let tip = good(&work, 1);
    refused(
        &server,
        &work,
        &["cannot be recorded, so it is refused", "No space left", "the operator has to make room"],
    );
    assert!(server.entries().is_empty());
    assert_eq!(
        files(&spool, &|path| path.extension().is_some()),
        Vec::<PathBuf>::new(),
        "something half is left"
    );
    fs::remove_file(spool.join("ballast")).unwrap();
    server.push("bob", &work, &["main"]).ok();
    assert_eq!(server.tip("refs/heads/main"), Some(tip));
    assert_eq!(server.entries().len(), 1);
}

/// All of the repository is on it: git cannot take the objects, or we cannot write; either way nothing moves.
#[test]
fn trap_14_a_full_disk_below_the_whole_repository() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let place = server.path("small");
        fs::create_dir(&place).unwrap();
        let Some(disk) = Disk::new(&place, "1m") else { return };
        let copied = Command::new("cp").arg("-a").arg(server.repository()).arg(&place).status().unwrap();
        assert!(copied.success());
        let (there, url) =
            (place.join("shop.git"), server.url("bob").replace("srv/shop.git", "small/shop.git"));
        let before = crate::server::git_in(&there, &["for-each-ref"]);
        let ballast = place.join("ballast");
        assert!(fs::write(&ballast, vec![0; 2 << 20]).is_err());
        good(&work, 1);
        // From no room at all to nearly enough: it gets stuck at ever later steps.
        for room in [0, 8, 16, 24, 32, 40] {
            let left = fs::metadata(&ballast).unwrap().len() - (room << 10);
            fs::OpenOptions::new().write(true).open(&ballast).unwrap().set_len(left).unwrap();
            if push(&work, &url, &["main"]).accepted {
                let moved = crate::server::entries(&there);
                assert!(moved.iter().any(|entry| entry["kind"] == "accepted"), "it moved undecided");
                break;
            }
            assert_eq!(crate::server::git_in(&there, &["for-each-ref"]), before);
        }
        fs::remove_file(&ballast).unwrap();
        push(&work, &url, &["main"]).ok();
        drop(disk);
    });
}

/// What is not a folder of ours is no spool. One kind is enough: refs and objects have no part in it.
#[test]
fn trap_14_a_spool_that_is_none() {
    let server = Server::new(Kind::USUAL);
    let work = server.clone();
    let spool = server.repository().join("bylaws/spool");
    good(&work, 1);
    let gone = server.path("gone");
    fs::rename(&spool, &gone).unwrap();
    refused(&server, &work, &["cannot be recorded", "bylaws install --server"]);
    fs::write(&spool, "").unwrap();
    refused(&server, &work, &["cannot be recorded", "a link or a file will not do"]);
    fs::remove_file(&spool).unwrap();
    symlink(&gone, &spool).unwrap();
    refused(&server, &work, &["cannot be recorded", "a link or a file will not do"]);
    fs::remove_file(&spool).unwrap();
    fs::create_dir(&spool).unwrap();
    if let Some(disk) = Disk::new(&spool, "64k") {
        let read_only = Command::new("mount").args(["-o", "remount,ro"]).arg(&spool).status().unwrap();
        assert!(read_only.success());
        refused(&server, &work, &["cannot be recorded", "mount it writable"]);
        drop(disk);
    }
    server.push("bob", &work, &["main"]).ok();
}

/// A tree cut short, the policy's own blob gone, a pack cut short.
#[test]
fn trap_14_objects_that_are_missing_or_broken() {
    Kind::each(|kind| {
        broken_object(kind, false, "refs/heads/main^{tree}", false);
        broken_object(kind, false, "refs/heads/main:.bylaws/bylaws.toml", true);
        broken_object(kind, true, "refs/heads/main", false);
    });
}

fn broken_object(kind: Kind, packed: bool, what: &str, gone: bool) {
    let server = Server::new(kind);
    let work = server.clone();
    let id = server.git(&["rev-parse", what]);
    let objects = server.repository().join("objects");
    if packed {
        server.git(&["repack", "-adq"]);
    } else {
        for pack in files(&objects, &|path| path.extension().is_some_and(|end| end == "pack")) {
            let pack = fs::read(&pack).unwrap();
            fs::remove_dir_all(objects.join("pack")).unwrap();
            run_with(&server, &["unpack-objects", "-q"], &pack);
        }
    }
    let file = match packed {
        true => files(&objects, &|path| path.extension().is_some_and(|end| end == "pack")).remove(0),
        false => {
            let (folder, name) = id.split_at(2);
            objects.join(folder).join(name)
        }
    };
    Command::new("chmod").arg("u+w").arg(&file).status().unwrap();
    match gone {
        true => fs::remove_file(&file).unwrap(),
        false => {
            let length = fs::metadata(&file).unwrap().len();
            fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
        }
    }
    work.write("goods", "tea\n");
    work.commit("Sell tea");
    let pushed = server.push("bob", &work, &["main", "main:refs/heads/other"]);
    assert!(
        !pushed.accepted,
        "{kind}, packed: {packed}, {what}, gone: {gone}: it went through:\n{}",
        pushed.said
    );
    let told = server.entries();
    assert!(told.iter().all(|entry| entry["kind"] == "denied"), "{told:#?}");
    assert!(!pushed.said.contains("panicked"), "{}", pushed.said);
}

fn run_with(server: &Server, words: &[&str], input: &[u8]) {
    use std::io::Write as _;
    let mut command = Command::new("git");
    command.args(words).current_dir(server.repository()).stdin(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Time is that of the server at the moment; entries keep the order in which they were written, whatever the clock says. One
/// kind is enough: neither refs nor objects have a clock.
#[test]
fn trap_14_a_clock_that_jumps() {
    let server = Server::new(Kind::USUAL);
    let work = server.clone();
    let faketime = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ];
    let Some(library) = crate::server::daemon::program(&faketime, "faketime") else { return };
    for (n, jump) in ["+0", "+400d", "-400d", "-20000d"].iter().enumerate() {
        let shim = server.repository().join("hooks/pre-receive");
        let text = fs::read_to_string(&shim).unwrap();
        let real = quoted(bylaws());
        let jumped = server.path("jumped");
        executable(
            &jumped,
            &format!("#!/bin/sh\nLD_PRELOAD={} FAKETIME={jump} exec {real} \"$@\"\n", quoted(&library)),
        );
        executable(&shim, &text.replace(&format!("bylaws={real}"), &format!("bylaws={}", quoted(&jumped))));
        good(&work, n);
        server.push("bob", &work, &["main"]).ok();
        executable(&shim, &text);
    }
    let news: Vec<String> =
        server.entries().iter().map(|entry| entry["new"].as_str().unwrap().to_owned()).collect();
    let pushed: Vec<String> =
        work.git(&["rev-list", "--reverse", "main~4..main"]).lines().map(str::to_owned).collect();
    assert_eq!(news, pushed);
}
