//! `filter`, `map`, `some`, `all`, ... of arrays and lists.
//!
//! Rhai's own take a predicate that gives no boolean for `false`: a rule that goes wrong there would find nothing, which
//! allows. These fail. They also try a closure with one count of parameters after another for each element; these look once.

use rhai::{Array, Dynamic, FnPtr, NativeCallContext};

use super::list::List;
use super::table::Api;
use super::{Fallible, fail, int};

/// What has elements in an order.
pub(super) trait Items {
    fn count(&self) -> usize;
    fn item(&self, index: usize) -> Option<Dynamic>;
    /// What a function made of `this`.
    fn put(&mut self, index: usize, item: Dynamic);
}

impl Items for Array {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, index: usize) -> Option<Dynamic> {
        self.get(index).cloned()
    }

    fn put(&mut self, index: usize, item: Dynamic) {
        if let Some(place) = self.get_mut(index) {
            *place = item;
        }
    }
}

impl Items for List {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, index: usize) -> Option<Dynamic> {
        self.get(index)
    }

    /// Facts do not change.
    fn put(&mut self, _: usize, _: Dynamic) {}
}

/// A closure that is called for one element after another.
pub(super) struct Caller<'a, 'c> {
    context: &'a NativeCallContext<'c>,
    closure: FnPtr,
    parameters: usize,
}

impl<'a, 'c> Caller<'a, 'c> {
    /// `given` is how many values there are for it beside the index; a closure of none has the element as `this`.
    pub(super) fn new(context: &'a NativeCallContext<'c>, closure: FnPtr, given: usize) -> Self {
        let captured = closure.curry().len();
        let takes = |count: &usize| {
            let script = |module: &&rhai::Shared<rhai::Module>| {
                module.get_script_fn(closure.fn_name(), captured + count).is_some()
            };
            context.namespaces().iter().find(script).is_some()
        };
        let parameters = [given, given + 1, given - 1].into_iter().find(takes).unwrap_or(given);
        Self { context, closure, parameters }
    }

    /// One element and its index.
    pub(super) fn call(&self, mut item: Dynamic, index: usize) -> Fallible<Dynamic> {
        match self.parameters {
            0 => self.closure.call_raw(self.context, Some(&mut item), []),
            1 => self.closure.call_raw(self.context, None, [item]),
            _ => self.closure.call_raw(self.context, None, [item, int(index).into()]),
        }
    }

    /// A value so far, an element and its index.
    fn fold(&self, so_far: Dynamic, mut item: Dynamic, index: usize) -> Fallible<Dynamic> {
        match self.parameters {
            1 => self.closure.call_raw(self.context, Some(&mut item), [so_far]),
            2 => self.closure.call_raw(self.context, None, [so_far, item]),
            _ => self.closure.call_raw(self.context, None, [so_far, item, int(index).into()]),
        }
    }

    /// Two elements.
    pub(super) fn pair(&self, a: Dynamic, b: Dynamic) -> Fallible<Dynamic> {
        self.closure.call_raw(self.context, None, [a, b])
    }

    /// A predicate's answer must be one.
    pub(super) fn test(&self, item: Dynamic, index: usize) -> Fallible<bool> {
        let answer = self.call(item, index)?;
        self.bool(&answer)
    }

    pub(super) fn bool(&self, answer: &Dynamic) -> Fallible<bool> {
        answer.as_bool().or_else(|_| {
            let name = self.context.fn_name();
            let kind =
                super::super::error::type_name(self.context.engine().map_type_name(answer.type_name()));
            fail(format!("the function given to `{name}` must say `true` or `false`, and gives back {kind}"))
        })
    }
}

