//! What a push says of itself. Its lines are claims: that a ref held this value may be wrong, and a name may be made to look
//! like another line. The refs are read again, and what does not agree with them is refused.

use std::collections::{HashMap, HashSet};

use crate::check::RefUpdate;
use crate::control::finding;
use crate::facts::{Oid, RefName};
use crate::git::{GitError, Reference};
use crate::report::clean;
use crate::verdict::{Finding, State};

/// One line of the hook's standard input, `<old> SP <new> SP <ref> LF` (githooks(5), pre-receive).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What the pusher says the ref holds; `None` for the zero id.
    pub old: Option<Oid>,
    /// What it is to hold; `None` for the zero id: a deletion.
    pub new: Option<Oid>,
    /// The ref that is named; it may be symbolic.
    pub reference: RefName,
}

/// The claims of a push, and what is wrong with its lines.
pub(super) fn parse(input: &[u8]) -> (Vec<Claim>, Vec<Finding>) {
    let (mut claims, mut found, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    let body = input.strip_suffix(b"\n").unwrap_or_else(|| {
        found.push(malformed("the list of refs does not end with a line feed", b""));
        input
    });
    for line in body.split(|byte| *byte == b'\n') {
        match claim(line) {
            Ok(claim) if names.insert(claim.reference.clone()) => claims.push(claim),
            Ok(claim) => found.push(twice(&claim.reference)),
            Err(why) => found.push(malformed(why, line)),
        }
    }
    (claims, found)
}

fn claim(line: &[u8]) -> Result<Claim, &'static str> {
    let mut words = line.splitn(3, |byte| *byte == b' ');
    let (Some(old), Some(new), Some(name)) = (words.next(), words.next(), words.next()) else {
        return Err("this is no ref update");
    };
    let id = |hex: &[u8]| Oid::from_hex(hex).ok_or("this has no object id where one should be");
    let (old, new) = (id(old)?, id(new)?);
    if old.as_bytes().len() != new.as_bytes().len() {
        return Err("this has ids of two kinds");
    }
    let name = std::str::from_utf8(name).map_err(|_| "this ref's name is not UTF-8")?;
    let reference = RefName::new(name).filter(|name| name.as_str().starts_with("refs/"));
    let reference = reference.ok_or("this is no name that git allows for a ref")?;
    let stated = |id: Oid| (!id.is_zero()).then_some(id);
    Ok(Claim { old: stated(old), new: stated(new), reference })
}

fn malformed(why: &str, line: &[u8]) -> Finding {
    let shown: String = clean(&String::from_utf8_lossy(line)).chars().take(200).collect();
    let message = if shown.is_empty() { why.to_owned() } else { format!("{why}: `{shown}`") };
    finding(
        "claims",
        State::Violated,
        None,
        message,
        "push with git itself, and names as in git-check-ref-format(1)",
    )
}

fn twice(name: &RefName) -> Finding {
    let message = format!("`{name}` is named twice in one push");
    finding(
        "claims",
        State::Violated,
        Some(name),
        message,
        "name each ref once, symbolic ones by what they stand for",
    )
}

/// The refs that there are, and how symbolic ones lead to others.
pub(super) struct Refs<'a> {
    by_name: HashMap<&'a RefName, &'a Reference>,
    /// Symbolic refs to nothing, which nobody lists.
    dangling: HashMap<RefName, RefName>,
}

/// git follows no more symbolic refs one after the other (`SYMREF_MAXDEPTH`).
const MOST_SYMBOLIC: usize = 5;

impl<'a> Refs<'a> {
    /// From those that are listed. `look` looks for symbolic ones among names that are not.
    pub(super) fn new(
        present: &'a [Reference],
        named: impl IntoIterator<Item = &'a RefName>,
        look: impl FnOnce(Vec<RefName>) -> Result<HashMap<RefName, RefName>, GitError>,
    ) -> Result<Self, GitError> {
        let by_name: HashMap<&RefName, &Reference> = present.iter().map(|one| (&one.name, one)).collect();
        let unlisted = named.into_iter().filter(|name| !by_name.contains_key(name)).cloned().collect();
        Ok(Self { dangling: look(unlisted)?, by_name })
    }

    /// The ref that is written when `name` is.
    pub(super) fn behind(&self, name: &RefName) -> Result<RefName, GitError> {
        let mut end = name;
        for _ in 0..=MOST_SYMBOLIC {
            let listed = self.by_name.get(end).map(|there| there.target.as_ref());
            match listed.unwrap_or_else(|| self.dangling.get(end)) {
                Some(target) => end = target,
                None => return Ok(end.clone()),
            }
        }
        Err(GitError::new(format!("`{name}` is one of symbolic refs that lead nowhere")))
    }
}

