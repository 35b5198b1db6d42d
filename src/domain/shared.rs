//! Parts of the state, and of what was seen, that copies share until one of them changes it.
//!
//! A run copies the state several times, and saves it again and again while it acts. A large part that stays as it is, such
//! as what it remembers of the queue, is then neither copied nor turned into JSON once more.

use foldhash::fast::RandomState;
use indexmap::{IndexMap, map};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::hash::Hash;
use std::iter;
use std::iter::Map;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// A value that its copies share until one of them changes it, with its JSON once somebody asked for it twice: most runs
/// save the state once, and need not keep the text.
#[derive(Clone, Default)]
pub struct Shared<T>(Arc<Kept<T>>);

#[derive(Default)]
struct Kept<T> {
    value: T,
    asked_for: AtomicBool,
    json: OnceLock<Box<RawValue>>,
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(Kept::new(value)))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        let kept = Arc::make_mut(&mut self.0);
        // The JSON is that of the value before.
        (kept.asked_for, kept.json) = Default::default();
        &mut kept.value
    }
}

impl<T> Kept<T> {
    fn new(value: T) -> Self {
        Self { value, asked_for: AtomicBool::new(false), json: OnceLock::new() }
    }
}

impl<T: Clone> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self::new(self.value.clone())
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Kept { value, asked_for, json } = &*self.0;
        if let Some(json) = json.get() {
            return json.serialize(serializer);
        }
        if !asked_for.swap(true, Ordering::Relaxed) {
            return value.serialize(serializer);
        }
        let text = part(value).map_err(S::Error::custom)?;
        json.get_or_init(|| text).serialize(serializer)
    }
}

/// As the store writes a part of the state: a line for each entry. What is deeper, and the end of an entry, goes on in its line.
fn part(value: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
    let pretty = serde_json::to_string_pretty(value)?;
    let mut text = String::with_capacity(pretty.len());
    for line in pretty.lines() {
        let rest = line.trim_start_matches(' ');
        let is_end_of_entry = line.starts_with("  }") || line.starts_with("  ]");
        if !text.is_empty() && line.len() - rest.len() <= 2 && !is_end_of_entry {
            text.push_str("\n  ");
            text.push_str(line);
        } else {
            text.push_str(rest);
        }
    }
    RawValue::from_string(text)
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

/// A map whose copies share each value until one of them changes it. Most actions change one server or node of thousands.
///
/// The entries are in the order of their keys. A key is found by its hash: names of thousands of servers begin alike.
#[derive(Clone, Debug)]
pub struct SharedMap<K, V>(Entries<K, V>);

type Entries<K, V> = IndexMap<K, Arc<V>, RandomState>;

impl<K, V> Default for SharedMap<K, V> {
    fn default() -> Self {
        Self(IndexMap::default())
    }
}

impl<K: Hash + Eq, V: PartialEq> PartialEq for SharedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Hash + Eq, V: Eq> Eq for SharedMap<K, V> {}

impl<K: Hash + Ord, V> SharedMap<K, V> {
    /// The value of this key.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key).map(|value| &**value)
    }

    /// Whether there is a value of this key.
    pub fn contains_key(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.keys()
    }

    /// The values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(|value| &**value)
    }

    /// The keys with their values.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.into_iter()
    }

    /// Sets the value of this key. A map of thousands is not made so, but collected.
    pub fn insert(&mut self, key: K, value: V) {
        self.0.insert_sorted(key, Arc::new(value));
    }

    /// This value for a map that is to be collected, shared with this one if that has the same.
    pub fn share(&self, key: &K, value: V) -> Arc<V>
    where
        V: PartialEq,
    {
        let known = self.0.get(key).filter(|known| ***known == value).cloned();
        known.unwrap_or_else(|| Arc::new(value))
    }

    /// Removes all values for which `keep` is false.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.0.retain(|key, value| keep(key, value));
    }

    /// Removes all values.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl<K: Hash + Ord, V: Clone> SharedMap<K, V> {
    /// The value of this key, to change it in this copy alone.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.get_mut(key).map(Arc::make_mut)
    }

    /// The values, to change them in this copy alone.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.values_mut().map(Arc::make_mut)
    }

    /// The value of this key, which is `value` if there was none.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        let place = self.0.get_index_of(&key).unwrap_or_else(|| self.0.insert_sorted(key, Arc::new(value)).0);
        Arc::make_mut(&mut self.0[place])
    }

    /// Removes the value of this key.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.0.shift_remove(key).map(Arc::unwrap_or_clone)
    }
}

/// The keys of a [`SharedMap`] with their values.
pub type Iter<'a, K, V> = Map<map::Iter<'a, K, Arc<V>>, fn((&'a K, &'a Arc<V>)) -> (&'a K, &'a V)>;

impl<'a, K, V> IntoIterator for &'a SharedMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.0.iter().map(|(key, value)| (key, &**value))
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
        Self(entries)
    }
}

impl<K: Serialize, V: Serialize> Serialize for SharedMap<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
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
        let is_shared = |key| before.0.get(&key).is_some_and(|known| Arc::ptr_eq(known, &now.0[&key]));
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
        assert!(!Arc::ptr_eq(&before.0["a"], &after.0["a"]));
        assert!(Arc::ptr_eq(&before.0["b"], &after.0["b"]));
        assert_eq!(after.remove(&"b".to_owned()), Some(2));
        *after.get_or_insert("a".to_owned(), 0) += 1;
        *after.get_or_insert("c".to_owned(), 5) += 1;
        assert_eq!(after.iter().collect::<Vec<_>>(), [(&"a".to_owned(), &4), (&"c".to_owned(), &6)]);
        assert_eq!(serde_json::to_string(&before).unwrap(), text);
    }
}
