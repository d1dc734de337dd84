//! Annotated tags, and what is behind them.

use super::GitError;
use super::objects::{Kind, Objects};
use crate::facts::Oid;

/// git has no limit; whoever nests more tags than this wants something else than a tag.
const DEEPEST: usize = 32;

/// The kind and id of what is behind all tags, for each id.
pub(super) fn peel(objects: &mut dyn Objects, ids: &[Oid]) -> Result<Vec<Option<(Kind, Oid)>>, GitError> {
    let kinds = objects.infos(ids)?;
    kinds
        .into_iter()
        .zip(ids)
        .map(|(info, id)| match info {
            None => Ok(None),
            Some((Kind::Tag, _)) => behind(objects, *id),
            Some((kind, _)) => Ok(Some((kind, *id))),
        })
        .collect()
}

fn behind(objects: &mut dyn Objects, tag: Oid) -> Result<Option<(Kind, Oid)>, GitError> {
    let mut id = tag;
    for _ in 0..DEEPEST {
        let target = target(&objects.read(id)?.bytes).ok_or_else(|| {
            GitError::new(format!("the tag object {id} is malformed")).hint("run `git fsck`")
        })?;
        match objects.infos(&[target])?.into_iter().next().flatten() {
            None => return Ok(None),
            Some((Kind::Tag, _)) => id = target,
            Some((kind, _)) => return Ok(Some((kind, target))),
        }
    }
    Err(GitError::new(format!("the tag object {tag} holds more than {DEEPEST} tags inside each other")))
}

/// The first header of a tag is `object ID` (git-mktag(1)).
fn target(tag: &[u8]) -> Option<Oid> {
    let line = tag.split(|byte| *byte == b'\n').next()?;
    Oid::from_hex(line.strip_prefix(b"object ")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_in_the_first_header() {
        let hex = "ab".repeat(20);
        let tag = format!("object {hex}\ntype commit\ntag v1\n\nobject {}\n", "cd".repeat(20));
        assert_eq!(target(tag.as_bytes()), Oid::from_hex(hex.as_bytes()));
        assert_eq!(target(b"type commit\nobject x\n"), None);
        assert_eq!(target(b""), None);
    }
}