/// Is this the same value? Values of different types differ.
pub(in crate::policy) fn same(context: &NativeCallContext<'_>, a: &Dynamic, b: &Dynamic) -> Fallible<bool> {
    let equal = context.call_native_fn_raw("==", false, &mut [&mut a.clone(), &mut b.clone()]);
    match equal {
        Ok(answer) => Ok(answer.as_bool().unwrap_or(false)),
        Err(error) if matches!(*error, rhai::EvalAltResult::ErrorFunctionNotFound(..)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn position<T: Items>(caller: &Caller<'_, '_>, items: &T, from: usize) -> Fallible<Option<(usize, Dynamic)>> {
    for index in from..items.count() {
        let Some(item) = items.item(index) else { break };
        if caller.test(item.clone(), index)? {
            return Ok(Some((index, item)));
        }
    }
    Ok(None)
}

fn filter<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<Array> {
    let caller = Caller::new(&context, closure, 1);
    let mut kept = Array::new();
    for index in 0..items.count() {
        let Some(item) = items.item(index) else { break };
        if caller.test(item.clone(), index)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn map<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<Array> {
    let caller = Caller::new(&context, closure, 1);
    let item = |index| items.item(index).map(|item| caller.call(item, index).map(Dynamic::flatten));
    (0..items.count()).map_while(item).collect()
}

fn some<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<bool> {
    Ok(position(&Caller::new(&context, closure, 1), items, 0)?.is_some())
}

fn all<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<bool> {
    let caller = Caller::new(&context, closure, 1);
    for index in 0..items.count() {
        let Some(item) = items.item(index) else { break };
        if !caller.test(item, index)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn find<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<Dynamic> {
    let found = position(&Caller::new(&context, closure, 1), items, 0)?;
    Ok(found.map_or(Dynamic::UNIT, |(_, item)| item))
}

fn find_map<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<Dynamic> {
    let caller = Caller::new(&context, closure, 1);
    for index in 0..items.count() {
        let Some(item) = items.item(index) else { break };
        let value = caller.call(item, index)?;
        if !value.is_unit() {
            return Ok(value);
        }
    }
    Ok(Dynamic::UNIT)
}

fn for_each<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<()> {
    let caller = Caller::new(&context, closure, 1);
    for index in 0..items.count() {
        let Some(mut item) = items.item(index) else { break };
        if caller.parameters > 0 {
            drop(caller.call(item, index)?);
        } else {
            drop(caller.closure.call_raw(&context, Some(&mut item), [])?);
            items.put(index, item);
        }
    }
    Ok(())
}

fn index_of_match<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<i64> {
    let found = position(&Caller::new(&context, closure, 1), items, 0)?;
    Ok(found.map_or(-1, |(index, _)| int(index)))
}

fn index_of<T: Items>(context: NativeCallContext<'_>, items: &mut T, value: Dynamic) -> Fallible<i64> {
    for index in 0..items.count() {
        let Some(item) = items.item(index) else { break };
        if same(&context, &item, &value)? {
            return Ok(int(index));
        }
    }
    Ok(-1)
}

fn contains<T: Items>(context: NativeCallContext<'_>, items: &mut T, value: Dynamic) -> Fallible<bool> {
    Ok(index_of(context, items, value)? >= 0)
}

fn reduce<T: Items>(context: NativeCallContext<'_>, items: &mut T, closure: FnPtr) -> Fallible<Dynamic> {
    reduce_from(context, items, closure, Dynamic::UNIT)
}

fn reduce_from<T: Items>(
    context: NativeCallContext<'_>,
    items: &mut T,
    closure: FnPtr,
    first: Dynamic,
) -> Fallible<Dynamic> {
    // `reduce(f, || first)`
    let mut so_far = match first.read_lock::<FnPtr>() {
        Some(make) => make.call_raw(&context, None, [])?,
        None => first.clone(),
    };
    let caller = Caller::new(&context, closure, 2);
    for index in 0..items.count() {
        let Some(item) = items.item(index) else { break };
        so_far = caller.fold(so_far, item, index)?;
    }
    Ok(so_far)
}

fn end<T: Items>(items: &T, last: bool) -> Dynamic {
    let index = if last { items.count().checked_sub(1) } else { Some(0) };
    index.and_then(|index| items.item(index)).unwrap_or(Dynamic::UNIT)
}

/// Element by element.
fn equal<A: Items, B: Items>(context: &NativeCallContext<'_>, a: &A, b: &B) -> Fallible<bool> {
    if a.count() != b.count() {
        return Ok(false);
    }
    for index in 0..a.count() {
        let (Some(a), Some(b)) = (a.item(index), b.item(index)) else { return Ok(false) };
        if !same(context, &a, &b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn comparable<A, B>(api: &mut Api<'_>)
where
    A: Items + rhai::Variant + Clone,
    B: Items + rhai::Variant + Clone,
{
    let engine = api.engine();
    engine.register_fn("==", |context: NativeCallContext<'_>, a: &mut A, b: B| equal(&context, a, &b));
    engine.register_fn("!=", |context: NativeCallContext<'_>, a: &mut A, b: B| {
        equal(&context, a, &b).map(|is| !is)
    });
}

/// Lists of a document and arrays.
pub(super) fn compared_with_arrays<T: Items + rhai::Variant + Clone>(api: &mut Api<'_>) {
    comparable::<T, Array>(api);
    comparable::<Array, T>(api);
}

pub(super) fn register(api: &mut Api<'_>) {
    comparable::<List, List>(api);
    comparable::<List, Array>(api);
    comparable::<Array, List>(api);
    members::<List>(api, "list");
    members::<Array>(api, "array");
    containing::<List>(api, "list");
    containing::<Array>(api, "array");
}

fn containing<T: Items + rhai::Variant + Clone>(api: &mut Api<'_>, owner: &'static str) {
    const DOC: &str = "Is a value in it? Also `value in list`.";
    api.more(owner).method("contains", "(value: any) -> bool", DOC, contains::<T>);
}

pub(super) fn members<T: Items + rhai::Variant + Clone>(api: &mut Api<'_>, owner: &'static str) {
    api.more(owner)
        .method(
            "filter",
            "(test: fn) -> [any]",
            "The elements for which the function says `true`.",
            filter::<T>,
        )
        .method("map", "(make: fn) -> [any]", "What the function makes of each element.", map::<T>)
        .method("some", "(test: fn) -> bool", "Does the function say `true` of any element?", some::<T>)
        .method("all", "(test: fn) -> bool", "Does the function say `true` of every element?", all::<T>)
        .method(
            "find",
            "(test: fn) -> any?",
            "The first element for which the function says `true`.",
            find::<T>,
        )
        .method("find_map", "(make: fn) -> any?", "The first value that is not `()`.", find_map::<T>)
        .method("for_each", "(do: fn) -> ()", "Calls the function with each element.", for_each::<T>)
        .method("index_of", "(value: any) -> int", "Where a value is; -1 for nowhere.", index_of::<T>)
        .method(
            "index_of",
            "(test: fn) -> int",
            "Where the function first says `true`; -1 for nowhere.",
            index_of_match::<T>,
        )
        .method(
            "reduce",
            "(step: fn) -> any",
            "Calls `|so_far, element|` one element after another; begins with `()`.",
            reduce::<T>,
        )
        .method(
            "reduce",
            "(step: fn, first: any) -> any",
            "Calls `|so_far, element|` one element after another; begins with `first`.",
            reduce_from::<T>,
        )
        .method("first", "() -> any?", "The first element; `()` where there is none.", |items: &mut T| {
            end(items, false)
        })
        .method("last", "() -> any?", "The last element; `()` where there is none.", |items: &mut T| {
            end(items, true)
        });
}
