//! Sets of a few values, of which a large farm has thousands: the labels of nodes, the addresses of servers, builds.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer};
use std::borrow::Borrow;
use std::ops::Deref;
use std::slice;

/// A set that is made once and does not change: sorted values, each once. The smallest `BTreeSet` takes the memory of
/// eleven values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SmallSet<T>(Box<[T]>);

impl<T: Ord> SmallSet<T> {
    /// Whether the value is in the set.
    pub fn contains<Q: Ord + ?Sized>(&self, value: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|known| known.borrow().cmp(value)).is_ok()
    }

    /// Those of these values that are not in the set.
    pub fn missing<'a>(&self, values: impl IntoIterator<Item = &'a T>) -> impl Iterator<Item = &'a T>
    where
        T: 'a,
    {
        values.into_iter().filter(|value| !self.contains(*value))
    }

    /// Whether all these values are in the set.
    pub fn contains_all<'a>(&self, values: impl IntoIterator<Item = &'a T>) -> bool
    where
        T: 'a,
    {
        self.missing(values).next().is_none()
    }
}

impl<T> Default for SmallSet<T> {
    fn default() -> Self {
        Self(Box::default())
    }
}

impl<T> Deref for SmallSet<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord> FromIterator<T> for SmallSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut values: Vec<T> = values.into_iter().collect();
        values.sort_unstable();
        values.dedup();
        Self(values.into_boxed_slice())
    }
}

impl<T: Ord> Extend<T> for SmallSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        *self = std::mem::take(self).0.into_iter().chain(values).collect();
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SmallSet<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<'a, T> IntoIterator for &'a SmallSet<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de> + Ord> Deserialize<'de> for SmallSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_is_written_and_read_like_a_set_of_the_standard_library() {
        let text = r#"["b","a","c","a"]"#;
        let small: SmallSet<String> = serde_json::from_str(text).unwrap();
        let standard: BTreeSet<String> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&small).unwrap(), serde_json::to_string(&standard).unwrap());
        assert!(small.iter().eq(&standard));
        assert_eq!(small, SmallSet::from(["a", "b", "c"].map(str::to_owned)));
        for value in ["", "a", "aa", "b", "c", "d"] {
            assert_eq!(small.contains(value), standard.contains(value), "{value}");
        }
    }
}
