//! Broken files and all that is said of each: the cases are in `broken/*.txt`.
//!
//! ```text
//! ==== what is wrong
//! ---- bylaws.toml
//! ...
//! ---- people.toml
//! ...
//! ---- said
//! error: ...
//! ```

use std::path::Path;

use super::read;

#[test]
fn every_mistake_is_said_with_its_place_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/tests/broken");
    let mut wrong = String::new();
    let mut cases = 0;
    for file in folder.read_dir().unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for case in text.split("==== ").skip(1) {
            cases += 1;
            let (title, parts) = case.split_once('\n').unwrap();
            let part = |name: &str| {
                let found = parts.split("---- ").find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'));
                found.unwrap_or("").to_owned()
            };
            let said = match read(&part("bylaws.toml"), &part("people.toml")) {
                Ok(_) => "nothing\n".to_owned(),
                Err(mistakes) => format!("{mistakes}\n"),
            };
            if said != part("said").replace("{version}", env!("CARGO_PKG_VERSION")) {
                wrong += &format!("==== {title}\n---- said\n{said}");
            }
        }
    }
    assert!(cases > 50, "the cases were not found");
    assert!(wrong.is_empty(), "other than expected:\n{wrong}");
}
