//! 1: the push that breaks a rule also changes what would judge it.

use crate::server::{CONFIG, CONFIG_TEXT, Kind, PEOPLE, PEOPLE_TEXT, POLICY, Server, policy_with, settings};

const RULE: &str = ".bylaws/rules/no-bad.rhai";

#[test]
fn trap_01_the_rule_is_removed_by_the_commit_that_breaks_it() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.remove(RULE);
        work.commit("Do a bad thing");
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_01_the_rule_is_removed_by_an_earlier_commit_of_the_push() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        work.remove(RULE);
        work.commit("Remove a rule");
        work.commit("Do a bad thing");
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_01_the_rule_is_switched_off_excepted_waived_or_refilled() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let waiver = "[[waiver]]\nrule = \"no-bad\"\npaths = [\"**\"]\nuntil = 2099-01-01\nreason = \"so that it is in\"\n";
        for (path, text) in [
            (CONFIG, format!("{CONFIG_TEXT}[rules]\nno-bad = \"off\"\n")),
            (CONFIG, format!("{CONFIG_TEXT}[rules]\nno-bad = \"advisory\"\n")),
            (CONFIG, format!("{CONFIG_TEXT}{waiver}")),
            (CONFIG, CONFIG_TEXT.replace("\"main\", ", "")),
            (RULE, POLICY[2].1.replace("\"bad\"", "\"worse\"")),
        ] {
            let work = server.clone();
            work.write(path, text);
            work.commit("Do a bad thing");
            server.refuses("bob", &work, &["main"], "no-bad");
        }
    });
}

#[test]
fn trap_01_the_author_adds_himself_to_people() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        let work = server.clone();
        let eve = "[people.eve]\nname = \"Eve\"\nemails = [\"eve@example.org\"]\nlogins = [\"eve\"]\nseniority = \"senior\"\n";
        work.write(PEOPLE, format!("{PEOPLE_TEXT}{eve}"));
        work.commit("Let Eve in");
        server.refuses("eve", &work, &["main"], "bylaws/identity");
        // What a known person lets in holds from then on.
        server.takes("bob", &work, &["main"]);
        work.commit("Say hello");
        server.takes("eve", &work, &["main"]);
    });
}

#[test]
fn trap_01_the_policy_moves_on_its_own_ref_in_the_same_push() {
    Kind::each(|kind| {
        let apart = settings("ssh").replace("refs/heads/main", "refs/heads/policy");
        let server = Server::governed(kind, POLICY, &apart);
        server.git(&["branch", "policy", "main"]);
        let work = server.clone();
        work.git(&["checkout", "-q", "-b", "policy"]);
        work.remove(RULE);
        work.commit("Remove a rule");
        work.git(&["checkout", "-q", "main"]);
        work.commit("Do a bad thing");
        server.refuses("bob", &work, &["policy", "main"], "no-bad");
        server.refuses("bob", &work, &["main", "policy"], "no-bad");
        // One after the other is how a policy is changed.
        server.takes("bob", &work, &["policy"]);
        server.takes("bob", &work, &["main"]);
    });
}

#[test]
fn trap_01_the_policy_ref_is_deleted_rewound_or_emptied() {
    Kind::each(|kind| {
        // No environment protects it: it is so by itself.
        let apart = settings("ssh").replace("refs/heads/main", "refs/heads/policy");
        let server = Server::governed(kind, POLICY, &apart);
        server.git(&["branch", "policy", "main"]);
        let work = server.clone();
        work.git(&["checkout", "-q", "-b", "policy"]);
        work.write("more", "more\n");
        work.commit("Say more");
        server.takes("bob", &work, &["policy"]);
        server.refuses("bob", &work, &["--delete", "policy"], "bylaws/deletion");
        server.refuses("bob", &work, &["--force", "policy~:policy"], "bylaws/force-push");
        work.git(&["rm", "-q", "-r", ".bylaws"]);
        work.commit("Remove the policy");
        server.refuses("bob", &work, &["policy"], "bylaws/policy");
        server.refuses("ada", &work, &["policy"], "bylaws/policy");
    });
}

#[test]
fn trap_01_the_rule_goes_in_one_push_and_is_broken_in_the_next() {
    Kind::each(|kind| {
        // A change of the policy is major whatever it looks like, and needs what major changes need.
        let config = CONFIG_TEXT.replace("major = {}", "major = { approvals = 1 }\nminor = {}");
        let classified =
            config + "[[classify]]\npaths = [\"**\"]\nimpact = \"trivial\"\nwhy = \"nothing matters\"\n";
        let server = Server::governed(kind, &policy_with(&[(CONFIG, &classified)]), &settings("ssh"));
        let work = server.clone();
        work.write("goods", "tea\n");
        work.commit("Sell tea");
        server.takes("bob", &work, &["main"]);
        work.remove(RULE);
        work.commit("Remove a rule");
        server.refuses("bob", &work, &["main"], "bylaws/requirements");
        work.git(&["reset", "-q", "--hard", "HEAD~"]);
        work.commit("Do a bad thing");
        server.refuses("bob", &work, &["main"], "no-bad");
    });
}

#[test]
fn trap_01_a_policy_that_does_not_load_comes_in_nowhere() {
    Kind::each(|kind| {
        let server = Server::new(kind);
        for (path, text) in [
            (CONFIG, "extends = [\n".to_owned()),
            (CONFIG, format!("{CONFIG_TEXT}[rules]\nno-bat = \"off\"\n")),
            (RULE, POLICY[2].1.replace("commit.subject", "commit.sbject")),
            (PEOPLE, "people = 1\n".to_owned()),
            (".bylaws/tests/t.rhai", "test(\"no\", || { assert(false); });\n".to_owned()),
        ] {
            let work = server.clone();
            work.write(path, text);
            work.commit("Change the policy");
            server.refuses("bob", &work, &["main"], "bylaws/policy");
        }
    });
}
