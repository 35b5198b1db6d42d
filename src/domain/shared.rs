//! Parts of the state, and of what was seen, that copies share until one of them changes it.
//!
//! A run copies the state several times, and saves it again and again while it acts. What stays as it is, nearly all of a large
//! state, is then neither copied nor turned into JSON once more.

use foldhash::HashMap;
use foldhash::fast::RandomState;
use indexmap::{IndexMap, map};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use std::fmt;
use std::hash::Hash;
use std::iter;
use std::iter::Map;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that its copies share until one of them changes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shared<T>(Arc<T>);

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(&mut self.0)
    }
}

/// A map whose copies share each value until one of them changes it. Most actions change one server or node of thousands.
///
/// The entries are in the order of their keys. A key is found by its hash: names of thousands of servers begin alike.
#[derive(Clone, Debug)]
pub struct SharedMap<K, V> {
    entries: Entries<K, V>,
    kept: Option<Arc<Kept<K, V>>>,
}

/// The JSON of values, each with that very value: a map that has another one has changed it.
type Kept<K, V> = HashMap<K, (Arc<V>, Box<RawValue>)>;

type Entries<K, V> = IndexMap<K, Arc<V>, RandomState>;

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self { entries: IndexMap::default(), kept: None }
    }
}

impl<K: Hash + Eq, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl<K: Hash + Eq, V: Eq> Eq for SharedMap<K, V> {}

impl<K: Hash + Ord, V> SharedMap<K, V> {
    /// The value of this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|value| &**value)
    }

    /// Whether there is a value of this key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|value| &**value)
    }

    /// The keys with their values.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.into_iter()
    }

    /// Sets the value of this key. A map of thousands is not made so, but collected.
    pub fn insert(&mut self, key: K, value: V) {
        self.entries.insert_sorted(key, Arc::new(value));
    }

    /// This value for a map that is to be collected, shared with this one if that has the same.
    pub fn share(&self, key: &K, value: V) -> Arc<V>
    where
        V: PartialEq,
    {
        let known = self.entries.get(key).filter(|known| ***known == value).cloned();
        known.unwrap_or_else(|| Arc::new(value))
    }

    /// Keeps the JSON of each value until that changes. A run saves a large state several times.
    pub fn keep_json(&mut self)
    where
        K: Clone,
        V: Serialize,
    {
        // What has no JSON cannot be saved either, which the save reports.
        let json = |(key, value): (&K, &Arc<V>)| Some((key.clone(), (Arc::clone(value), to_raw_value(value).ok()?)));
        let entries = &self.entries;
        self.kept.get_or_insert_with(|| Arc::new(entries.iter().filter_map(json).collect()));
    }

    /// Removes all values for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|key, value| keep(key, value));
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

impl<K: Hash + Ord, V: Clone> SharedMap<K, V> {
    /// The value of this key, to change it in this copy alone.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(Arc::make_mut)
    }

    /// The values, to change them in this copy alone.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(Arc::make_mut)
    }

    /// The value of this key, which is `value` if there was none.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let place =
            self.entries.get_index_of(&key).unwrap_or_else(|| self.entries.insert_sorted(key, Arc::new(value)).0);
        Arc::make_mut(&mut self.entries[place])
    }

    /// Removes the value of this key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.shift_remove(key).map(Arc::unwrap_or_clone)
    }
}

/// The keys of a [`SharedMap`] with their values.
pub type Iter<'a, K, V> = Map<map::Iter<'a, K, Arc<V>>, fn((&'a K, &'a Arc<V>)) -> (&'a K, &'a V)>;

impl<'a, K, V> IntoIterator for &'a SharedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.entries.iter().map(|(key, value)| (key, &**value))
    }
}

impl<K: Hash + Ord, V> FromIterator<(K, V)> for SharedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries.into_iter().map(|(key, value)| (key, Arc::new(value))).collect()
    }
}

