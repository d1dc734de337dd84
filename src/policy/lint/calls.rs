//! Calls: functions that there are not, and arguments that they do not take.

use std::collections::BTreeSet;

use rhai::{Expr, FnCallExpr, Position};

use super::super::api::{Entry, Kind};
use super::super::{ScriptKind, engine, error};
use super::checker::{Checker, joined};
use super::natives;
use super::syntax;
use super::types::{Signature, Type};
use crate::diagnostic::nearest;

/// A function that could be meant.
struct Candidate {
    signature: Signature,
    /// What it is called on is its first parameter.
    is_method: bool,
    shown: String,
}

impl<'k> Checker<'k> {
    /// A call of a function or operator.
    pub(super) fn call(&mut self, call: &'k FnCallExpr, position: Position) -> Type {
        if !call.namespace.is_empty() {
            return self.qualified_call(call, position);
        }
        if let Some(kind) = self.operator(call, position) {
            return kind;
        }
        let name = call.name.as_str();
        if self.is_declaration(name) {
            return self.declaration(call, position);
        }
        let given: Vec<Type> = call.args.iter().map(|argument| self.argument(argument, &[])).collect();
        self.literals(call);
        if self.parsed.script.kind == ScriptKind::Tests {
            self.of_tests(call, position);
        }
        self.function(name, &given, position)
    }

    /// An argument; a closure is given values of these types.
    fn argument(&mut self, argument: &'k Expr, to_closure: &[Type]) -> Type {
        match syntax::closure(argument) {
            Some(closure) => {
                self.closure(&closure, to_closure);
                Type::Fn
            }
            None => self.infer(argument),
        }
    }

    fn qualified_call(&mut self, call: &'k FnCallExpr, position: Position) -> Type {
        call.args.iter().for_each(|argument| drop(self.infer(argument)));
        let root = call.namespace.root().to_owned();
        if !self.library(&root, call.namespace.path.first().map_or(position, |part| part.pos)) {
            return Type::Any;
        }
        let known = self.known;
        let Some(Some(functions)) = known.libraries.get(&root) else { return Type::Any };
        let name = call.name.as_str();
        let public = || functions.iter().filter(|function| !function.is_private);
        let counts: BTreeSet<usize> =
            public().filter(|function| function.name == name).map(|function| function.count).collect();
        if counts.is_empty() {
            let message = format!("the library `{root}` has no function `{name}`");
            if functions.iter().any(|function| function.name == name) {
                self.wrong_because(position, message, "it has one that is `private`");
            } else {
                let names: BTreeSet<&str> = public().map(|function| function.name.as_str()).collect();
                self.wrong_word(position, message, name, names);
            }
        } else if !counts.contains(&call.args.len()) {
            self.wrong(position, arity(&format!("{root}::{name}"), &counts, call.args.len()));
        }
        Type::Any
    }

    /// Is there such a library? If not, that is told.
    pub(super) fn library(&mut self, name: &str, position: Position) -> bool {
        let known = self.known;
        if known.libraries.contains_key(name) {
            return true;
        }
        let message = format!("unknown library `{name}`");
        match nearest(name, known.libraries.keys().map(String::as_str)) {
            Some(near) => self.wrong_because(position, message, format!("did you mean `{near}`?")),
            None => self.wrong_because(position, message, format!("libraries are rules/lib/{name}.rhai")),
        }
        false
    }

    /// `f(a, b)`
    fn function(&mut self, name: &str, given: &[Type], position: Position) -> Type {
        if let Some(kind) = self.calls(name, given) {
            return kind;
        }
        if self.variable(name).is_some() || natives::has_function(None, name, given.len()) {
            return Type::Any;
        }
        let table = self.known.table;
        // A method can be called as a function, but what it is called on must be its own.
        let may_be_meant = |entry: &&Entry| match entry.kind {
            Kind::Property => false,
            Kind::Function => true,
            Kind::Method => {
                given.first().is_some_and(|first| !Type::parse(entry.owner, &[]).never_equals(first))
            }
        };
        let mut candidates: Vec<Candidate> =
            table.named(name).filter(may_be_meant).map(Candidate::of).collect();
        if candidates.is_empty() {
            let all = table.named(name).filter(|entry| entry.kind != Kind::Property);
            candidates = all.map(Candidate::of).collect();
        }
        self.choose(name, given, &candidates, position)
    }

