//! The same by the command line.

use crate::host::Host;

#[test]
fn the_command_line_says_a_line_a_repository_and_ends_as_documented() {
    let host = Host::new();
    let repository = host.bare("one.git");
    host.machine.repository("srv/work");
    let srv = host.path("srv");
    let bylaws = |words: &[&str]| host.machine.bylaws(&srv, words);
    let settings = host.path("host.toml").display().to_string();
    let run = bylaws(&["install", "--server", "one.git"]);
    assert_eq!(run.code, 2);
    assert!(run.text.contains("nothing here tells who pushes"), "{}", run.text);
    let install = ["install", "--identity", "ssh", "--host-settings", &settings, "--server", "."];
    let text = bylaws(&install).ok();
    assert!(text.starts_with(&format!("installed: {} (plain git; ", repository.display())), "{text}");
    assert!(text.contains("left out: `"), "{text}");
    assert!(bylaws(&install).ok().starts_with("already installed: "));
    assert_eq!(bylaws(&["install", "--server", "absent", "one.git", "--identity", "ssh"]).code, 2);
    assert_eq!(bylaws(&["install", "--identity", "ssh"]).code, 2);
    assert_eq!(bylaws(&["install", "--server", "one.git", "--hook", "pre-push"]).code, 2);
    let run = bylaws(&["doctor", "--server", "one.git"]);
    assert_eq!(run.code, 1);
    for words in ["not enforced: policy: ", "ok: pre-receive: ", "setting: identity = ssh ("] {
        assert!(run.text.contains(words), "{words}: {}", run.text);
    }
    assert_eq!(bylaws(&["doctor", "--server", "absent"]).code, 2);
    let json: serde_json::Value =
        serde_json::from_str(&bylaws(&["doctor", "--format", "json", "--server", "one.git"]).text).unwrap();
    assert_eq!((json["version"].as_u64(), json["enforced"].as_bool()), (Some(1), Some(false)));
    let first = &json["repositories"][0];
    assert_eq!((first["layout"].as_str(), first["enforced"].as_bool()), (Some("plain"), Some(false)));
    assert!(
        first["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["name"] == "policy" && check["ok"] == false)
    );
    assert!(
        first["settings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["key"] == "enforce" && one["from"] == "default")
    );
    let text = bylaws(&["uninstall", "--server", "one.git"]).ok();
    assert!(text.starts_with("taken out: ") && text.contains("stays"), "{text}");
    assert!(bylaws(&["uninstall", "--server", "one.git"]).ok().starts_with("nothing is installed: "));
    assert_eq!(bylaws(&["doctor", "--server", "one.git"]).code, 1);
}