impl<K: Hash + Ord, V> FromIterator<(K, Arc<V>)> for SharedMap<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, Arc<V>)>>(entries: I) -> Self {
        let mut entries: Entries<K, V> = entries.into_iter().collect();
        if !entries.keys().is_sorted() {
            entries.sort_unstable_keys();
        }
        Self { entries, kept: None }
    }
}

impl<K: Serialize + Hash + Eq, V: Serialize> Serialize for SharedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entries, kept } = self;
        serializer.collect_map(entries.iter().map(|(key, value)| match kept.as_ref().and_then(|kept| kept.get(key)) {
            Some((known, json)) if Arc::ptr_eq(known, value) => (key, Written::Kept(json)),
            _ => (key, Written::Value(value)),
        }))
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a, V> {
    Kept(&'a RawValue),
    Value(&'a V),
}

impl<'de, K: Deserialize<'de> + Hash + Ord, V: Deserialize<'de>> Deserialize<'de> for SharedMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AnyEntries(PhantomData))
    }
}

struct AnyEntries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Hash + Ord, V: Deserialize<'de>> Visitor<'de> for AnyEntries<K, V> {
    type Value = SharedMap<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SharedMap<K, V>, A::Error> {
        iter::from_fn(|| map.next_entry::<K, V>().transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_another_map_has_as_well_is_shared_with_it() {
        let before = SharedMap::from_iter([(1, "same".to_owned()), (2, "old".to_owned())]);
        let values = [(3, "same"), (1, "same"), (2, "new")];
        let now: SharedMap<u32, String> =
            values.into_iter().map(|(key, value)| (key, before.share(&key, value.to_owned()))).collect();
        assert!(values.iter().all(|(key, value)| now.get(key).is_some_and(|known| known == value)));
        let is_shared = |key| before.entries.get(&key).is_some_and(|known| Arc::ptr_eq(known, &now.entries[&key]));
        assert_eq!([1, 2, 3].map(is_shared), [true, false, false]);
    }

    #[test]
    fn entries_are_in_the_order_of_their_keys_however_they_came() {
        let keys = |map: &SharedMap<String, u32>| map.keys().cloned().collect::<Vec<_>>().concat();
        let mut map: SharedMap<String, u32> = serde_json::from_str(r#"{"d":1,"b":2,"d":3}"#).unwrap();
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"b":2,"d":3}"#);
        map.insert("c".to_owned(), 4);
        map.insert("b".to_owned(), 5);
        *map.get_or_insert("a".to_owned(), 6) += 1;
        *map.get_or_insert("e".to_owned(), 7) += 1;
        assert_eq!((keys(&map).as_str(), map.values().copied().collect::<Vec<_>>()), ("abcde", vec![7, 5, 4, 3, 8]));
        map.remove(&"b".to_owned());
        map.retain(|key, _| key != "d");
        assert_eq!(keys(&map), "ace");
        assert_eq!(
            map,
            [("e", 8), ("a", 7), ("c", 4)].map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
        );
    }

    #[test]
    fn a_copy_of_a_map_shares_all_values_but_those_that_it_changes() {
        let text = r#"{"a":1,"b":2}"#;
        let before: SharedMap<String, u32> = serde_json::from_str(text).unwrap();
        let mut after = before.clone();
        *after.get_mut(&"a".to_owned()).unwrap() = 3;
        assert!(!Arc::ptr_eq(&before.entries["a"], &after.entries["a"]));
        assert!(Arc::ptr_eq(&before.entries["b"], &after.entries["b"]));
        assert_eq!(after.remove(&"b".to_owned()), Some(2));
        *after.get_or_insert("a".to_owned(), 0) += 1;
        *after.get_or_insert("c".to_owned(), 5) += 1;
        assert_eq!(after.iter().collect::<Vec<_>>(), [(&"a".to_owned(), &4), (&"c".to_owned(), &6)]);
        assert_eq!(serde_json::to_string(&before).unwrap(), text);
    }
}
