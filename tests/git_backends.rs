//! Every scenario is read through both implementations, which must give the same facts.

mod common;

use bylaws::git::{Backend, Needs, Repository};
use common::Repo;

#[test]
fn smoke() {
    let repo = Repo::new();
    repo.write("a", "1\n").commit("one");
    repo.write("b/c", "1\n").commit("two");
    for backend in [Backend::Git2, Backend::Plumbing] {
        let opened = Repository::open(&repo.location(), backend).unwrap();
        let head = opened.head().unwrap();
        let ids: Vec<_> = opened.walk(&[head.id.unwrap()], &[]).unwrap().map(Result::unwrap).collect();
        let commits = opened.commits(&ids, Needs { files: true, ..Needs::default() }).unwrap();
        println!("{backend:?} {head:?} {:?}", opened.work_tree());
        for commit in commits {
            println!("{commit:?} {:?}", commit.files());
        }
        println!("{:?} {:?}", opened.folder(ids[0], "b"), opened.config("core.bare"));
        repo.stage("x", "y");
        println!("{:?}", opened.staged().unwrap());
    }
}
