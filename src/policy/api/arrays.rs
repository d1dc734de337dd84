//! Sorting and sieving of arrays and maps, without Rhai's habit of taking an error for `false` or "equal".

use std::cmp::Ordering;

use rhai::{Array, Dynamic, FnPtr, Map, NativeCallContext};

use super::functional::{Caller, same};
use super::table::Api;
use super::{Fallible, fail};

/// Sorts stably whatever the comparison says: a comparison that contradicts itself makes a wrong order, not a panic.
fn sorted(array: Array, less: &mut impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>) -> Fallible<Array> {
    let mut runs: Vec<Array> = array.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, less)?,
                None => left,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merge(
    left: Array,
    right: Array,
    less: &mut impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>,
) -> Fallible<Array> {
    let mut merged = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if less(a, b)? == Ordering::Greater { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn by(context: &NativeCallContext<'_>, array: &Array, closure: FnPtr) -> Fallible<Array> {
    let caller = Caller::new(context, closure, 2);
    sorted(array.clone(), &mut |a, b| {
        let answer = caller.pair(a.clone(), b.clone())?;
        let order = answer.as_int().or_else(|_| answer.as_bool().map(|first| if first { -1 } else { 1 }));
        match order {
            Ok(order) => Ok(order.cmp(&0)),
            Err(kind) => {
                fail(format!("a comparison must give back a number or a boolean, and gives back {kind}"))
            }
        }
    })
}

fn naturally(array: &Array, reverse: bool) -> Fallible<Array> {
    sorted(array.clone(), &mut |a, b| {
        let order = natural(a, b)?;
        Ok(if reverse { order.reverse() } else { order })
    })
}

fn natural(a: &Dynamic, b: &Dynamic) -> Fallible<Ordering> {
    if let (Ok(a), Ok(b)) = (a.as_int(), b.as_int()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_immutable_string_ref(), b.as_immutable_string_ref()) {
        return Ok(a.as_str().cmp(b.as_str()));
    }
    if let (Ok(a), Ok(b)) = (number(a), number(b)) {
        return Ok(a.total_cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_char(), b.as_char()) {
        return Ok(a.cmp(&b));
    }
    if let (Ok(a), Ok(b)) = (a.as_bool(), b.as_bool()) {
        return Ok(a.cmp(&b));
    }
    if a.is_unit() && b.is_unit() {
        return Ok(Ordering::Equal);
    }
    fail(
        "only texts, only numbers, only characters or only booleans can be sorted without a comparison: `sort(|a, b| ...)`",
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an order among very large whole and broken numbers need not be exact"
)]
fn number(value: &Dynamic) -> Result<f64, &'static str> {
    value.as_float().or_else(|_| value.as_int().map(|n| n as f64))
}

/// Takes out the elements for which the closure says `out`.
fn sieve(context: &NativeCallContext<'_>, array: &mut Array, closure: FnPtr, out: bool) -> Fallible<Array> {
    let caller = Caller::new(context, closure, 1);
    let (mut kept, mut taken) = (Array::new(), Array::new());
    for (index, item) in array.iter().enumerate() {
        let side = if caller.test(item.clone(), index)? == out { &mut taken } else { &mut kept };
        side.push(item.clone());
    }
    *array = kept;
    Ok(taken)
}

fn dedup(array: &mut Array, mut same: impl FnMut(&Dynamic, &Dynamic) -> Fallible<bool>) -> Fallible<()> {
    let mut kept = Array::new();
    for item in array.iter() {
        let repeated = match kept.last() {
            Some(last) => same(last, item)?,
            None => false,
        };
        if !repeated {
            kept.push(item.clone());
        }
    }
    *array = kept;
    Ok(())
}

/// The entries of a map for which the closure says `wanted`, and the others.
fn parted(context: &NativeCallContext<'_>, map: &Map, closure: FnPtr, wanted: bool) -> Fallible<(Map, Map)> {
    let two = closure.curry().len() + 2;
    let takes_value =
        context.namespaces().iter().any(|module| module.get_script_fn(closure.fn_name(), two).is_some());
    let caller = Caller::new(context, closure.clone(), 1);
    let (mut yes, mut no) = (Map::new(), Map::new());
    for (key, value) in map {
        let answer = if takes_value {
            caller.pair(key.clone().into(), value.clone())?
        } else {
            closure.call_raw(context, Some(&mut value.clone()), [key.clone().into()])?
        };
        let side = if caller.bool(&answer)? == wanted { &mut yes } else { &mut no };
        side.insert(key.clone(), value.clone());
    }
    Ok((yes, no))
}

pub(super) fn register(api: &mut Api<'_>) {
    sorting(api);
    sieving(api);
    maps(api);
}

fn sorting(api: &mut Api<'_>) {
    let place = |context: NativeCallContext<'_>, array: &mut Array, closure: FnPtr| -> Fallible<()> {
        *array = by(&context, array, closure)?;
        Ok(())
    };
    let copy =
        |context: NativeCallContext<'_>, array: &mut Array, closure: FnPtr| by(&context, array, closure);
    api.more("array")
        .method("sort", "(compare: fn) -> ()", "Sorts in place by `|a, b|`: negative, 0 or positive.", place)
        .method(
            "sort_by",
            "(compare: fn) -> ()",
            "Sorts in place by `|a, b|`: negative, 0 or positive.",
            place,
        )
        .method("sort", "() -> ()", "Sorts texts or numbers in place.", |array: &mut Array| -> Fallible<()> {
            *array = naturally(array, false)?;
            Ok(())
        })
        .method(
            "sort_desc",
            "() -> ()",
            "Sorts in place, the largest first.",
            |array: &mut Array| -> Fallible<()> {
                *array = naturally(array, true)?;
                Ok(())
            },
        )
        .method("order", "(compare: fn) -> [any]", "A sorted copy.", copy)
        .method("order_by", "(compare: fn) -> [any]", "A sorted copy.", copy)
        .method("order", "() -> [any]", "A sorted copy.", |array: &mut Array| naturally(array, false))
        .method("order_desc", "() -> [any]", "A sorted copy, the largest first.", |array: &mut Array| {
            naturally(array, true)
        });
}

fn sieving(api: &mut Api<'_>) {
    api.more("array")
        .method(
            "dedup",
            "() -> ()",
            "Removes elements that equal the one before.",
            |context: NativeCallContext<'_>, array: &mut Array| dedup(array, |a, b| same(&context, a, b)),
        )
        .method(
            "dedup",
            "(same: fn) -> ()",
            "Removes elements that the function says equal the one before.",
            |context: NativeCallContext<'_>, array: &mut Array, closure: FnPtr| {
                let caller = Caller::new(&context, closure, 2);
                dedup(array, |a, b| caller.bool(&caller.pair(a.clone(), b.clone())?))
            },
        )
        .method(
            "drain",
            "(test: fn) -> [any]",
            "Takes out the elements for which the function says `true`.",
            |context: NativeCallContext<'_>, array: &mut Array, closure: FnPtr| {
                sieve(&context, array, closure, true)
            },
        )
        .method(
            "retain",
            "(test: fn) -> [any]",
            "Takes out the elements for which the function says `false`.",
            |context: NativeCallContext<'_>, array: &mut Array, closure: FnPtr| {
                sieve(&context, array, closure, false)
            },
        );
}

fn maps(api: &mut Api<'_>) {
    api.more("map")
        .method(
            "filter",
            "(test: fn) -> map",
            "The entries for which `|key, value|` says `true`.",
            |context: NativeCallContext<'_>, map: &mut Map, closure: FnPtr| {
                parted(&context, map, closure, true).map(|(yes, _)| yes)
            },
        )
        .method(
            "drain",
            "(test: fn) -> map",
            "Takes out the entries for which `|key, value|` says `true`.",
            |context: NativeCallContext<'_>, map: &mut Map, closure: FnPtr| -> Fallible<Map> {
                let (yes, no) = parted(&context, map, closure, true)?;
                *map = no;
                Ok(yes)
            },
        )
        .method(
            "retain",
            "(test: fn) -> map",
            "Takes out the entries for which `|key, value|` says `false`.",
            |context: NativeCallContext<'_>, map: &mut Map, closure: FnPtr| -> Fallible<Map> {
                let (no, yes) = parted(&context, map, closure, false)?;
                *map = yes;
                Ok(no)
            },
        );
}
