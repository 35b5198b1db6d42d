//! The `tree` parameter of Jenkins' JSON API (stapler's TreePruner and
//! NamedPathPruner): it selects properties by name, ignores unknown names, and
//! is an error when malformed. [`Bean`] writes an object through such a
//! selection, so that what nobody asked for is not even computed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Which properties of an object are to be written.
#[derive(Debug, Clone)]
pub(crate) enum Tree {
    /// Without `tree`: everything at depth 0, nested objects only partly.
    Default,
    /// A nested object below [`Tree::Default`]: only what is always shown.
    Shallow,
    /// With `tree`: these names and no others.
    Named(BTreeMap<String, Tree>, Range),
}

/// `{from,to}` after a name: which elements of an array are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    from: usize,
    to: usize,
}

impl Range {
    const ALL: Range = Range { from: 0, to: usize::MAX };
}

impl Tree {
    /// Reads a `tree` parameter; `None` is what Jenkins answers with a 500.
    pub(crate) fn parse(text: &str) -> Option<Tree> {
        let mut reader = Reader { rest: text };
        let names = reader.list()?;
        reader.rest.is_empty().then_some(Tree::Named(names, Range::ALL))
    }

    /// For types that are exported whole at any depth (`defaultVisibility` 999).
    pub(crate) fn whole(&self) -> &Tree {
        if matches!(self, Tree::Shallow) { &Tree::Default } else { self }
    }

    /// Whether this property of a property is asked for by name.
    pub(crate) fn named(&self, path: &[&str]) -> bool {
        let Some((first, rest)) = path.split_first() else { return true };
        let Tree::Named(names, _) = self else { return false };
        names.get(*first).or_else(|| names.get("*")).is_some_and(|child| child.named(rest))
    }

    /// What is wanted of an object that is JSON already.
    pub(crate) fn pick(&self, value: &Value) -> Value {
        let Value::Object(all) = value else { return value.clone() };
        let wanted = |name: &str| name == "_class" || self.child(name).is_some();
        all.iter().filter(|(name, _)| wanted(name)).map(|(n, v)| (n.clone(), v.clone())).collect::<Map<_, _>>().into()
    }

    /// The selection for the property `name`, or `None` where it is not wanted.
    fn child(&self, name: &str) -> Option<&Tree> {
        match self {
            Tree::Default => Some(&Tree::Shallow),
            Tree::Shallow => None,
            Tree::Named(names, _) => names.get(name).or_else(|| names.get("*")),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(['[', ']', '{', '}', ',']);
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty() && !word.contains(' ')).then_some(word)
    }

    fn list(&mut self) -> Option<BTreeMap<String, Tree>> {
        let mut names = BTreeMap::new();
        loop {
            let name = self.word()?.to_string();
            let children = if self.take('[') {
                let children = self.list()?;
                self.take(']').then_some(children)?
            } else {
                BTreeMap::new()
            };
            let range = if self.take('{') { self.range()? } else { Range::ALL };
            names.insert(name, Tree::Named(children, range));
            if !self.take(',') {
                return Some(names);
            }
        }
    }

    fn range(&mut self) -> Option<Range> {
        let end = self.rest.find('}')?;
        let (text, rest) = (&self.rest[..end], &self.rest[end + 1..]);
        self.rest = rest;
        // Java ints, and none below 0.
        let number = |text: &str| text.parse().ok().filter(|n: &i32| *n >= 0).and_then(|n| usize::try_from(n).ok());
        match text.split_once(',') {
            Some((from, "")) => Some(Range { from: number(from)?, to: usize::MAX }),
            Some(("", to)) => Some(Range { from: 0, to: number(to)? }),
            Some((from, to)) => Some(Range { from: number(from)?, to: number(to)? }),
            None => {
                let at = number(text)?;
                Some(Range { from: at, to: at + 1 })
            }
        }
    }
}

/// One exported object on its way into JSON.
pub(crate) struct Bean<'t> {
    tree: &'t Tree,
    map: Map<String, Value>,
}