/// The updates that the claims come to by what the refs hold now, symbolic ones followed; and where claims are wrong.
pub(super) fn updates(claims: &[Claim], refs: &Refs<'_>) -> Result<(Vec<RefUpdate>, Vec<Finding>), GitError> {
    let (mut updates, mut found, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    for claim in claims {
        let reference = refs.behind(&claim.reference)?;
        let old = refs.by_name.get(&reference).map(|there| there.id);
        if !names.insert(reference.clone()) {
            found.push(twice(&reference));
            continue;
        }
        if claim.old != old {
            found.push(stale(claim, old));
        } else if old.is_none() && claim.new.is_none() {
            let message = format!("`{}` is deleted, and there is no such ref", claim.reference);
            let fix = "`git fetch --prune` brings what you know of the server up to date";
            found.push(finding("claims", State::Violated, Some(&claim.reference), message, fix));
        }
        updates.push(RefUpdate { reference, old, new: claim.new, held: Vec::new() });
    }
    Ok((updates, found))
}

fn stale(claim: &Claim, old: Option<Oid>) -> Finding {
    let shown = |id: Option<Oid>| id.map_or_else(|| "nothing".to_owned(), |id| id.short());
    let message = format!(
        "`{}` holds {} here, and the push takes it to hold {}",
        claim.reference,
        shown(old),
        shown(claim.old)
    );
    let fix = "somebody else has pushed, or nobody knows what is overwritten: `git fetch`, then push again";
    finding("claims", State::Violated, Some(&claim.reference), message, fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const TWO: &str = "2222222222222222222222222222222222222222";

    fn oid(hex: &str) -> Oid {
        Oid::from_hex(hex.as_bytes()).unwrap()
    }

    fn messages(found: &[Finding]) -> Vec<&str> {
        found.iter().map(|finding| finding.message.as_str()).collect()
    }

    fn updated(claims: &[Claim], present: &[Reference]) -> (Vec<RefUpdate>, Vec<Finding>) {
        updates(claims, &Refs::new(present, [], |_| Ok(HashMap::new())).unwrap()).unwrap()
    }

    fn name(name: &str) -> RefName {
        RefName::new(name).unwrap()
    }

    #[test]
    fn symbolic_refs_are_followed_to_their_end_also_where_nothing_is() {
        let alias =
            |from: &str, to: &str| Reference { name: name(from), id: oid(ONE), target: Some(name(to)) };
        let present = [
            alias("refs/heads/a", "refs/heads/b"),
            alias("refs/heads/b", "refs/heads/main"),
            alias("refs/heads/round", "refs/heads/round"),
        ];
        let dangling = |asked: Vec<RefName>| {
            assert_eq!(asked, [name("refs/heads/x")]);
            Ok(HashMap::from([(name("refs/heads/x"), name("refs/heads/new"))]))
        };
        let asked = [name("refs/heads/a"), name("refs/heads/x")];
        let refs = Refs::new(&present, &asked, dangling).unwrap();
        assert_eq!(refs.behind(&name("refs/heads/a")).unwrap().as_str(), "refs/heads/main");
        assert_eq!(refs.behind(&name("refs/heads/x")).unwrap().as_str(), "refs/heads/new");
        assert!(refs.behind(&name("refs/heads/round")).is_err());
    }

    #[test]
    fn zero_is_known_by_its_digits_at_either_width() {
        for width in [40, 64] {
            let (zero, one) = ("0".repeat(width), "1".repeat(width));
            let (claims, found) =
                parse(format!("{zero} {one} refs/heads/new\n{one} {zero} refs/heads/old\n").as_bytes());
            assert!(found.is_empty(), "{found:?}");
            assert_eq!((claims[0].old, claims[1].new), (None, None));
        }
    }

    #[test]
    fn what_is_no_line_is_refused_and_shown_without_control_characters() {
        for bad in [
            "\n".to_owned(),
            "x\n".to_owned(),
            format!("{ONE} {TWO} refs/heads/a b\n"),
            format!("{ONE} {TWO} HEAD\n"),
            format!("{ONE} {TWO} refs/heads/../x\n"),
            format!("{ONE} {}  refs/heads/x\n", "2".repeat(64)),
            format!("{ONE} {TWO} refs/heads/x\u{1b}[2J\n"),
            format!("{ONE} {TWO} refs/heads/x"),
        ] {
            let (_, found) = parse(bad.as_bytes());
            assert_eq!(found.len(), 1, "{bad:?}");
            assert!(!found[0].message.contains('\u{1b}'));
        }
        assert_eq!(parse(format!("{ONE} {TWO} refs/heads/\u{e9}\n").as_bytes()).1, []);
        let latin = [format!("{ONE} {TWO} refs/heads/").as_bytes(), b"\xe9\n"].concat();
        assert_eq!(parse(&latin).1.len(), 1);
    }

    #[test]
    fn one_ref_twice_is_refused_also_behind_a_symbolic_one() {
        let line = |name: &str| format!("{ONE} {TWO} {name}\n");
        let (claims, found) = parse([line("refs/heads/main"), line("refs/heads/main")].concat().as_bytes());
        assert_eq!((claims.len(), messages(&found)), (1, vec!["`main` is named twice in one push"]));
        let main = RefName::new("refs/heads/main").unwrap();
        let present = [
            Reference {
                name: RefName::new("refs/heads/alias").unwrap(),
                id: oid(ONE),
                target: Some(main.clone()),
            },
            Reference { name: main.clone(), id: oid(ONE), target: None },
        ];
        let (claims, _) = parse([line("refs/heads/alias"), line("refs/heads/main")].concat().as_bytes());
        let (made, found) = updated(&claims, &present);
        assert_eq!((made.len(), &made[0].reference), (1, &main));
        assert_eq!(messages(&found), ["`main` is named twice in one push"]);
    }

    #[test]
    fn a_claim_that_is_not_so_is_refused_and_the_present_value_judged() {
        let main = RefName::new("refs/heads/main").unwrap();
        let present = [Reference { name: main.clone(), id: oid(TWO), target: None }];
        for claimed in [ONE, &"0".repeat(40)] {
            let (claims, _) = parse(format!("{claimed} {} refs/heads/main\n", "0".repeat(40)).as_bytes());
            let (made, found) = updated(&claims, &present);
            assert_eq!((made[0].old, made[0].new, found.len()), (Some(oid(TWO)), None, 1));
        }
        let (claims, _) = parse(format!("{0} {0} refs/heads/absent\n", "0".repeat(40)).as_bytes());
        assert_eq!(
            messages(&updated(&claims, &present).1),
            ["`absent` is deleted, and there is no such ref"]
        );
    }
}