    /// `x.f(a, b)`
    pub(super) fn method(&mut self, on: &Type, call: &'k FnCallExpr, position: Position) -> Type {
        let name = call.name.as_str();
        let element = on.element();
        let is_sequence = matches!(on.certain(), Type::Array(_) | Type::List(_));
        let mut given = vec![on.clone()];
        let mut made = Type::Any;
        for argument in &call.args {
            let to_closure = passed(on, name, &element);
            match syntax::closure(argument) {
                Some(closure) => {
                    if is_sequence {
                        self.count_of(name, &closure);
                    }
                    made = joined(self.closure(&closure, &to_closure));
                    given.push(Type::Fn);
                }
                None => given.push(self.infer(argument)),
            }
        }
        let own = given.get(1..).unwrap_or_default().to_vec();
        if let Some(kind) = self.calls(name, &own) {
            return kind;
        }
        if let Some(owner) = on.owner().filter(|_| on.is_closed() || is_sequence)
            && !matches!(on.certain(), Type::Map(_) | Type::Params(_) | Type::Fn)
        {
            let found = self.method_of(owner, name, &given, position);
            return if is_sequence { of_sequence(name, element, made, found) } else { found };
        }
        if matches!(on.certain(), Type::Map(_) | Type::Unit) || natives::has_function(None, name, given.len())
        {
            return Type::Any;
        }
        let table = self.known.table;
        let candidates: Vec<Candidate> =
            table.named(name).filter(|entry| entry.kind != Kind::Property).map(Candidate::of).collect();
        // What it is called on is not known: any of them may be meant, and only their number of arguments can be wrong.
        self.choose(name, &vec![Type::Any; given.len()], &candidates, position);
        Type::Any
    }

    fn method_of(&mut self, owner: &str, name: &str, given: &[Type], position: Position) -> Type {
        if natives::has_function(Some(owner), name, given.len()) {
            return Type::Any;
        }
        let table = self.known.table;
        let of_owner = |entry: &&Entry| match entry.kind {
            Kind::Property => false,
            Kind::Method => entry.owner == owner,
            Kind::Function => {
                let first = Signature::of(entry).params.first().copied();
                first.is_some_and(|first| first == owner || first == "any")
            }
        };
        let candidates: Vec<Candidate> = table.named(name).filter(of_owner).map(Candidate::of).collect();
        if !candidates.is_empty()
            || natives::counts(name).next().is_some() && table.named(name).next().is_none()
        {
            return self.choose(name, given, &candidates, position);
        }
        let of = given.first().map_or_else(String::new, Type::article);
        let message = format!("unknown function `{name}` of {of}");
        if table.members(owner).any(|entry| entry.name == name && entry.kind == Kind::Property) {
            self.wrong_because(position, message, format!("it is a property: `.{name}` without parentheses"));
            return Type::Any;
        }
        let methods = table.members(owner).filter(|entry| entry.kind == Kind::Method).map(|entry| entry.name);
        match nearest(name, methods) {
            Some(near) => self.wrong_because(position, message, format!("did you mean `{near}`?")),
            None => self.wrong(position, message),
        }
        Type::Any
    }

    /// Which of some functions is called; what it gives back.
    fn choose(&mut self, name: &str, given: &[Type], candidates: &[Candidate], position: Position) -> Type {
        let counts: BTreeSet<usize> = candidates.iter().map(|one| one.signature.params.len()).collect();
        let scripted: BTreeSet<usize> =
            self.parsed.functions(name).iter().map(|one| one.params.len()).collect();
        if candidates.is_empty() {
            if scripted.is_empty() && natives::counts(name).next().is_none() {
                self.unknown_function(name, position);
            } else {
                let counts: BTreeSet<usize> = scripted.into_iter().chain(natives::counts(name)).collect();
                self.escapes(name);
                self.wrong(position, arity(name, &counts, given.len()));
            }
            return Type::Any;
        }
        let there = || {
            let shown: Vec<&str> = candidates.iter().map(|one| one.shown.as_str()).collect();
            format!("there is {}", shown.join(", "))
        };
        let of_count: Vec<&Candidate> =
            candidates.iter().filter(|one| one.signature.takes(given.len())).collect();
        if of_count.is_empty() {
            // What a method is called on is not counted.
            let less = usize::from(candidates.iter().all(|one| one.is_method));
            let counts = counts.iter().map(|count| count.saturating_sub(less)).collect();
            self.wrong_because(position, arity(name, &counts, given.len().saturating_sub(less)), there());
            return Type::Any;
        }
        let fitting: Vec<&Candidate> = of_count.into_iter().filter(|one| one.fits(given)).collect();
        if fitting.is_empty() {
            let shown: Vec<String> = given.iter().map(|one| one.certain().article()).collect();
            self.wrong_because(position, format!("no `{name}` takes {}", shown.join(", ")), there());
            return Type::Any;
        }
        fitting.into_iter().fold(Type::Never, |all, one| all.or(one.signature.result.clone()))
    }