impl<'t> Bean<'t> {
    /// An object without `_class`, for values whose type the property already declares.
    pub(crate) fn plain(tree: &'t Tree) -> Self {
        Bean { tree, map: Map::new() }
    }

    /// An object whose runtime type differs from the declared one. `None`
    /// before Jenkins 2.2, which wrote no types.
    pub(crate) fn of(tree: &'t Tree, class: Option<&str>) -> Self {
        let mut bean = Bean::plain(tree);
        if let Some(class) = class {
            bean.map.insert("_class".into(), class.into());
        }
        bean
    }

    /// A property that is written where it is wanted.
    #[must_use]
    pub(crate) fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        if self.tree.child(name).is_some() {
            self.map.insert(name.to_string(), value.into());
        }
        self
    }

    /// A property that is also written for objects nested below the default depth.
    #[must_use]
    pub(crate) fn always(mut self, name: &str, value: impl Into<Value>) -> Self {
        if self.tree.child(name).is_some() || matches!(self.tree, Tree::Shallow) {
            self.map.insert(name.to_string(), value.into());
        }
        self
    }

    /// A nested object or a computed value; `make` runs only where it is wanted.
    #[must_use]
    pub(crate) fn nest(mut self, name: &str, make: impl FnOnce(&Tree) -> Value) -> Self {
        if let Some(child) = self.tree.child(name) {
            self.map.insert(name.to_string(), make(child));
        }
        self
    }

    /// An array of nested objects, cut to the range that was asked for.
    #[must_use]
    pub(crate) fn list<T>(
        self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        make: impl Fn(&Tree, T) -> Value,
    ) -> Self {
        self.nest(name, |tree| {
            let range = match tree {
                Tree::Named(_, range) => *range,
                Tree::Default | Tree::Shallow => Range::ALL,
            };
            items
                .into_iter()
                .skip(range.from)
                .take(range.to.saturating_sub(range.from))
                .map(|item| make(tree, item))
                .collect()
        })
    }

    /// The object as JSON.
    pub(crate) fn done(self) -> Value {
        Value::Object(self.map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn write(tree: &Tree) -> Value {
        Bean::of(tree, Some("C"))
            .set("a", 1)
            .set("b", 2)
            .list("l", [1, 2, 3], |t, n| Bean::plain(t).set("x", n).always("y", n).done())
            .done()
    }

    #[test]
    fn only_named_properties_are_written_and_unknown_names_are_ignored() {
        let tree = Tree::parse("a,l[x],nothing[of,that]").unwrap();
        let want = json!({"_class": "C", "a": 1, "l": [{"x": 1}, {"x": 2}, {"x": 3}]});
        assert_eq!(write(&tree), want);
    }

    #[test]
    fn a_name_without_brackets_gives_empty_objects() {
        let tree = Tree::parse("l").unwrap();
        assert_eq!(write(&tree), json!({"_class": "C", "l": [{}, {}, {}]}));
    }

    #[test]
    fn wildcards_and_ranges_work() {
        let tree = Tree::parse("*[x]{1,2}").unwrap();
        let want = json!({"_class": "C", "a": 1, "b": 2, "l": [{"x": 2}]});
        assert_eq!(write(&tree), want);
        let tree = Tree::parse("l[x]{2}").unwrap();
        assert_eq!(write(&tree)["l"], json!([{"x": 3}]));
    }

    #[test]
    fn without_tree_nested_objects_are_nearly_empty() {
        let l = json!([{"y": 1}, {"y": 2}, {"y": 3}]);
        assert_eq!(write(&Tree::Default), json!({"_class": "C", "a": 1, "b": 2, "l": l}));
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in ["", "a[", "a[]", "a]", "a,,b", "a{x}", "a{1", "[a]", " a", "a[ b]", "a{-1,2}", "a{0,99999999999}"]
        {
            assert!(Tree::parse(text).is_none(), "{text}");
        }
    }
}
