//! Rhai's errors in our words: what, where, and the nearest valid name.

use std::collections::BTreeSet;

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use super::Script;
use super::api::{Entry, Failure, Kind, Table};
use super::engine::ABSENT;
use super::sources::Sources;
use crate::diagnostic::{Diagnostic, Place, nearest};

/// A place in a script.
pub(super) fn place(script: &str, position: Position) -> Place {
    let number = |n: Option<usize>| n.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    Place { file: script.to_owned(), line: number(position.line()), column: number(position.position()) }
}

/// Puts an error that a script ran into in our words; `around` is the place to name if the error knows none.
pub(super) fn explain(
    error: &EvalAltResult,
    table: &Table,
    sources: &[&Sources],
    around: &Place,
) -> Diagnostic {
    let (error, place) = innermost(error, sources, around);
    Diagnostic { place: Some(place), ..describe(error, table, sources) }
}

/// The error itself, and the innermost place that is known.
fn innermost<'e>(
    error: &'e EvalAltResult,
    sources: &[&Sources],
    around: &Place,
) -> (&'e EvalAltResult, Place) {
    let mut found = around.clone();
    let mut script = around.file.as_str();
    let mut error = error;
    loop {
        if !error.position().is_none() {
            found = place(script, error.position());
        }
        match error {
            EvalAltResult::ErrorInFunctionCall(name, source, inner, _) => {
                script = match sources.iter().find_map(|sources| sources.script_of(name)) {
                    Some(known) => known,
                    None if source.is_empty() => script,
                    None => source,
                };
                error = inner;
            }
            EvalAltResult::ErrorInModule(module, inner, _) => {
                script = if module.is_empty() { script } else { module };
                error = inner;
            }
            _ => return (error, found),
        }
    }
}

/// The key that a map was asked for in vain.
pub(super) fn unknown_key(error: &EvalAltResult) -> Option<&str> {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => unknown_key(inner),
        EvalAltResult::ErrorPropertyNotFound(name, _) => Some(name),
        _ => None,
    }
}

fn describe(error: &EvalAltResult, table: &Table, sources: &[&Sources]) -> Diagnostic {
    use EvalAltResult as E;
    match error {
        E::ErrorDotExpr(text, _) => property(text, table),
        E::ErrorPropertyNotFound(name, _) => Diagnostic::new(format!("unknown key `{name}` of a map"))
            .help("`map.get(\"key\")` is `()` where there is none, `\"key\" in map` asks"),
        E::ErrorVariableNotFound(name, _) => variable(name, ""),
        E::ErrorFunctionNotFound(signature, _) => function(signature, table, sources),
        E::ErrorModuleNotFound(name, _) => Diagnostic::new(format!("unknown library `{name}`")),
        E::ErrorTerminated(message, _) => Diagnostic::new(message.to_string()),
        E::ErrorStackOverflow(_) => Diagnostic::new("its functions call each other too deeply"),
        E::ErrorDataTooLarge(what, _) => Diagnostic::new(format!("a value grows too large: {}", lower(what))),
        E::ErrorTooManyVariables(_) => Diagnostic::new("it has too many variables"),
        E::ErrorRuntime(value, _) => match value.read_lock::<Failure>() {
            Some(failure) => failure.0.clone(),
            None => Diagnostic::new(format!("it throws `{value}`")),
        },
        E::ErrorParsing(kind, _) => parsing(kind, ""),
        E::ErrorFor(_) => {
            Diagnostic::new("`for` runs over lists, arrays, documents, ranges and texts' `chars()` only")
        }
        other => {
            // The text without Rhai's own words for the place.
            let text = other.to_string();
            let text = text.split(" (line ").next().unwrap_or(&text);
            Diagnostic::new(lower(text).replace('\'', "`"))
        }
    }
}

/// Rhai knows the type and the name in a sentence only: "Unknown property 'x' - a getter is not registered for type 'y'".
fn property(text: &str, table: &Table) -> Diagnostic {
    let mut quoted = text.split('\'').skip(1).step_by(2);
    let (Some(name), Some(owner)) = (quoted.next(), quoted.next()) else {
        return Diagnostic::new(lower(text));
    };
    if text.starts_with("No writable") {
        return Diagnostic::new(format!("`{name}` of {} cannot be set: facts do not change", article(owner)));
    }
    unknown_property(name, owner, table)
}

/// A property that a type does not have.
pub(super) fn unknown_property(name: &str, owner: &str, table: &Table) -> Diagnostic {
    let unknown = Diagnostic::new(format!("unknown property `{name}` of {}", article(owner)));
    if owner == "()" {
        return Diagnostic::new(format!("`()` has no property `{name}`: there is no value here"))
            .help("ask first with `if x != ()`, or write `x?.name`");
    }
    if table.members(owner).any(|entry| entry.name == name && entry.kind == Kind::Method) {
        return unknown.help(format!("it is a function: `{name}()`"));
    }
    if owner == "doc" {
        return unknown.help(format!("a key of a document is read with `doc[\"{name}\"]`"));
    }
    unknown.nearest(
        name,
        table.members(owner).filter(|entry| entry.kind == Kind::Property).map(|entry| entry.name),
    )
}

