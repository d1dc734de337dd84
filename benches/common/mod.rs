//! What the benches share: subjects made by hand, the rules under test, and a repository to read.
#![allow(dead_code, reason = "each bench uses its part")]
#![allow(missing_docs, unreachable_pub, reason = "a bench is nobody's library")]

pub mod history;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use bylaws::facts::{
    Blob, Commit, CommitParts, EntryMode, File, FileParts, FileStatus, GitPath, Oid, People, Person,
    Signature, Store, StoreError, TreeEntry,
};
use bylaws::patterns::PathPatterns;
use bylaws::policy::{Binding, Limits, Origin, Policy, RuleBook, Script, ScriptKind};
use bylaws::verdict::Level;

/// A store that holds what it was given.
#[derive(Default)]
struct Shelf(HashMap<Oid, Arc<[u8]>>);

impl Store for Shelf {
    fn blob(&self, id: Oid) -> Result<Blob, StoreError> {
        self.0.get(&id).map(|bytes| Blob::Whole(Arc::clone(bytes))).ok_or_else(|| StoreError(id.to_string()))
    }

    fn size(&self, id: Oid) -> Result<u64, StoreError> {
        Ok(self.blob(id)?.size())
    }

    fn files(&self, _: &Commit) -> Result<Vec<Arc<File>>, StoreError> {
        Ok(Vec::new())
    }

    fn entry(&self, _: &Commit, _: &[u8]) -> Result<Option<TreeEntry>, StoreError> {
        Ok(None)
    }

    fn signature(&self, _: &Commit) -> Result<Signature, StoreError> {
        Ok(Signature::none())
    }
}

fn oid(n: u8) -> Oid {
    Oid::from_bytes(&[n; 20]).expect("twenty bytes")
}

/// A commit as they mostly are: a subject, a body, and one changed file of 300 lines, of which it changes ten.
pub fn commit() -> (Arc<Commit>, Arc<File>) {
    let line = |n: usize, edited: bool| {
        format!("    let value_{n} = compute(previous, {});\n", n + usize::from(edited))
    };
    let text = |edited: bool| (0..300).map(|n| line(n, edited && n % 30 == 0)).collect::<String>();
    let shelf = [(oid(1), text(false)), (oid(2), text(true))];
    let shelf: HashMap<Oid, Arc<[u8]>> =
        shelf.into_iter().map(|(id, text)| (id, text.into_bytes().into())).collect();
    let store: Arc<dyn Store> = Arc::new(Shelf(shelf));
    let file = Arc::new(File::new(
        FileParts {
            path: GitPath::from("src/parser/number.rs"),
            old_path: None,
            status: FileStatus::Modified,
            mode: EntryMode(0o100_644),
            old_mode: Some(EntryMode(0o100_644)),
            id: Some(oid(2)),
            old_id: Some(oid(1)),
        },
        Arc::clone(&store),
    ));
    let person = Person {
        name: "Ada Lovelace".to_owned(),
        email: "ada@example.org".to_owned(),
        time: 1_700_000_000,
        ..Person::default()
    };
    let person = Arc::new(person);
    let parts = CommitParts {
        id: Some(oid(3)),
        tree: Some(oid(4)),
        parents: vec![oid(5)],
        author: person.clone(),
        committer: person,
        message: "Read numbers with an exponent\n\nThey were left out when the parser was written first, and nobody\n\
                  missed them until the import of measured values.\n\nReviewed-by: Charles <charles@example.org>\n"
            .to_owned(),
        ..CommitParts::default()
    };
    (Arc::new(Commit::new(parts, store).with_files(vec![Arc::clone(&file)])), file)
}

/// Puts all rules of some scripts in force.
pub fn policy(scripts: &[Script]) -> Policy {
    let book = RuleBook::compile(scripts, Limits::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let bindings = (0..book.rules().len()).map(|rule| Binding {
        rule,
        level: Level::SoftMandatory,
        params: BTreeMap::new(),
        paths: None,
        except: PathPatterns::default(),
        baseline: None,
    });
    let bindings = bindings.collect();
    book.bind(bindings, Arc::new(People::default()))
}

/// One script made by hand.
pub fn script(text: &str) -> Script {
    Script {
        name: "bench.rhai".to_owned(),
        text: text.to_owned(),
        origin: Origin::Repository,
        kind: ScriptKind::Rules,
    }
}

/// The whole `recommended` set.
pub fn recommended() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy-examples/recommended");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the set's folder") {
        let path = entry.expect("a readable entry").path();
        if path.extension().is_some_and(|extension| extension == "rhai") {
            let text = std::fs::read_to_string(&path).expect("a readable rule");
            let name = format!("<recommended>/{}", path.file_name().expect("a name").to_string_lossy());
            scripts.push(Script { name, ..script(&text) });
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    scripts
}
