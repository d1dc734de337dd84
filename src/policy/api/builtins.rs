//! What the language itself brings along for texts, arrays, maps and numbers: written down here with an example each, and a
//! test holds that every example runs. Rhai's functions that are not on this list are not promised to anybody.

use super::fail;
use super::table::{Api, Entry, Kind};

/// A member of one of the language's own types, and an example that runs.
pub(super) struct Builtin {
    entry: Entry,
    #[cfg_attr(not(test), expect(dead_code, reason = "examples are for tests and for the guide"))]
    example: &'static str,
}

const fn property(
    owner: &'static str,
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin { entry: Entry { owner, name, kind: Kind::Property, signature, doc, words: &[] }, example }
}

const fn method(
    owner: &'static str,
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin { entry: Entry { owner, name, kind: Kind::Method, signature, doc, words: &[] }, example }
}

const fn function(
    name: &'static str,
    signature: &'static str,
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin { entry: Entry { owner: "", name, kind: Kind::Function, signature, doc, words: &[] }, example }
}

const BUILTINS: [Builtin; 79] = [
    property("string", "len", "int", "How many characters it has.", "\"abc\".len"),
    method("string", "len", "() -> int", "How many characters it has.", "\"abc\".len()"),
    property("string", "is_empty", "bool", "Has it no characters?", "\"abc\".is_empty"),
    method("string", "is_empty", "() -> bool", "Has it no characters?", "\"abc\".is_empty()"),
    property("string", "bytes", "int", "How many bytes it has in UTF-8.", "\"abc\".bytes"),
    method(
        "string",
        "contains",
        "(part: string | char) -> bool",
        "Is a text in it? Also `part in text`.",
        "\"abc\".contains(\"b\")",
    ),
    method(
        "string",
        "starts_with",
        "(part: string | char) -> bool",
        "Does it begin with a text?",
        "\"abc\".starts_with(\"a\")",
    ),
    method(
        "string",
        "ends_with",
        "(part: string | char) -> bool",
        "Does it end with a text?",
        "\"abc\".ends_with(\"c\")",
    ),
    method(
        "string",
        "index_of",
        "(part: string | char) -> int",
        "Where a text is; -1 for nowhere.",
        "\"abc\".index_of(\"b\")",
    ),
    method(
        "string",
        "index_of",
        "(part: string | char, from: int) -> int",
        "Where a text is from an index on; -1 for nowhere.",
        "\"abc\".index_of(\"b\", 1)",
    ),
    method(
        "string",
        "sub_string",
        "(from: int) -> string",
        "The text from an index on.",
        "\"abc\".sub_string(1)",
    ),
    method(
        "string",
        "sub_string",
        "(from: int, count: int) -> string",
        "So many characters from an index on.",
        "\"abc\".sub_string(1, 1)",
    ),
    method(
        "string",
        "get",
        "(index: int) -> char?",
        "The character at an index; `()` where there is none.",
        "\"abc\".get(1)",
    ),
    method("string", "to_upper", "() -> string", "A copy in capitals.", "\"abc\".to_upper()"),
    method("string", "to_lower", "() -> string", "A copy in small letters.", "\"abc\".to_lower()"),
    method(
        "string",
        "make_upper",
        "() -> ()",
        "Puts it into capitals in place.",
        "let t = \"a\"; t.make_upper()",
    ),
    method(
        "string",
        "make_lower",
        "() -> ()",
        "Puts it into small letters in place.",
        "let t = \"a\"; t.make_lower()",
    ),
    method(
        "string",
        "trim",
        "() -> ()",
        "Removes white space at both ends, in place.",
        "let t = \" a \"; t.trim()",
    ),
    method(
        "string",
        "crop",
        "(from: int, count: int) -> ()",
        "Keeps so many characters from an index on, in place.",
        "let t = \"abc\"; t.crop(1, 1)",
    ),
    method(
        "string",
        "truncate",
        "(length: int) -> ()",
        "Cuts it to a length, in place.",
        "let t = \"abc\"; t.truncate(1)",
    ),
    method(
        "string",
        "remove",
        "(part: string | char) -> ()",
        "Removes every such part, in place.",
        "let t = \"abc\"; t.remove(\"b\")",
    ),
    method(
        "string",
        "pad",
        "(length: int, with: string | char) -> ()",
        "Fills it up to a length, in place.",
        "let t = \"a\"; t.pad(3, ' ')",
    ),
    method("string", "pop", "() -> char?", "Takes its last character away.", "let t = \"abc\"; t.pop()"),
    method("string", "clear", "() -> ()", "Empties it.", "let t = \"abc\"; t.clear()"),
    method("string", "chars", "() -> range", "Its characters, for `for`.", "for c in \"abc\".chars() { c; }"),
    method(
        "string",
        "split",
        "(at: int) -> [string]",
        "The parts before and from an index.",
        "\"abc\".split(1)",
    ),
    function(
        "parse_int",
        "(text: string) -> int",
        "The whole number that a text spells; an error if it spells none.",
        "parse_int(\"12\")",
    ),
    function(
        "parse_int",
        "(text: string, radix: int) -> int",
        "The whole number that a text spells in a radix.",
        "parse_int(\"ff\", 16)",
    ),
    function(
        "parse_float",
        "(text: string) -> float",
        "The number that a text spells; an error if it spells none.",
        "parse_float(\"1.5\")",
    ),
    function("to_string", "(value: any) -> string", "The value as text, as in `${value}`.", "to_string(1)"),
    function(
        "to_debug",
        "(value: any) -> string",
        "The value as text, with quotes around texts.",
        "to_debug(\"a\")",
    ),
    function("type_of", "(value: any) -> string", "The name of the value's type.", "type_of(1)"),
    function("min", "(a: any, b: any) -> any", "The lesser of two numbers or texts.", "min(1, 2)"),
    function("max", "(a: any, b: any) -> any", "The greater of two numbers or texts.", "max(1, 2)"),
    function(
        "range",
        "(from: int, to: int) -> range",
        "The numbers from one to before another, for `for`; also `from..to`.",
        "for n in range(0, 2) { n; }",
    ),
    function(
        "range",
        "(from: int, to: int, step: int) -> range",
        "The numbers in steps, for `for`.",
        "for n in range(0, 4, 2) { n; }",
    ),
    function(
        "call",
        "(function: fn, ...) -> any",
        "Calls a closure; also `function.call(...)`.",
        "call(|x| x, 1)",
    ),
    method("fn", "call", "(...) -> any", "Calls the closure.", "(|x| x).call(1)"),
    method("char", "to_upper", "() -> char", "As a capital.", "'a'.to_upper()"),
    method("char", "to_lower", "() -> char", "As a small letter.", "'a'.to_lower()"),
    method("char", "to_int", "() -> int", "Its number in Unicode.", "'a'.to_int()"),
    property("int", "is_zero", "bool", "Is it 0?", "1.is_zero"),
    property("int", "is_odd", "bool", "Is it odd?", "1.is_odd"),
    property("int", "is_even", "bool", "Is it even?", "1.is_even"),
    method("int", "abs", "() -> int", "Without its sign.", "(-1).abs()"),
    method("int", "sign", "() -> int", "-1, 0 or 1.", "(-1).sign()"),
    method("int", "to_float", "() -> float", "As a float.", "1.to_float()"),
    method("int", "to_hex", "() -> string", "In hexadecimal digits.", "255.to_hex()"),
    method("int", "to_octal", "() -> string", "In octal digits.", "8.to_octal()"),
    method("int", "to_binary", "() -> string", "In binary digits.", "2.to_binary()"),
    method("float", "abs", "() -> float", "Without its sign.", "(-1.5).abs()"),
    method("float", "to_int", "() -> int", "Without its fraction.", "1.5.to_int()"),
    property("float", "floor", "float", "The next whole number below.", "1.5.floor"),
    property("float", "ceiling", "float", "The next whole number above.", "1.5.ceiling"),
    property("float", "round", "float", "The nearest whole number.", "1.5.round"),
    method("float", "sqrt", "() -> float", "Its square root.", "4.0.sqrt()"),
    property("array", "len", "int", "How many elements.", "[1].len"),
    method("array", "len", "() -> int", "How many elements.", "[1].len()"),
    property("array", "is_empty", "bool", "Has it no elements?", "[1].is_empty"),
    method("array", "is_empty", "() -> bool", "Has it no elements?", "[1].is_empty()"),
    method(
        "array",
        "get",
        "(index: int) -> any?",
        "The element at an index; `()` where there is none.",
        "[1].get(0)",
    ),
    method("array", "push", "(value: any) -> ()", "Adds an element at the end.", "let a = []; a.push(1)"),
    method(
        "array",
        "append",
        "(other: [any]) -> ()",
        "Adds the elements of another; also `+=`.",
        "let a = []; a.append([1])",
    ),
    method(
        "array",
        "insert",
        "(index: int, value: any) -> ()",
        "Puts an element at an index.",
        "let a = []; a.insert(0, 1)",
    ),
    method("array", "pop", "() -> any?", "Takes the last element away.", "let a = [1]; a.pop()"),
    method("array", "shift", "() -> any?", "Takes the first element away.", "let a = [1]; a.shift()"),
    method(
        "array",
        "remove",
        "(index: int) -> any?",
        "Takes the element at an index away.",
        "let a = [1]; a.remove(0)",
    ),
    method(
        "array",
        "extract",
        "(from: int, count: int) -> [any]",
        "So many elements from an index on.",
        "[1, 2].extract(0, 1)",
    ),
    method("array", "reverse", "() -> ()", "Turns the order round, in place.", "let a = [1]; a.reverse()"),
    method("array", "clear", "() -> ()", "Empties it.", "let a = [1]; a.clear()"),
    method("map", "len", "() -> int", "How many entries.", "#{ a: 1 }.len()"),
    method("map", "is_empty", "() -> bool", "Has it no entries?", "#{ a: 1 }.is_empty()"),
    method(
        "map",
        "get",
        "(key: string) -> any?",
        "The value of a key; `()` where there is none.",
        "#{ a: 1 }.get(\"b\")",
    ),
    method(
        "map",
        "contains",
        "(key: string) -> bool",
        "Is a key in it? Also `key in map`.",
        "#{ a: 1 }.contains(\"b\")",
    ),
    method("map", "keys", "() -> [string]", "The keys, sorted.", "#{ a: 1 }.keys()"),
    method("map", "values", "() -> [any]", "The values, by the order of the keys.", "#{ a: 1 }.values()"),
    method(
        "map",
        "set",
        "(key: string, value: any) -> ()",
        "Sets the value of a key.",
        "let m = #{}; m.set(\"a\", 1)",
    ),
    method(
        "map",
        "remove",
        "(key: string) -> any?",
        "Takes an entry away.",
        "let m = #{ a: 1 }; m.remove(\"a\")",
    ),
    method(
        "map",
        "mixin",
        "(other: map) -> ()",
        "Takes over the entries of another; also `+=`.",
        "let m = #{}; m.mixin(#{ a: 1 })",
    ),
];

/// Functions whose last digits differ from one machine's library to another's.
const INEXACT: [&str; 16] = [
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
    "asinh",
    "acosh",
    "atanh",
    "exp",
    "ln",
    "log",
    "to_radians",
];

pub(super) fn register(api: &mut Api<'_>) {
    for builtin in BUILTINS {
        api.write_down(builtin.entry);
    }
    for name in INEXACT {
        let why = move || {
            fail::<f64>(format!("`{name}` does not give the same on every machine, so rules have none"))
        };
        api.engine().register_fn(name, move |_: f64| why());
    }
}

#[cfg(test)]
pub(in crate::policy) fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    BUILTINS.into_iter().map(|builtin| (builtin.entry.name, builtin.example))
}
