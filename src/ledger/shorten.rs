//! An entry that is too long for what others sent (a name of 60 kB, a thousand push options) is shortened, never refused: the
//! record of a push matters more than the push's own words.

use std::collections::BTreeSet;

use serde_json::Value;

/// Tried one after the other: the most characters of a text, the most items of a list. Digests and ids are never shortened.
const STEPS: [(usize, usize); 4] = [(8_192, 512), (2_048, 128), (512, 32), (128, 8)];

/// Shortens texts and lists of `frame` until its JSON takes at most `most` bytes, and notes the keys in `facts.cut`.
pub(super) fn shorten(frame: &mut Value, most: usize) -> Result<(), serde_json::Error> {
    let mut keys = BTreeSet::new();
    for (characters, items) in STEPS {
        if serde_json::to_string(frame)?.len() <= most {
            break;
        }
        for (key, value) in frame.as_object_mut().into_iter().flatten() {
            match value {
                Value::Object(facts) if key == "facts" => {
                    let cut = facts
                        .iter_mut()
                        .filter_map(|(key, value)| shortened(value, characters, items).then(|| key.clone()));
                    keys.extend(cut);
                }
                value => keys.extend(shortened(value, characters, items).then(|| key.clone())),
            }
        }
    }
    if let (Some(Value::Object(facts)), false) = (frame.get_mut("facts"), keys.is_empty()) {
        facts.insert("cut".to_owned(), keys.into_iter().collect());
    }
    Ok(())
}

/// Was anything cut off?
fn shortened(value: &mut Value, characters: usize, items: usize) -> bool {
    match value {
        Value::String(text) => {
            let Some((end, _)) = text.char_indices().nth(characters) else { return false };
            text.truncate(end);
            text.push('…');
            true
        }
        Value::Array(list) => {
            let mut cut = list.len() > items;
            list.truncate(items);
            for item in list {
                cut |= shortened(item, characters, items);
            }
            cut
        }
        Value::Object(map) => {
            let mut cut = false;
            for item in map.values_mut() {
                cut |= shortened(item, characters, items);
            }
            cut
        }
        _ => false,
    }
}
