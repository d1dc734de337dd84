//! Contents that no honest client makes: made object by object, and pushed as they are.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{EPOCH, Repo};
use crate::killed::quarantines;
use crate::server::raw::{Answer, Push};
use crate::server::{Kind, POLICY, Server, settings};

/// Rules that look at all there is: names, texts, messages, people.
const LOOKS: &str = r#"rule("looks-at-files", #{
    title: "Looks at all of a file",
    why: "so that odd ones are met",
    level: "hard-mandatory",
    file: |file| {
        let n = file.path.len + file.dir.len + file.name.len + file.size + file.additions;
        for line in file.added_lines { n += line.text.len; }
        if file.path.contains("refuse") { file.finding(`refused: ${file.path}`, 1) }
    },
});
rule("looks-at-commits", #{
    title: "Looks at all of a commit",
    why: "so that odd ones are met",
    level: "hard-mandatory",
    commit: |commit| {
        let n = commit.message.len + commit.author.name.len + commit.author.email.len + commit.trailers.len;
        if commit.message.contains("refuse") { finding(`refused: ${commit.subject} by ${commit.author.name}`) }
    },
});
rule("looks-at-changes", #{
    title: "Looks at all of a change",
    why: "so that odd ones are met",
    level: "hard-mandatory",
    change: |change| {
        let n = change.files.len + change.commits.len;
        if change.impact == "major" { finding("it is major").fix("make it smaller") }
    },
});
"#;

fn server(kind: Kind) -> Server {
    let policy = [POLICY, &[(".bylaws/rules/looks.rhai", LOOKS)]].concat();
    Server::governed(kind, &policy, &settings("ssh"))
}

/// The mode, name and id of an entry of a tree.
type Odd<'a> = (&'a str, &'a [u8], &'a str);

/// A tree from entries, as they are.
fn tree(work: &Repo, entries: &[Odd<'_>]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend((0..id.len()).step_by(2).map(|at| u8::from_str_radix(&id[at..at + 2], 16).unwrap()));
    }
    work.object("tree", &bytes)
}

