//! `requires = "1.0"`: the oldest bylaws that may judge by a policy.

use super::At;
use super::mistakes::Mistakes;
use crate::diagnostic::Diagnostic;

/// The error that this binary, of version `own`, is too old, if it is. What is no version is recorded.
pub(super) fn check(requires: &At<String>, own: &str, mistakes: &mut Mistakes<'_>) -> Option<Diagnostic> {
    let Some(wanted) = version(requires) else {
        let mistake = mistakes.at(requires, format_args!("`{}` is no version", requires.value));
        mistakes
            .error(mistake.help(format!("the oldest bylaws that may judge by this: \"{own}\" or \"1.0\"")));
        return None;
    };
    let have = version(own).unwrap_or_default();
    (wanted > have).then(|| {
        let message = format!("this policy requires bylaws {} or newer, and this is {own}", requires.value);
        mistakes.at(requires, message).help("install a newer bylaws")
    })
}

/// One to three numbers; missing ones are 0. Of a pre-release, the version it leads up to.
fn version(text: &str) -> Option<[u64; 3]> {
    let released = text.split_once('-').map_or(text, |(released, _)| released);
    let mut numbers = [0; 3];
    let mut parts = released.split('.');
    for (number, part) in numbers.iter_mut().zip(parts.by_ref()) {
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        *number = plain.then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_binary_refuses() {
        for (requires, own, refused) in [
            ("1.0", "0.9.9", true),
            ("1.0", "1.0.0", false),
            ("1", "1.0.0", false),
            ("1.0.1", "1.0.0", true),
            ("0.9", "0.10.0", false),
            ("2", "1.99.99", true),
        ] {
            let mut mistakes = Mistakes::new("bylaws.toml", "");
            let written = At { offset: 0, value: requires.to_owned() };
            assert_eq!(check(&written, own, &mut mistakes).is_some(), refused, "{requires} {own}");
            assert!(mistakes.errors.is_empty());
        }
    }

    #[test]
    fn what_is_no_version_is_said() {
        for requires in ["", "one", "1.0.0.0", "1.", "v1", "1,0", "99999999999999999999"] {
            let mut mistakes = Mistakes::new("bylaws.toml", "");
            let written = At { offset: 0, value: requires.to_owned() };
            assert!(check(&written, "1.0.0", &mut mistakes).is_none());
            assert_eq!(mistakes.errors.len(), 1, "{requires}");
        }
    }
}
