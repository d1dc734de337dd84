//! What a person names on the command line, gitrevisions(7).

use super::GitError;
use super::objects::Objects;
use crate::facts::Oid;

/// What is meant by some words: commits to begin from, and commits whose history is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revisions {
    /// Where to begin.
    pub include: Vec<Oid>,
    /// What is left out, with all its history.
    pub exclude: Vec<Oid>,
    /// Only plain revisions were named: these commits are meant, not their history.
    pub single: bool,
}

/// Reads `A..B`, `A...B`, `^A` and `REV`; an end of a range that is left out is `HEAD`.
///
/// As soon as one word is a range or begins with `^`, plain revisions beside it mean their history, as for git-log(1).
pub(super) fn parse(words: &[String], objects: &mut dyn Objects) -> Result<Revisions, GitError> {
    let mut revisions = Revisions { single: !words.is_empty(), ..Revisions::default() };
    for word in words {
        if let Some(excluded) = word.strip_prefix('^') {
            revisions.single = false;
            revisions.exclude.push(resolve(excluded, objects)?);
        } else if let Some((from, to)) = range(word, "...") {
            revisions.single = false;
            let (from, to) = (resolve(from, objects)?, resolve(to, objects)?);
            revisions.exclude.extend(objects.merge_bases(from, to)?);
            revisions.include.extend([from, to]);
        } else if let Some((from, to)) = range(word, "..") {
            revisions.single = false;
            revisions.exclude.push(resolve(from, objects)?);
            revisions.include.push(resolve(to, objects)?);
        } else {
            revisions.include.push(resolve(word, objects)?);
        }
    }
    Ok(revisions)
}

/// Splits at the dots, but not inside `:/text` and `^{/text}`, which may hold any.
fn range<'w>(word: &'w str, dots: &str) -> Option<(&'w str, &'w str)> {
    let free = word.find([':', '{']).unwrap_or(word.len());
    let at = word.get(..free)?.find(dots)?;
    Some((word.get(..at)?, word.get(at + dots.len()..)?))
}

fn resolve(word: &str, objects: &mut dyn Objects) -> Result<Oid, GitError> {
    objects.resolve(if word.is_empty() { "HEAD" } else { word })
}