fn variable(name: &str, script: &str) -> Diagnostic {
    let unknown = Diagnostic::new(format!("unknown variable `{name}`"));
    let declared = declared(script);
    if declared.contains(name) {
        let help =
            format!("a `fn` sees its own variables only; a `const` of the script is `global::{name}` there");
        return unknown.help(help);
    }
    match nearest(name, declared) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown,
    }
}

/// The variables that a script declares anywhere, read from its words alone: it does not parse.
fn declared(script: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for line in script.lines() {
        let mut before = "";
        for word in line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()) {
            if matches!(before, "let" | "const" | "for") {
                names.insert(word);
            }
            before = word;
        }
        // Parameters of closures and functions.
        let closures = line.split('|').skip(1).step_by(2);
        for list in
            closures.chain(line.split_once("fn ").map(|(_, rest)| rest)).filter(|list| list.len() < 200)
        {
            names.extend(
                list.split(|c: char| !is_word(c)).filter(|word| word.starts_with(char::is_alphabetic)),
            );
        }
    }
    names
}

fn function(signature: &str, table: &Table, sources: &[&Sources]) -> Diagnostic {
    let (name, arguments) = signature.split_once(" (").unwrap_or((signature, ""));
    let arguments: Vec<&str> = arguments.trim_end_matches(')').split(", ").map(type_name).collect();
    let first = arguments.first().copied().unwrap_or("");
    let arguments = arguments.join(", ");
    if let Some((_, why)) = ABSENT.iter().find(|(absent, _)| *absent == name) {
        return Diagnostic::new(format!("there is no `{name}` in rules")).help(*why);
    }
    let known: Vec<String> =
        candidates(table, name, first).map(|entry| shown(entry.owner, name, entry.signature)).collect();
    let scripted: BTreeSet<&str> = sources.iter().flat_map(|sources| sources.functions()).collect();
    if !known.is_empty() || scripted.contains(name) {
        let wrong = Diagnostic::new(format!("no `{name}` takes ({arguments})"));
        return if known.is_empty() { wrong } else { wrong.help(format!("there is {}", known.join(", "))) };
    }
    let names = table.entries().iter().filter(|entry| entry.kind != Kind::Property).map(|entry| entry.name);
    let names: BTreeSet<&str> = names.chain(scripted).collect();
    let unknown = Diagnostic::new(format!("unknown function `{name}` of ({arguments})"));
    match nearest(name, names.iter().copied()) {
        Some(near) => unknown.help(format!("did you mean `{near}`?")),
        None => unknown,
    }
}

/// What has this name: of the type it was called on, else functions, else anything.
fn candidates<'a>(table: &'a Table, name: &'a str, owner: &'a str) -> impl Iterator<Item = &'a Entry> {
    let all = move || table.named(name).filter(|entry| entry.kind != Kind::Property);
    let wanted = [owner, ""].into_iter().find(|wanted| all().any(|entry| entry.owner == *wanted));
    all().filter(move |entry| wanted.is_none_or(|wanted| entry.owner == wanted))
}

/// Rhai's names for its own types, as the documentation here has them.
pub(super) fn type_name(name: &str) -> &str {
    match name {
        "&str | ImmutableString | String" => "string",
        "i64" => "int",
        "f64" => "float",
        "Fn" => "fn",
        other => other,
    }
}

/// A function as help shows it.
pub(super) fn shown(owner: &str, name: &str, signature: &str) -> String {
    if owner.is_empty() { format!("`{name}{signature}`") } else { format!("`{owner}.{name}{signature}`") }
}

/// A script that does not compile.
pub(super) fn syntax(error: &ParseError, script: &Script) -> Diagnostic {
    Diagnostic {
        place: Some(place(&script.name, error.position())),
        ..parsing(error.err_type(), &script.text)
    }
}

fn parsing(kind: &ParseErrorType, script: &str) -> Diagnostic {
    match kind {
        ParseErrorType::VariableUndefined(name) => variable(name, script),
        ParseErrorType::ModuleUndefined(name) => Diagnostic::new(format!("unknown library `{name}`"))
            .help(format!("libraries are rules/lib/{name}.rhai")),
        other => {
            let text = other.to_string();
            for (word, why) in ABSENT {
                if text.contains(&format!("'{word}'")) {
                    return Diagnostic::new(format!("there is no `{word}` in rules")).help(why);
                }
            }
            Diagnostic::new(lower(&text).replace('\'', "`"))
        }
    }
}

fn article(owner: &str) -> String {
    let vowel = owner.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {owner}", if vowel { "an" } else { "a" })
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        // An acronym stays as it is.
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect::<String>().trim_end_matches('.').to_owned()
        }
        _ => text.trim_end_matches('.').to_owned(),
    }
}