    fn unknown_function(&mut self, name: &str, position: Position) {
        if let Some((_, why)) = engine::ABSENT.iter().find(|(absent, _)| *absent == name) {
            self.wrong_because(position, format!("there is no `{name}` in rules"), *why);
            return;
        }
        let table = self.known.table;
        let message = format!("unknown function `{name}`");
        if table.named(name).any(|entry| entry.kind == Kind::Property) {
            self.wrong_because(position, message, format!("it is a property: `.{name}` without parentheses"));
            return;
        }
        let in_table =
            table.entries().iter().filter(|entry| entry.kind != Kind::Property).map(|entry| entry.name);
        let scripted: Vec<&str> = self.parsed.named().map(|function| function.name.as_str()).collect();
        let near = nearest(name, in_table.chain(scripted)).map(str::to_owned);
        match near {
            Some(near) => self.wrong_because(position, message, format!("did you mean `{near}`?")),
            None => self.wrong(position, message),
        }
    }

    /// A closure given to `filter` and its kin takes the element, perhaps its index, or has it as `this`.
    fn count_of(&mut self, name: &str, closure: &syntax::Closure) {
        let most = match name {
            "filter" | "map" | "some" | "all" | "find" | "find_map" | "for_each" => 2,
            "reduce" => 3,
            _ => return,
        };
        if let Some(count) = self.parameters_of(closure).filter(|count| *count > most) {
            let message = format!("the function given to `{name}` takes {count} arguments, {most} at most");
            self.wrong(closure.position, message);
        }
    }
}

impl Candidate {
    fn of(entry: &Entry) -> Self {
        let mut signature = Signature::of(entry);
        let is_method = entry.kind == Kind::Method;
        if is_method {
            signature.params.insert(0, entry.owner);
        }
        Self { signature, is_method, shown: error::shown(entry.owner, entry.name, entry.signature) }
    }

    fn fits(&self, given: &[Type]) -> bool {
        let pairs = self.signature.params.iter().zip(given);
        pairs.into_iter().all(|(param, given)| {
            let wanted = Type::parse(param, &[]);
            // Rhai takes the name of a function for it.
            let by_name = wanted == Type::Fn && matches!(given.certain(), Type::Text(_));
            by_name || !wanted.never_equals(given.certain())
        })
    }
}

/// What a closure given to a method is called with.
fn passed(on: &Type, method: &str, element: &Type) -> Vec<Type> {
    match (on.certain(), method) {
        (Type::Array(_) | Type::List(_), "reduce") => vec![Type::Any, element.clone(), Type::Int],
        (Type::Array(_) | Type::List(_), "sort" | "sort_by" | "order" | "order_by" | "dedup") => {
            vec![element.clone(), element.clone()]
        }
        (Type::Array(_) | Type::List(_), _) => vec![element.clone(), Type::Int],
        (Type::Map(_) | Type::Params(_), "filter" | "drain" | "retain") => vec![Type::Text(&[]), Type::Any],
        _ => Vec::new(),
    }
}

/// What methods of arrays and lists give back: the table cannot say "the same as in it".
fn of_sequence(method: &str, element: Type, made: Type, of_table: Type) -> Type {
    match method {
        "filter" | "to_array" | "order" | "order_by" | "order_desc" | "extract" | "drain" | "retain" => {
            Type::Array(Box::new(element))
        }
        "find" | "first" | "last" | "get" | "pop" | "shift" | "remove" => element.maybe(),
        "map" => Type::Array(Box::new(made)),
        "find_map" => made.maybe(),
        _ => of_table,
    }
}

/// `f` takes 1 or 2 arguments, not 3
fn arity(name: &str, counts: &BTreeSet<usize>, given: usize) -> String {
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let plural = if counts == ["1"] { "argument" } else { "arguments" };
    format!("`{name}` takes {} {plural}, not {given}", counts.join(" or "))
}
