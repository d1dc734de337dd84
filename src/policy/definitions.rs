//! The API as a Rhai definition file, for editors: the language server of the Rhai project completes and documents by it.
//!
//! The grammar is that server's (`rhai.ungram` of <https://github.com/rhaiscript/lsp>): `module static;` makes what follows
//! known in every script, a type is opaque, `fn get` is a property. The engine itself cannot read it.

use super::{Kind, Limits, RuleBook, Table};
use crate::diagnostic::Diagnostics;

/// The file's name.
pub const DEFINITIONS: &str = "bylaws.d.rhai";

const HEAD: &str = "\
/// What the rules of bylaws and their tests can name: facts, what is done with them, and how to report.
///
/// Written by `bylaws definitions`. Builders and assertions are for tests alone; `()` in a type means that there may be none.
module static;
";

/// The definition file of everything that scripts can name.
///
/// # Errors
/// When the engine cannot be made.
pub fn definitions() -> Result<String, Diagnostics> {
    Ok(file(RuleBook::compile(&[], Limits::default())?.table()))
}

fn file(table: &Table) -> String {
    let mut text = HEAD.to_owned();
    for (name, doc) in table.types() {
        text.push_str(&format!("\n/// {doc}\ntype {name} = ...;\n"));
    }
    for entry in table.entries() {
        let (name, signature) = (entry.name, in_grammar(entry.signature));
        let declared = match entry.kind {
            Kind::Property => format!("get {name}({}) -> {signature}", called_on(entry.owner)),
            Kind::Method => format!("{name}{}", with_owner(entry.owner, &signature)),
            Kind::Function => format!("{name}{signature}"),
        };
        text.push_str(&format!("\n/// {}\nfn {declared};\n", entry.doc));
    }
    text
}

/// What a property or a method is of is its first parameter.
fn called_on(owner: &str) -> String {
    match owner {
        "fn" => "function: FnPtr".to_owned(),
        owner => format!("{owner}: {owner}"),
    }
}

fn with_owner(owner: &str, signature: &str) -> String {
    match signature.strip_prefix("()") {
        Some(rest) => format!("({}){rest}", called_on(owner)),
        None => format!("({}, {}", called_on(owner), signature.trim_start_matches('(')),
    }
}

/// A signature of the table in the words of the grammar: `any` is `?`, `x?` is `x | ()`, a function is a `FnPtr`, and a
/// parameter is not called by a word that the language keeps for itself.
fn in_grammar(signature: &str) -> String {
    let mut text = String::new();
    let mut word = String::new();
    for c in signature.replace("...", "...rest: any").chars().chain(['\n']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        match std::mem::take(&mut word).as_str() {
            "any" => text.push('?'),
            "fn" => text.push_str("FnPtr"),
            kept if c == ':' && KEPT.contains(&kept) => text.push_str(&format!("{kept}_")),
            other => text.push_str(other),
        }
        match c {
            '?' => text.push_str(" | ()"),
            '\n' => {}
            other => text.push(other),
        }
    }
    text
}

/// Words that Rhai keeps, as far as somebody would call a parameter by them.
const KEPT: [&str; 13] =
    ["as", "case", "default", "do", "if", "in", "is", "match", "module", "new", "until", "use", "with"];

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        RuleBook::compile(&[], Limits::default()).unwrap().table().clone()
    }

    /// The lines that declare, without their semicolon.
    fn declared(text: &str) -> Vec<&str> {
        let lines = text.lines().filter(|line| line.starts_with("fn "));
        lines.map(|line| line.strip_suffix(';').unwrap_or_else(|| panic!("no end: {line}"))).collect()
    }

    #[test]
    fn everything_that_scripts_can_name_is_defined_with_its_documentation() {
        let (text, table) = (definitions().unwrap(), table());
        assert!(table.entries().len() > 150 && table.types().len() > 15);
        for entry in table.entries() {
            let name = match entry.kind {
                Kind::Property => format!("get {}({}) -> ", entry.name, called_on(entry.owner)),
                Kind::Method => format!("{}({}", entry.name, called_on(entry.owner)),
                Kind::Function => format!("{}(", entry.name),
            };
            let expected = format!("\n/// {}\nfn {name}", entry.doc);
            assert!(text.contains(&expected), "{}.{} is missing: {expected}", entry.owner, entry.name);
        }
        for (name, doc) in table.types() {
            assert!(text.contains(&format!("\n/// {doc}\ntype {name} = ...;\n")), "{name} is missing");
        }
        assert_eq!(declared(&text).len(), table.entries().len());
        assert_eq!(text.matches("\ntype ").count(), table.types().len());
    }

    /// The part of the language server's grammar that is used here.
    #[test]
    fn every_declaration_is_one_of_the_grammar() {
        let name = "[A-Za-z_][A-Za-z_0-9]*";
        let flat = format!(r"(?:{name}|\?|\(\))");
        let one = format!(r"(?:{flat}|\[{flat}(?: \| {flat})*\])");
        let of_type = format!(r"{one}(?: \| {one})*");
        let parameter = format!(r"(?:\.\.\.)?{name}: {of_type}");
        let whole = format!(r"^fn (?:get )?{name}\((?:{parameter}(?:, {parameter})*)?\)(?: -> {of_type})?$");
        let grammar = regex::Regex::new(&whole).unwrap();
        let text = definitions().unwrap();
        let wrong: Vec<&str> = declared(&text).into_iter().filter(|line| !grammar.is_match(line)).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        for line in text.lines() {
            let known = ["", "///", "module static;", "type ", "fn "]
                .iter()
                .any(|start| if start.is_empty() { line.is_empty() } else { line.starts_with(start) });
            assert!(known, "{line}");
        }
    }

    /// What the engine can read of it: without types, and with a body.
    #[test]
    fn parameters_are_words_that_rhai_takes() {
        let types = regex::Regex::new(r": [^,)(]*(?:\(\))?").unwrap();
        let engine = rhai::Engine::new();
        for line in declared(&definitions().unwrap()) {
            let (head, _) = line.split_once(" -> ").unwrap_or((line, ""));
            let script = types.replace_all(head, "").replace("...", "").replace("fn get ", "fn ");
            // Some names are the engine's own, which no script may define.
            let script = script.replacen("fn ", "fn f_", 1);
            let parsed = engine.compile(format!("{script} {{}}"));
            assert!(parsed.is_ok(), "{line}\n{script}\n{parsed:?}");
        }
    }
}
