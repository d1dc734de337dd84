//! Functions of Rhai's own packages that the table does not promise to anybody. Rules can call them all the same, so that a
//! call of one is no mistake.

/// Names by the type of the first parameter and the number of parameters, that one included.
const FUNCTIONS: [(&str, usize, &[&str]); 19] = [
    ("array", 1, &["clear", "len", "pop", "reverse", "shift", "to_debug", "to_string"]),
    ("array", 2, &["chop", "dedup", "drain", "extract", "reduce_rev", "retain", "split", "truncate"]),
    (
        "array",
        3,
        &[
            "drain",
            "extract",
            "find",
            "find_map",
            "index_of",
            "pad",
            "reduce",
            "reduce_rev",
            "retain",
            "set",
            "splice",
            "zip",
        ],
    ),
    ("array", 4, &["splice"]),
    ("bool", 1, &["to_debug", "to_string"]),
    ("char", 1, &["make_lower", "make_upper", "to_debug", "to_int", "to_lower", "to_string", "to_upper"]),
    ("char", 2, &["max", "min"]),
    (
        "float",
        1,
        &[
            "abs",
            "ceiling",
            "floor",
            "fraction",
            "int",
            "is_finite",
            "is_infinite",
            "is_nan",
            "is_zero",
            "round",
            "sign",
            "sqrt",
            "to_degrees",
            "to_float",
            "to_int",
        ],
    ),
    ("float", 2, &["hypot", "max", "min"]),
    (
        "int",
        1,
        &[
            "abs",
            "bits",
            "is_even",
            "is_odd",
            "is_zero",
            "sign",
            "to_binary",
            "to_float",
            "to_hex",
            "to_int",
            "to_octal",
        ],
    ),
    ("int", 2, &["bits", "max", "min"]),
    ("int", 3, &["bits"]),
    ("map", 1, &["clear", "to_json"]),
    ("map", 2, &["fill_with", "map"]),
    ("range", 1, &["end", "is_empty", "is_exclusive", "is_inclusive", "start"]),
    ("range", 2, &["contains"]),
    ("string", 1, &["bytes", "chars", "parse_float", "parse_int", "to_blob"]),
    ("string", 2, &["append", "chars", "pop"]),
    ("string", 3, &["chars", "set"]),
];

const PROPERTIES: [(&str, &[&str]); 5] = [
    ("range", &["start", "end", "is_empty", "is_exclusive", "is_inclusive"]),
    ("int", &["bits"]),
    ("string", &["chars"]),
    ("float", &["fraction", "int", "is_finite", "is_infinite", "is_nan", "is_zero"]),
    ("fn", &["name", "is_anonymous"]),
];

/// Functions that any value can be given to.
const OF_ANYTHING: [(&str, usize); 8] = [
    ("to_string", 1),
    ("to_debug", 1),
    ("type_of", 1),
    ("is_shared", 1),
    ("is_def_var", 1),
    ("is_def_fn", 2),
    ("is_def_fn", 3),
    ("Fn", 1),
];

/// Is there such a function, whose first parameter is of this type (where that is known)?
pub(super) fn has_function(owner: Option<&str>, name: &str, parameters: usize) -> bool {
    OF_ANYTHING.contains(&(name, parameters))
        || FUNCTIONS.iter().any(|(first, count, names)| {
            *count == parameters && owner.is_none_or(|owner| owner == *first) && names.contains(&name)
        })
}

/// How many parameters functions of this name take.
pub(super) fn counts(name: &str) -> impl Iterator<Item = usize> {
    let ours =
        FUNCTIONS.iter().filter(move |(_, _, names)| names.contains(&name)).map(|(_, count, _)| *count);
    ours.chain(OF_ANYTHING.iter().filter(move |(known, _)| *known == name).map(|(_, count)| *count))
}

/// Is there such a property of this type, or where none is known of any?
pub(super) fn has_property(owner: Option<&str>, name: &str) -> bool {
    PROPERTIES.iter().any(|(of, names)| owner.is_none_or(|owner| owner == *of) && names.contains(&name))
}

#[cfg(test)]
mod tests {
    use rhai::{Dynamic, EvalAltResult, Scope};

    use super::super::super::{Limits, engine};
    use super::*;

    const VALUES: [&str; 9] =
        ["\"abc\"", "1", "1.5", "'a'", "true", "[1, 2, 3]", "#{ a: 1 }", "(1..3)", "|x| x"];

    /// Every choice of so many values behind the first.
    fn choices(first: &str, count: usize) -> Vec<Vec<&str>> {
        let mut all = vec![vec![first]];
        for _ in 1..count {
            all =
                all.iter().flat_map(|some| VALUES.map(|next| [some.as_slice(), &[next]].concat())).collect();
        }
        all
    }

    fn of(owner: &str) -> &'static str {
        let index = ["string", "int", "float", "char", "bool", "array", "map", "range", "fn"];
        VALUES[index.iter().position(|name| *name == owner).unwrap()]
    }

    #[test]
    fn every_one_of_them_is_there() {
        let (engine, _) = engine::build(&Limits::default());
        let is_there = |script: &str| match engine
            .eval_with_scope::<Dynamic>(&mut Scope::new(), script)
            .map_err(|error| *error)
        {
            Err(EvalAltResult::ErrorFunctionNotFound(..) | EvalAltResult::ErrorDotExpr(..)) => false,
            Err(EvalAltResult::ErrorParsing(kind, at)) => panic!("{script}: {kind} {at}"),
            _ => true,
        };
        for (owner, count, names) in FUNCTIONS {
            for name in names {
                let calls = choices(of(owner), count);
                let call = |values: &Vec<&str>| is_there(&format!("{name}({})", values.join(", ")));
                assert!(calls.iter().any(call), "{owner} {name} {count}");
            }
        }
        for (owner, names) in PROPERTIES {
            for name in names {
                assert!(is_there(&format!("let x = {}; x.{name}", of(owner))), "{owner} {name}");
            }
        }
    }
}
