//! A commit, or the draft of one.

use std::sync::{Arc, OnceLock};

use super::{File, GitPath, Oid, Person, Store, StoreError, Trailer, TreeEntry, trailers};

/// Whether a signature is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureStatus {
    /// By a known key that is valid now.
    Good,
    /// It does not fit the commit.
    Bad,
    /// By a key that nobody in `people.toml` has.
    UnknownKey,
    /// By a known key outside its time.
    Expired,
    /// By a key that was revoked.
    Revoked,
    /// There is no signature.
    None,
}

impl SignatureStatus {
    /// All words, the best first.
    pub const WORDS: [&'static str; 6] = ["good", "bad", "unknown-key", "expired", "revoked", "none"];

    /// The word in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::UnknownKey => "unknown-key",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::None => "none",
        }
    }
}

/// What made a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureKind {
    /// `-----BEGIN SSH SIGNATURE-----`
    Ssh,
    /// `-----BEGIN PGP SIGNATURE-----`
    Gpg,
    /// `-----BEGIN SIGNED MESSAGE-----`
    X509,
}

impl SignatureKind {
    /// All words.
    pub const WORDS: [&'static str; 3] = ["ssh", "gpg", "x509"];

    /// The word in rules.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ssh => "ssh",
            Self::Gpg => "gpg",
            Self::X509 => "x509",
        }
    }
}

/// A checked signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    /// Is it good?
    pub status: SignatureStatus,
    /// What kind; `None` where there is none or it is of no known kind.
    pub kind: Option<SignatureKind>,
    /// Whose key it is, if anybody's.
    pub signer: Option<Person>,
}

impl Signature {
    /// No signature.
    pub fn none() -> Self {
        Self { status: SignatureStatus::None, kind: None, signer: None }
    }
}

/// A subject by the conventional-commits grammar, version 1.0.0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conventional {
    /// `feat`, `fix`, ...
    pub kind: String,
    /// In parentheses behind it.
    pub scope: Option<String>,
    /// `!`, or a `BREAKING CHANGE` footer.
    pub is_breaking: bool,
    /// Behind the colon.
    pub description: String,
}

/// What a [`Commit`] is made from.
#[derive(Debug, Clone, Default)]
pub struct CommitParts {
    /// `None` for a draft.
    pub id: Option<Oid>,
    /// `None` for a draft.
    pub tree: Option<Oid>,
    /// In order.
    pub parents: Vec<Oid>,
    /// Who wrote it.
    pub author: Arc<Person>,
    /// Who committed it.
    pub committer: Arc<Person>,
    /// The whole message, decoded; U+FFFD for what cannot be.
    pub message: String,
    /// The commit object as git hashes it, without its header line; empty for a draft or a made-up commit.
    pub raw: Arc<[u8]>,
}

/// A commit. What is dear to read is read once, when asked for.
pub struct Commit {
    parts: CommitParts,
    store: Arc<dyn Store>,
    files: OnceLock<Vec<Arc<File>>>,
    signature: OnceLock<Signature>,
    trailers: OnceLock<Vec<Trailer>>,
}

impl Commit {
    /// A commit whose files and signature `store` reads.
    pub fn new(parts: CommitParts, store: Arc<dyn Store>) -> Self {
        Self { parts, store, files: OnceLock::new(), signature: OnceLock::new(), trailers: OnceLock::new() }
    }

    /// Sets the files, for a draft, a commit made by hand, or when they were read beforehand.
    #[must_use]
    pub fn with_files(self, files: Vec<Arc<File>>) -> Self {
        Self { files: OnceLock::from(files), ..self }
    }

    /// Sets the signature, for a commit made by hand.
    #[must_use]
    pub fn with_signature(self, signature: Signature) -> Self {
        Self { signature: OnceLock::from(signature), ..self }
    }

    /// Everything that is known without reading anything more.
    pub fn parts(&self) -> &CommitParts {
        &self.parts
    }

    /// The id; `None` for a draft.
    pub fn id(&self) -> Option<Oid> {
        self.parts.id
    }

    /// In `commit-msg`, before it is made.
    pub fn is_draft(&self) -> bool {
        self.parts.id.is_none()
    }

    /// More than one parent. Titles say nothing.
    pub fn is_merge(&self) -> bool {
        self.parts.parents.len() > 1
    }

    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.parts.message.lines().next().unwrap_or("")
    }

    /// What follows the subject, without the blank line between and without white space at its end.
    pub fn body(&self) -> &str {
        let rest = self.parts.message.split_once('\n').map_or("", |(_, rest)| rest);
        let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')).unwrap_or(rest);
        rest.trim_end()
    }

    /// The trailers, as git-interpret-trailers(1) finds them.
    pub fn trailers(&self) -> &[Trailer] {
        self.trailers.get_or_init(|| trailers(&self.parts.message))
    }

    /// The subject and footers by the conventional-commits grammar; `None` where they do not follow it.
    pub fn conventional(&self) -> Option<Conventional> {
        let parsed = git_conventional::Commit::parse(self.parts.message.trim_end()).ok()?;
        Some(Conventional {
            kind: parsed.type_().as_str().to_owned(),
            scope: parsed.scope().map(|scope| scope.as_str().to_owned()),
            is_breaking: parsed.breaking(),
            description: parsed.description().to_owned(),
        })
    }

    /// The files it changes against its first parent; of a merge, those that differ from every parent.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn files(&self) -> Result<&[Arc<File>], StoreError> {
        if let Some(files) = self.files.get() {
            return Ok(files);
        }
        let files = self.store.files(self)?;
        Ok(self.files.get_or_init(|| files))
    }

    /// The file at `path` as it is in this commit, changed or not.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn entry(&self, path: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        self.store.entry(self, path)
    }

    /// Paths that differ from `path`, or from a folder above it, in upper and lower case only.
    ///
    /// # Errors
    /// When an object is missing or corrupt.
    pub fn paths_like(&self, path: &[u8]) -> Result<Vec<GitPath>, StoreError> {
        self.store.paths_like(self, path)
    }

    /// Its signature, checked.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn signature(&self) -> Result<&Signature, StoreError> {
        if let Some(signature) = self.signature.get() {
            return Ok(signature);
        }
        let signature = self.store.signature(self)?;
        Ok(self.signature.get_or_init(|| signature))
    }

    /// What reads its contents.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

impl std::fmt::Debug for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Commit").field("id", &self.parts.id).field("subject", &self.subject()).finish()
    }
}