/// A commit of this tree on `main`, with this message, as they are.
fn commit(work: &Repo, tree: &str, name: &[u8], message: &[u8]) -> String {
    let parent = work.git(&["rev-parse", "main"]);
    let mut bytes = format!("tree {tree}\nparent {parent}\n").into_bytes();
    for role in ["author", "committer"] {
        bytes.extend_from_slice(role.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(format!(" <odd@example.org> {EPOCH} +0000\n").as_bytes());
    }
    bytes.push(b'\n');
    bytes.extend_from_slice(message);
    work.object("commit", &bytes)
}

/// The top of `main` with these entries before those that are there.
fn on_top(work: &Repo, entries: &[Odd<'_>]) -> String {
    let listed = work.git(&["ls-tree", "main"]);
    let there = listed.lines().map(|line| {
        let (about, name) = line.split_once('\t').unwrap();
        let mut about = about.split(' ');
        let (mode, _, id) = (about.next().unwrap(), about.next(), about.next().unwrap());
        (mode.trim_start_matches('0'), name.as_bytes(), id)
    });
    let mut all: Vec<Odd<'_>> = entries.iter().copied().chain(there).collect();
    all.sort_by(|a, b| {
        let key = |entry: &Odd<'_>| [entry.1, if entry.0 == "40000" { b"/" } else { b"" }].concat();
        key(a).cmp(&key(b))
    });
    tree(work, &all)
}

/// Sends a commit to `main` whatever git's own client thinks of it.
fn send(server: &Server, work: &Repo, commit: &str) -> Answer {
    let old = server.tip("refs/heads/main").unwrap();
    Push::new()
        .command(&old, commit, "refs/heads/main")
        .pack(work, &[commit], &[&old])
        .send(server.kind, server.receive_pack("bob"))
}

/// git refuses malformed objects before any hook runs, since `install` asks it to. Where an operator has switched that off the
/// hook has to stand them: each push is judged and recorded, what is shown of it is harmless, and a rule sees the path.
#[test]
fn trap_11_odd_trees() {
    Kind::each(|kind| {
        let server = server(kind);
        let work = server.clone();
        let blob = work.object("blob", b"goods\n");
        let inner = tree(&work, &[("100644", b"refuse", &blob)]);
        let names: &[&[u8]] = &[
            b"..",
            b".",
            b".git",
            b".GIT",
            b"git~1",
            b".git ",
            b".g\xe2\x80\x8cit",
            b"a\nb\x1b[2Jc\rd\te",
            b"\xff\xfe",
            b"CON",
            b"C:\\x",
            b"a\xc2\xadb",
            b"-rf",
            b"\xe2\x80\xaetxt.exe",
        ];
        for checked in ["true", "false"] {
            server.git(&["config", "receive.fsckObjects", checked]);
            for name in names {
                let top = on_top(&work, &[("40000", name, &inner)]);
                let odd = commit(&work, &top, b"Odd", b"Add odd things\n");
                let before = server.entries().len();
                let answer = send(&server, &work, &odd).refused();
                assert!(!answer.said.contains("panicked"), "{answer:#?}");
                assert!(
                    !answer.said.chars().any(|c| c.is_control() && c != '\n' && c != '\r'),
                    "{:?}",
                    answer.said
                );
                let told = server.entries();
                if answer.unpack == "ok" {
                    assert_eq!(told.len(), before + 1, "not recorded: {name:?} {answer:#?}");
                    let finding = &told[before]["findings"][0];
                    assert_eq!(finding["rule"], "looks-at-files", "{name:?}: {finding:#}");
                } else {
                    assert_eq!(checked, "true", "{name:?}: {answer:#?}");
                }
            }
        }
    });
}

/// Empty names, names with slashes, two entries of one name, wrong order, a mode that is none, an id of nothing.
#[test]
fn trap_11_trees_that_are_none() {
    Kind::each(|kind| {
        let server = server(kind);
        server.git(&["config", "receive.fsckObjects", "false"]);
        let work = server.clone();
        let blob = work.object("blob", b"goods\n");
        let trees = [
            tree(&work, &[("100644", b"", &blob)]),
            tree(&work, &[("100644", b"a/refuse", &blob)]),
            tree(&work, &[("100644", b"refuse", &blob), ("100644", b"refuse", &blob)]),
            tree(&work, &[("100644", b"z-refuse", &blob), ("100644", b"a-refuse", &blob)]),
            tree(&work, &[("777777", b"refuse", &blob)]),
            tree(&work, &[("0100644", b"refuse", &blob)]),
            tree(&work, &[("40000", b"refuse", &blob)]),
            work.object("tree", b"100644 refuse\0short"),
            work.object("tree", b"100644"),
        ];
        for bad in trees {
            let odd = commit(&work, &bad, b"Odd", b"Add odd things\n");
            let pack = raw_pack(&work, &[&odd, &bad, &blob]);
            let old = server.tip("refs/heads/main").unwrap();
            let push = Push { pack: Some(pack), ..Push::new().command(&old, &odd, "refs/heads/main") };
            let answer = push.send(kind, server.receive_pack("bob")).refused();
            assert!(!answer.said.contains("panicked"), "{answer:#?}");
        }
        assert!(server.entries().iter().all(|entry| entry["kind"] == "denied"));
        assert_eq!(quarantines(&server.repository()).len(), 0);
    });
}

/// A pack of exactly these objects.
fn raw_pack(work: &Repo, ids: &[&str]) -> Vec<u8> {
    let mut command = work.command(&["pack-objects", "--stdout", "-q"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all((ids.join("\n") + "\n").as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

#[test]
fn trap_11_messages_and_names_that_are_no_text() {
    Kind::each(|kind| {
        let server = server(kind);
        let work = server.clone();
        let top = work.git(&["rev-parse", "main^{tree}"]);
        let cases: &[(&[u8], &[u8])] = &[
            (b"Odd \xff\xfe", b"refuse \xff\xfe\n"),
            (b"Odd\x1b]0;title\x07", b"refuse \x1b[2J\x1b[1;1Hremote: all is well\n"),
            (b"Odd", b"refuse\r\nremote: allowed\r\n"),
            (b"\xe2\x80\xaeddO", b"refuse \xe2\x80\xae gnihton\n"),
            (b"", b"refuse\n"),
        ];
        for (n, (name, message)) in cases.iter().enumerate() {
            let odd = commit(&work, &top, name, message);
            let before = server.entries().len();
            let answer = send(&server, &work, &odd).refused();
            assert_eq!(answer.unpack, "ok", "{n}");
            let shown = &answer.said;
            assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
            assert!(!shown.lines().any(|line| line.trim_start().starts_with("remote: all")), "{shown}");
            let told = server.entries();
            assert_eq!(told.len(), before + 1);
            assert!(told[before]["findings"].to_string().contains("refused: refuse"), "{:#}", told[before]);
        }
        // A message with a zero byte, one of a megabyte, and one without an end.
        for message in [
            b"refuse\0hidden\n".to_vec(),
            [b"refuse ".to_vec(), vec![b'x'; 1 << 20]].concat(),
            b"refuse".to_vec(),
        ] {
            let odd = commit(&work, &top, b"Odd", &message);
            send(&server, &work, &odd).refused();
        }
    });
}

/// A folder in a folder, 10,000 times. git itself stops at 2,048 of them.
#[test]
fn trap_11_a_tree_ten_thousand_deep() {
    Kind::each(|kind| {
        let server = server(kind);
        let work = server.clone();
        let width = kind.zero().len() / 2;
        let deep = deep_tree(&work, 10_000);
        assert_eq!(deep.len(), width * 2);
        let top = on_top(&work, &[("40000", b"deep", &deep)]);
        let odd = commit(&work, &top, b"Odd", b"Go deep\n");
        let pack = all_objects(&work);
        for checked in ["true", "false"] {
            server.git(&["config", "receive.fsckObjects", checked]);
            let old = server.tip("refs/heads/main").unwrap();
            let push =
                Push { pack: Some(pack.clone()), ..Push::new().command(&old, &odd, "refs/heads/main") };
            let started = Instant::now();
            let answer = push.send(kind, server.receive_pack("bob")).refused();
            assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
            assert!(!answer.said.contains("overflow") && !answer.said.contains("panicked"), "{answer:#?}");
            if answer.unpack == "ok" {
                let told = server.entries().pop().unwrap();
                assert_eq!(told["decision"], "error", "{answer:#?} {told:#}");
            }
        }
    });
}

/// Made by one process: ten thousand would take a minute.
fn deep_tree(work: &Repo, depth: usize) -> String {
    let path = "d/".repeat(depth) + "refuse";
    let stream = format!(
        "blob\nmark :1\ndata 6\ngoods\n\nreset refs/heads/deep\ncommit refs/heads/deep\ncommitter A <a@example.org> {EPOCH} +0000\n\
         data 2\nx\nM 100644 :1 {path}\n\n"
    );
    work.git_with_input(&["-c", "core.maxTreeDepth=20000", "fast-import", "--quiet"], stream.as_bytes());
    work.git(&["rev-parse", "refs/heads/deep^{tree}"])
}

fn all_objects(work: &Repo) -> Vec<u8> {
    let listed = work.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
    raw_pack(work, &listed.lines().collect::<Vec<_>>())
}

/// Links, modules with evil addresses, changes of a mode, and a module that moves, which is major.
#[test]
fn trap_11_links_modules_and_modes() {
    Kind::each(|kind| {
        let server = server(kind);
        let work = server.clone();
        let evil = work.object("blob", b"[submodule \"x\"]\n\tpath = x\n\turl = -u./payload\n[submodule \"../../x\"]\n\tpath = y\n\turl = ext::sh -c id\n");
        let link = work.object("blob", b"/etc/passwd");
        let up = work.object("blob", b"../../../../etc/passwd");
        let module = kind.absent();
        let cases: [(&str, &[Odd<'_>], Option<&str>); 5] = [
            ("a link", &[("120000", b"link", &link), ("120000", b"up", &up)], None),
            (".gitmodules", &[("100644", b".gitmodules", &evil)], None),
            (".gitmodules as a link", &[("120000", b".gitmodules", &link)], None),
            ("an executable", &[("100755", b"run", &link)], None),
            ("a module", &[("160000", b"module", &module)], Some("major")),
        ];
        for checked in ["true", "false"] {
            server.git(&["config", "receive.fsckObjects", checked]);
            for (what, entries, impact) in cases {
                let top = on_top(&work, entries);
                let odd = commit(&work, &top, b"Odd", b"Add links\n");
                let before = server.entries().len();
                let old = server.tip("refs/heads/main").unwrap();
                let answer = send(&server, &work, &odd);
                let told = server.entries();
                if answer.unpack != "ok" {
                    assert_eq!((checked, told.len()), ("true", before), "{what}: {answer:#?}");
                    continue;
                }
                assert_eq!(told.len(), before + 1, "{what}: {answer:#?}");
                assert!(told[before]["impact"].is_string(), "{what}: {:#}", told[before]);
                if let Some(impact) = impact {
                    assert_eq!(told[before]["impact"], *impact, "{what}");
                    assert!(!answer.accepted() && answer.said.contains("it is major"), "{answer:#?}");
                }
                server.git(&["update-ref", "refs/heads/main", &old]);
            }
        }
    });
}

/// Nothing but zeros: small on the wire, large when unpacked. The hook must not hold it, whatever the rules ask for. One kind of
/// refs is enough here, the contents are all of it.
#[test]
fn trap_11_a_blob_of_300_megabytes() {
    for kind in [Kind::ALL[0], Kind::ALL[2]] {
        let server = server(kind);
        let work = server.clone();
        let blob = zeros(&work, 300 << 20);
        let top = on_top(&work, &[("100644", b"large", &blob), ("100644", b"refuse", &blob)]);
        let odd = commit(&work, &top, b"Odd", b"Add much\n");
        let pack = raw_pack(&work, &[&odd, &top, &blob]);
        let old = server.tip("refs/heads/main").unwrap();
        let push = Push { pack: Some(pack), ..Push::new().command(&old, &odd, "refs/heads/main") };
        let peak = std::thread::scope(|scope| {
            let pushed = scope.spawn(|| push.send(kind, server.receive_pack("bob")));
            let own = std::process::id();
            let mut peak = 0;
            while !pushed.is_finished() {
                let hook = crate::processes::below(own).into_iter().filter(|seen| seen.is_hook());
                let hook = hook.filter(|seen| seen.words.iter().any(|word| word.ends_with("bylaws")));
                peak = hook.filter_map(|seen| memory(seen.pid)).fold(peak, u64::max);
                std::thread::sleep(Duration::from_millis(1));
            }
            let answer = pushed.join().unwrap().refused();
            assert!(answer.said.contains("refused: refuse"), "{answer:#?}");
            peak
        });
        assert!(peak > 0, "the hook was not seen");
        assert!(peak < 150 << 10, "the hook took {peak} KiB");
        assert_eq!(server.entries().len(), 1);
    }
}

/// Stores a blob of zeros without holding it.
fn zeros(work: &Repo, size: usize) -> String {
    let mut command = work.command(&["-c", "core.bigFileThreshold=1m", "hash-object", "-w", "--stdin"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..size >> 20 {
        input.write_all(&piece).unwrap();
    }
    drop(input);
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// The most memory that a process had, in KiB: `VmHWM` of proc_pid_status(5).
fn memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
