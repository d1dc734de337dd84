//! A table of broken files and all that is said of each.

use super::read;

/// What is wrong, `bylaws.toml`, `people.toml`, and the whole message.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (what, bylaws, people, shown) in cases {
        let Err(mistakes) = read(bylaws, people) else { panic!("{what}: nothing was found") };
        assert_eq!(format!("\n{mistakes}\n"), *shown, "{what}");
    }
}

#[test]
fn what_is_no_toml() {
    check(&[
        (
            "a value without quotes",
            r#"[rules]
subject-length = advisory
"#,
            "",
            r#"
error: string values must be quoted, expected literal string
  --> bylaws.toml:2:18
"#,
        ),
        (
            "several syntax errors at once",
            r#"extends = [
[rules
x = 
"#,
            "",
            r#"
error: string values must be quoted, expected literal string
  --> bylaws.toml:2:2

error: missing comma between array elements, expected `,`
  --> bylaws.toml:3:1

error: string values must be quoted, expected literal string
  --> bylaws.toml:3:1

error: unexpected `=` in array, expected value, `]`
  --> bylaws.toml:3:3

error: unclosed array, expected `]`
  --> bylaws.toml:3:4
"#,
        ),
        (
            "a key twice",
            r#"[rules]
no-secrets = "off"
no-secrets = "advisory"
"#,
            "",
            r#"
error: duplicate key
  --> bylaws.toml:3:1
"#,
        ),
        (
            "a table twice",
            r#"[rules]
[rules]
"#,
            "",
            r#"
error: duplicate key
  --> bylaws.toml:2:2
"#,
        ),
        (
            "a day that does not exist",
            r#"[[waiver]]
rule = "no-secrets"
paths = ["**"]
until = 2027-02-30
reason = "r"
"#,
            "",
            r#"
error: invalid date, expected day between 01 and 28
  --> bylaws.toml:4:9
"#,
        ),
        (
            "both files broken",
            r#"[rules
"#,
            r#"[people
"#,
            r#"
error: unclosed table, expected `]`
  --> bylaws.toml:1:7

error: unclosed table, expected `]`
  --> people.toml:1:8
"#,
        ),
    ]);
}

#[test]
fn keys_and_types() {
    check(&[
        (
            "a key at the top",
            r#"extend = []
"#,
            "",
            r#"
error: unknown key `extend`
  --> bylaws.toml:1:1
  = help: did you mean `extends`?
"#,
        ),
        (
            "no key near",
            r#"colour = 1
"#,
            "",
            r#"
error: unknown key `colour`
  --> bylaws.toml:1:1
  = help: valid here: requires, extends, except, rules, waiver, environments, classify, requirements, owners, break-glass
"#,
        ),
        (
            "every unknown key at once",
            r#"[environments.production]
refs = ["main"]
alow = []
[requirements.production]
major = { aprovals = 1 }
[[classify]]
paths = ["x"]
impact = "major"
whi = "x"
[[waiver]]
rule = "no-secrets"
paths = ["**"]
until = 2027-03-31
reason = "r"
by = "ada"
[[owners]]
paths = ["x"]
team = "sre"
aproval = 1
[break-glass]
seniority = "senior"
review-within = "3d"
mayskip = []
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: unknown key `alow`
  --> bylaws.toml:3:1
  = help: did you mean `allow`?

error: unknown key `aprovals`
  --> bylaws.toml:5:11
  = help: did you mean `approvals`?

error: unknown key `whi`
  --> bylaws.toml:9:1
  = help: did you mean `why`?

error: unknown key `by`
  --> bylaws.toml:15:1
  = help: valid here: rule, paths, commits, until, reason

error: `people.toml` names too few members of the team `sre`: 1
  --> bylaws.toml:18:8
  = help: for 1 approval 2 are needed, since one of them may be the author

error: unknown key `aproval`
  --> bylaws.toml:19:1
  = help: did you mean `approvals`?

error: unknown key `mayskip`
  --> bylaws.toml:23:1
  = help: did you mean `may-skip`?
"#,
        ),
        (
            "in people.toml",
            "",
            r#"senority = []
[people.ada]
mail = "ada@example.org"
[services.ci]
test = ["ci"]
keys = [{ shh = "x" }]
"#,
            r#"
error: unknown key `senority`
  --> people.toml:1:1
  = help: did you mean `seniority`?

error: unknown key `mail`
  --> people.toml:3:1
  = help: did you mean `emails`?

error: unknown key `test`
  --> people.toml:5:1
  = help: did you mean `tests`?

error: a key has neither `ssh` nor `gpg`
  --> people.toml:6:9
  = help: each key is one of the two: { ssh = "ssh-ed25519 AAAA..." }

error: unknown key `shh`
  --> people.toml:6:11
  = help: valid here: ssh, gpg, from, until
"#,
        ),
        (
            "a misspelt key does not also miss",
            r#"[environments.production]
ref = ["main"]
[requirements.production]
majr = {}
"#,
            "",
            r#"
error: unknown key `ref`
  --> bylaws.toml:2:1
  = help: did you mean `refs`?

error: unknown key `majr`
  --> bylaws.toml:4:1
  = help: did you mean `major`?
"#,
        ),
        (
            "a key that must be there",
            r#"[[waiver]]
rule = "no-secrets"
[[owners]]
paths = ["x"]
[break-glass]
[environments.x]
[requirements.x]
minor = {}
"#,
            "",
            r#"
error: the key `until` of `waiver` is missing
  --> bylaws.toml:1:1

error: the key `team` of `owners` is missing
  --> bylaws.toml:3:1

error: the key `seniority` of `break-glass` is missing
  --> bylaws.toml:5:1

error: the key `refs` of `environments.x` is missing
  --> bylaws.toml:6:1

error: the key `major` of `requirements.x` is missing
  --> bylaws.toml:7:1
"#,
        ),
        (
            "values of another type",
            r#"requires = 1.0
extends = "recommended"
except = [1]
waiver = {}
[rules]
no-secrets = 3
subject-length = { level = 1, paths = "x" }
[environments]
production = ["main"]
[requirements.production]
major = { approvals = -1, tests = "ci", signed-commits = "yes" }
minor = { approvals = 1.5 }
trivial = { approvals = 99999999999 }
"#,
            "",
            r#"
error: `requires` must be a string, not the number 1.0
  --> bylaws.toml:1:12

error: `extends` must be an array, not a string
  --> bylaws.toml:2:11

error: an element of `except` must be a string, not the number 1
  --> bylaws.toml:3:11

error: `waiver` must be an array, not a table
  --> bylaws.toml:4:10
  = help: each of them begins with [[waiver]]

error: `no-secrets` must be a level or a table, not the number 3
  --> bylaws.toml:6:14

error: `level` must be a string, not the number 1
  --> bylaws.toml:7:28

error: `paths` must be an array, not a string
  --> bylaws.toml:7:39

error: `production` must be a table, not an array
  --> bylaws.toml:9:14

error: `approvals` must be a whole number, 0 or more, not the number -1
  --> bylaws.toml:11:23

error: `tests` must be an array, not a string
  --> bylaws.toml:11:35

error: `signed-commits` must be `true` or `false`, not a string
  --> bylaws.toml:11:58

error: `approvals` must be a whole number, 0 or more, not the number 1.5
  --> bylaws.toml:12:23

error: `approvals` must be a whole number, 0 or more, not the number 99999999999
  --> bylaws.toml:13:25
"#,
        ),
        (
            "a date in quotes, and dates for other things",
            r#"extends = 2027-03-31
[rules]
no-secrets = 2027-03-31
[[waiver]]
rule = "no-secrets"
paths = ["**"]
until = "2027-03-31"
reason = "r"
"#,
            "",
            r#"
error: `extends` must be an array, not a date
  --> bylaws.toml:1:11

error: `no-secrets` must be a level or a table, not a date
  --> bylaws.toml:3:14

error: `until` must be a date without quotes, like 2027-03-31, not a string
  --> bylaws.toml:7:9
"#,
        ),
    ]);
}

#[test]
fn versions_and_sets() {
    check(&[
        (
            "a newer bylaws",
            r#"requires = "99.1"
unheard-of = true
[rules]
no-such-rule = "off"
"#,
            "",
            r#"
error: this policy requires bylaws 99.1 or newer, and this is 0.1.0
  --> bylaws.toml:1:12
  = help: install a newer bylaws
"#,
        ),
        (
            "no version",
            r#"requires = "one"
"#,
            "",
            r#"
error: `one` is no version
  --> bylaws.toml:1:12
  = help: the oldest bylaws that may judge by this: "0.1.0" or "1.0"
"#,
        ),
        (
            "a set",
            r#"extends = ["recomended"]
"#,
            "",
            r#"
error: unknown rule set `recomended`
  --> bylaws.toml:1:12
  = help: did you mean `recommended`?
"#,
        ),
    ]);
}

#[test]
fn rules() {
    check(&[
        (
            "a rule that does not exist",
            r#"[rules]
subject-lenght = "advisory"
zzz = "off"
[[waiver]]
rule = "no-secret"
paths = ["**"]
until = 2027-03-31
reason = "r"
"#,
            "",
            r#"
error: unknown rule `subject-lenght`
  --> bylaws.toml:2:1
  = help: did you mean `subject-length`?

error: unknown rule `zzz`
  --> bylaws.toml:3:1
  = help: valid here: subject-length, no-secrets, every-parameter

error: unknown rule `no-secret`
  --> bylaws.toml:5:8
  = help: did you mean `no-secrets`?
"#,
        ),
        (
            "a level that does not exist",
            r#"[rules]
no-secrets = "hard"
subject-length = { level = "warning" }
"#,
            "",
            r#"
error: unknown level `hard`
  --> bylaws.toml:2:14
  = help: did you mean `hard-mandatory`?

error: unknown level `warning`
  --> bylaws.toml:3:28
  = help: valid here: off, advisory, soft-mandatory, hard-mandatory
"#,
        ),
        (
            "an unknown parameter",
            r#"[rules]
subject-length = { maximum = 80, lvl = "off" }
no-secrets = { max = 3 }
every-parameter = { zzz = 1 }
"#,
            "",
            r#"
error: `subject-length` has no parameter `maximum`
  --> bylaws.toml:2:20
  = help: did you mean `max`?

error: `subject-length` has no parameter `lvl`
  --> bylaws.toml:2:34
  = help: it has max; every rule has level, paths, except, baseline

error: `no-secrets` has no parameter `max`
  --> bylaws.toml:3:16
  = help: it has none; every rule has level, paths, except, baseline

error: `every-parameter` has no parameter `zzz`
  --> bylaws.toml:4:21
  = help: it has limits, max, share, strict, types, word; every rule has level, paths, except, baseline
"#,
        ),
        (
            "parameters of another type",
            r#"[rules]
subject-length = { max = "80" }
[rules.every-parameter]
max = 1.5
share = true
word = 2027-03-31
types = ["feat", 3]
strict = "yes"
limits = { lines = "x" }
"#,
            "",
            r#"
error: `max` of `subject-length` must be a whole number, not a string
  --> bylaws.toml:2:26
  = help: its default is 72

error: `max` of `every-parameter` must be a whole number, not a number with a fraction
  --> bylaws.toml:4:7
  = help: its default is 72

error: `share` of `every-parameter` must be a number, not a boolean
  --> bylaws.toml:5:9
  = help: its default is 0.5

error: `word` of `every-parameter` must be a string, not a date
  --> bylaws.toml:6:8
  = help: its default is "fix"

error: `types[1]` of `every-parameter` must be a string, not a whole number
  --> bylaws.toml:7:9
  = help: its default is ["feat"]

error: `strict` of `every-parameter` must be `true` or `false`, not a string
  --> bylaws.toml:8:10
  = help: its default is true

error: `limits.lines` of `every-parameter` must be a whole number, not a string
  --> bylaws.toml:9:10
  = help: its default is { lines = 500, names = [] }
"#,
        ),
        (
            "a key of a parameter that does not exist",
            r#"[rules]
every-parameter = { limits = { line = 3 } }
"#,
            "",
            r#"
error: `limits.line` of `every-parameter` must be one of the keys it has, not a new one
  --> bylaws.toml:2:30
  = help: its default is { lines = 500, names = [] }
"#,
        ),
        (
            "a date inside a free parameter",
            r#"[rules]
every-parameter = { limits = { names = [2027-03-31] } }
"#,
            "",
            r#"
error: `limits.names[0]` of `every-parameter` must be a date in quotes, a string, not a bare date
  --> bylaws.toml:2:30
  = help: its default is { lines = 500, names = [] }
"#,
        ),
        (
            "bad patterns",
            r##"except = ["a[b", "", "#x"]
[rules]
no-secrets = { paths = ["[z-a]"], except = ["{a"] }
"##,
            "",
            r#"
error: bad pattern `a[b`: unclosed character class; missing ']'
  --> bylaws.toml:1:11

error: bad pattern ``: an empty pattern matches nothing
  --> bylaws.toml:1:18

error: bad pattern `#x`: a pattern that begins with `#` is a comment; write `\#`
  --> bylaws.toml:1:22

error: bad pattern `[z-a]`: invalid range; 'z' > 'a'
  --> bylaws.toml:3:25

error: bad pattern `{a`: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
  --> bylaws.toml:3:45
"#,
        ),
        (
            "a rule that looks nowhere",
            r#"[rules]
no-secrets = { paths = [] }
"#,
            "",
            r#"
error: `no-secrets` would look at no path
  --> bylaws.toml:2:24
  = help: level = "off" says so; without `paths` it looks at all
"#,
        ),
        (
            "an abbreviated baseline",
            r#"[rules]
no-secrets = { baseline = "2d94586" }
subject-length = { baseline = "0000000000000000000000000000000000000000" }
"#,
            "",
            r#"
error: `2d94586` is no full commit id
  --> bylaws.toml:2:27
  = help: all 40 (or 64) digits, as `git rev-parse` shows them

error: `0000000000000000000000000000000000000000` is no full commit id
  --> bylaws.toml:3:31
  = help: all 40 (or 64) digits, as `git rev-parse` shows them
"#,
        ),
    ]);
}

#[test]
fn waivers() {
    check(&[
        (
            "neither paths nor commits",
            r#"[[waiver]]
rule = "no-secrets"
until = 2027-03-31
reason = "r"
[[waiver]]
rule = "no-secrets"
paths = []
until = 2027-03-31
reason = "r"
"#,
            "",
            r#"
error: the waiver of `no-secrets` names no paths and no commits
  --> bylaws.toml:1:1
  = help: paths = ["**"] for all

error: the waiver of `no-secrets` names no paths and no commits
  --> bylaws.toml:5:1
  = help: paths = ["**"] for all
"#,
        ),
        (
            "a bad pattern, a short commit and no reason",
            r#"[[waiver]]
rule = "no-secrets"
paths = ["a["]
commits = ["2d94586"]
until = 2027-03-31
reason = " "
"#,
            "",
            r#"
error: bad pattern `a[`: unclosed character class; missing ']'
  --> bylaws.toml:3:10

error: `2d94586` is no full commit id
  --> bylaws.toml:4:12
  = help: all 40 (or 64) digits, as `git rev-parse` shows them

error: a waiver without a reason is not justified
  --> bylaws.toml:6:10
"#,
        ),
        (
            "a time without a day",
            r#"[[waiver]]
rule = "no-secrets"
paths = ["**"]
until = 18:00:00
reason = "r"
"#,
            "",
            r#"
error: `18:00:00` has no date
  --> bylaws.toml:4:9
  = help: a day like 2027-03-31, or a moment like 2027-03-31T18:00:00Z
"#,
        ),
    ]);
}

#[test]
fn environments_and_classification() {
    check(&[
        (
            "no refs",
            r#"[environments.production]
refs = []
[requirements.production]
major = {}
"#,
            "",
            r#"
error: the environment `production` has no refs
  --> bylaws.toml:2:8
  = help: name its branches: refs = ["main", "release/*"]
"#,
        ),
        (
            "bad ref patterns",
            r#"[environments.production]
refs = ["a[", "", "ma in", "a..b", "main/", "HEAD~1"]
[requirements.production]
major = {}
"#,
            "",
            r#"
error: bad ref pattern `a[`: unclosed character class; missing ']'
  --> bylaws.toml:2:9

error: bad ref pattern ``: an empty pattern matches nothing
  --> bylaws.toml:2:15

error: no ref can be called `ma in`
  --> bylaws.toml:2:19
  = help: a branch's name, or a ref from `refs/` on; `*` stops at `/`, `**` does not

error: no ref can be called `a..b`
  --> bylaws.toml:2:28
  = help: a branch's name, or a ref from `refs/` on; `*` stops at `/`, `**` does not

error: no ref can be called `main/`
  --> bylaws.toml:2:36
  = help: a branch's name, or a ref from `refs/` on; `*` stops at `/`, `**` does not

error: no ref can be called `HEAD~1`
  --> bylaws.toml:2:45
  = help: a branch's name, or a ref from `refs/` on; `*` stops at `/`, `**` does not
"#,
        ),
        (
            "an unknown permission",
            r#"[environments.production]
refs = ["main"]
allow = ["force_push"]
[requirements.production]
major = {}
"#,
            "",
            r#"
error: unknown permission `force_push`
  --> bylaws.toml:3:10
  = help: did you mean `force-push`?
"#,
        ),
        (
            "no requirements",
            r#"[environments.production]
refs = ["main"]
"#,
            "",
            r#"
error: the environment `production` has no requirements
  --> bylaws.toml:1:15
  = help: add [requirements.production] with a row `major`; `major = {}` says: nothing
"#,
        ),
        (
            "requirements of nobody",
            r#"[environments.production]
refs = ["main"]
requirements = "prodction"
[requirements.production]
major = {}
"#,
            "",
            r#"
error: unknown requirements `prodction`
  --> bylaws.toml:3:16
  = help: did you mean `production`?
"#,
        ),
        (
            "requirements for no environment",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = {}
[requirements.producton]
major = {}
"#,
            "",
            r#"
error: requirements for no environment: `producton`
  --> bylaws.toml:5:15
  = help: did you mean `production`?
"#,
        ),
        (
            "two that share nothing with each other",
            r#"[environments.a]
refs = ["a"]
requirements = "b"
[environments.b]
refs = ["b"]
requirements = "a"
"#,
            "",
            r#"
error: the environment `a` has no requirements
  --> bylaws.toml:1:15
  = help: add [requirements.a] with a row `major`; `major = {}` says: nothing

error: the environment `b` has no requirements
  --> bylaws.toml:4:15
  = help: add [requirements.b] with a row `major`; `major = {}` says: nothing
"#,
        ),
        (
            "unknown impact",
            r#"[[classify]]
paths = ["*.tf"]
impact = "high"
[[classify]]
paths = []
impact = "minor"
"#,
            "",
            r#"
error: unknown impact `high`
  --> bylaws.toml:3:10
  = help: valid here: trivial, minor, major

error: this entry classifies no paths
  --> bylaws.toml:5:9
  = help: name them: paths = ["*.tf"]
"#,
        ),
    ]);
}

#[test]
fn requirements() {
    check(&[
        (
            "unknown seniority and suite",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { approvals = 1, seniority = "senor", tests = ["cl"] }
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: unknown seniority `senor`
  --> bylaws.toml:4:38
  = help: did you mean `senior`?

error: no service in `people.toml` is trusted for the test suite `cl`
  --> bylaws.toml:4:56
  = help: valid here: ci
"#,
        ),
        (
            "no words for seniority at all",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { approvals = 1, seniority = "senior" }
"#,
            "",
            r#"
error: unknown seniority `senior`
  --> bylaws.toml:4:38
  = help: `people.toml` names the words for it: seniority = ["engineer", "senior"], lowest first
"#,
        ),
        (
            "a suite of no service",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { tests = ["ci"] }
"#,
            "",
            r#"
error: no service in `people.toml` is trusted for the test suite `ci`
  --> bylaws.toml:4:20
  = help: add a service: [services.ci] with tests = ["ci"]
"#,
        ),
        (
            "two seniors cannot give two approvals to one of them",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { approvals = 2, seniority = "senior" }
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: `people.toml` names too few people of seniority `senior` or above: 2
  --> bylaws.toml:4:23
  = help: for 2 approvals 3 are needed, since one of them may be the author
"#,
        ),
        (
            "nobody at all",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { approvals = 1 }
"#,
            "",
            r#"
error: `people.toml` names too few people: 0
  --> bylaws.toml:4:23
  = help: for 1 approval 2 are needed, since one of them may be the author
"#,
        ),
        (
            "seniority of nobody asked",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = { seniority = "senior" }
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: `seniority` says who approves, but no approvals are asked for
  --> bylaws.toml:4:23
  = help: add approvals = 1
"#,
        ),
        (
            "owners",
            r#"[[owners]]
paths = ["/infra/"]
team = "sr"
[[owners]]
paths = ["/infra/"]
team = "sre"
[[owners]]
paths = []
team = "sre"
approvals = 0
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: nobody in `people.toml` is in the team `sr`
  --> bylaws.toml:3:8
  = help: did you mean `sre`?

error: `people.toml` names too few members of the team `sre`: 1
  --> bylaws.toml:6:8
  = help: for 1 approval 2 are needed, since one of them may be the author

error: these owners own no paths
  --> bylaws.toml:8:9
  = help: name them: paths = ["/infra/"]

error: owners who need not approve own nothing
  --> bylaws.toml:10:13
  = help: 1 or more
"#,
        ),
        (
            "break-glass",
            r#"[break-glass]
seniority = "principal"
may-skip = ["approval", "hard-mandatory"]
review-within = "soon"
"#,
            r#"seniority = ["engineer", "senior"]
[people.ada]
seniority = "senior"
teams = ["sre"]
[people.bob]
seniority = "senior"
[people.cem]
seniority = "engineer"
[services.ci]
tests = ["ci"]
"#,
            r#"
error: unknown seniority `principal`
  --> bylaws.toml:2:13
  = help: valid here: engineer, senior

error: unknown requirement `approval`
  --> bylaws.toml:3:13
  = help: did you mean `approvals`?

error: unknown requirement `hard-mandatory`
  --> bylaws.toml:3:25
  = help: valid here: approvals, tests, signed-commits

error: `soon` is no duration
  --> bylaws.toml:4:17
  = help: a number and one of s, m, h, d, w: "72h", "3d"
"#,
        ),
        (
            "a glass that nobody could review",
            r#"[break-glass]
seniority = "b"
review-within = "3d"
"#,
            r#"seniority = ["a", "b"]
[people.x]
seniority = "b"
[people.y]
seniority = "a"
"#,
            r#"
error: `people.toml` names too few people of seniority `b` or above: 1
  --> bylaws.toml:2:13
  = help: 2 are needed, since another of them reviews a break-glass
"#,
        ),
    ]);
}

#[test]
fn people() {
    check(&[
        (
            "one thing of two people",
            "",
            r#"[people.ada]
emails = ["ada@example.org"]
logins = ["ada"]
keys = [{ ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7 ada" }, { gpg = "0123456789ABCDEF0123456789ABCDEF01234567" }]
[people.bob]
emails = ["ADA@example.org"]
logins = ["ada"]
[services.ci]
keys = [{ ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7 other comment" }, { gpg = "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567" }]
"#,
            r#"
error: this e-mail address of `bob` is already one of `ada`
  --> people.toml:6:11
  = help: each belongs to one person or service

error: this login of `bob` is already one of `ada`
  --> people.toml:7:11
  = help: each belongs to one person or service

error: this key of `ci` is already one of `ada`
  --> people.toml:9:9
  = help: each belongs to one person or service

error: this key of `ci` is already one of `ada`
  --> people.toml:9:117
  = help: each belongs to one person or service
"#,
        ),
        (
            "an address and a login that are none",
            "",
            r#"[people.ada]
emails = ["ada", "Ada <ada@example.org>"]
logins = [""]
"#,
            r#"
error: `ada` is no e-mail address
  --> people.toml:2:11
  = help: only the address, like ada@example.org

error: `Ada <ada@example.org>` is no e-mail address
  --> people.toml:2:18
  = help: only the address, like ada@example.org

error: an empty login is nobody's
  --> people.toml:3:11
"#,
        ),
        (
            "seniority",
            "",
            r#"seniority = ["a", "b", "a"]
[people.ada]
seniority = "bb"
[people.bob]
seniority = "zzz"
"#,
            r#"
error: `a` is named twice
  --> people.toml:1:24
  = help: the order of these words is their rank, lowest first

error: unknown seniority `bb`
  --> people.toml:3:13
  = help: did you mean `b`?

error: unknown seniority `zzz`
  --> people.toml:5:13
  = help: valid here: a, b
"#,
        ),
        (
            "seniority without an order",
            "",
            r#"[people.ada]
seniority = "senior"
"#,
            r#"
error: unknown seniority `senior`
  --> people.toml:2:13
  = help: `people.toml` names the words for it: seniority = ["engineer", "senior"], lowest first
"#,
        ),
        (
            "keys",
            "",
            r#"[people.ada]
keys = [
  { ssh = "ssh-ed25519 AAAA" },
  { ssh = "-----BEGIN OPENSSH PRIVATE KEY-----" },
  { ssh = "" },
  { gpg = "0123456789ABCDEF" },
  { gpg = "not hexadecimal" },
  { gpg = "0123456789" },
  {},
  { ssh = "x", gpg = "y" },
  { ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7", from = 2027-01-02, until = 2027-01-01 },
]
"#,
            r#"
error: this is no OpenSSH public key, or it is damaged
  --> people.toml:3:11
  = help: write one line as in a `.pub` file: ssh-ed25519 AAAA...

error: this is a private key
  --> people.toml:4:11
  = help: take it out, make a new pair, and write the public half: the `.pub` file

error: this is no OpenSSH public key, or it is damaged
  --> people.toml:5:11
  = help: write one line as in a `.pub` file: ssh-ed25519 AAAA...

error: this is a short key id, which others can imitate
  --> people.toml:6:11
  = help: `gpg --fingerprint` shows all 40 digits of it

error: this is no OpenPGP fingerprint
  --> people.toml:7:11
  = help: `gpg --fingerprint` shows all 40 digits of it

error: this is no whole OpenPGP fingerprint
  --> people.toml:8:11
  = help: `gpg --fingerprint` shows all 40 digits of it

error: a key has neither `ssh` nor `gpg`
  --> people.toml:9:3
  = help: each key is one of the two: { ssh = "ssh-ed25519 AAAA..." }

error: a key has both `ssh` and `gpg`
  --> people.toml:10:3
  = help: each key is one of the two: { ssh = "ssh-ed25519 AAAA..." }

error: this key ends before it begins: `until` is not after `from`
  --> people.toml:11:122
"#,
        ),
        (
            "a key for one moment, and for no day",
            "",
            r#"[people.ada]
keys = [{ ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7", from = 2027-01-01T00:00:00Z, until = 2027-01-01T00:00:00Z }, { ssh = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM1ZPI7BUyT/3cDztr7ogzaoHwvR3s41DZxhL3jtD5d7", from = 12:00:00 }]
"#,
            r#"
error: this key ends before it begins: `until` is not after `from`
  --> people.toml:2:138

error: `12:00:00` has no date
  --> people.toml:2:261
  = help: a day like 2027-03-31, or a moment like 2027-03-31T18:00:00Z
"#,
        ),
        (
            "an environment that a service deploys to",
            r#"[environments.production]
refs = ["main"]
[requirements.production]
major = {}
"#,
            r#"[services.ci]
deploys = ["prod", "production"]
"#,
            r#"
error: unknown environment `prod`
  --> people.toml:2:12
  = help: did you mean `production`?
"#,
        ),
    ]);
}
