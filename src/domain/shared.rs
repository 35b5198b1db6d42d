//! A part of the state that copies of the state share until one of them changes it.
//!
//! A run copies the state several times, and saves it again and again while it acts. A large part that stays as it is, such
//! as what it remembers of the queue, is then neither copied nor turned into JSON once more.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
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
        let text = indented(value).map_err(S::Error::custom)?;
        json.get_or_init(|| text).serialize(serializer)
    }
}

/// As a person reads it within a document, one level deep.
fn indented(value: &impl Serialize) -> serde_json::Result<Box<RawValue>> {
    RawValue::from_string(serde_json::to_string_pretty(value)?.replace('\n', "\n  "))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Document<T> {
        number: u32,
        part: T,
    }

    type Part = BTreeMap<String, Vec<String>>;

    fn part() -> Part {
        BTreeMap::from([("a\nb".to_owned(), vec!["c\n  d".to_owned(), String::new()]), ("e".to_owned(), Vec::new())])
    }

    #[test]
    fn a_document_is_the_same_with_a_shared_part() {
        for part in [part(), Part::new()] {
            let plain = serde_json::to_string_pretty(&Document { number: 1, part: part.clone() }).unwrap();
            let shared = Document { number: 1, part: Shared::from(part) };
            for _ in 0..3 {
                assert_eq!(serde_json::to_string_pretty(&shared).unwrap(), plain);
            }
            assert_eq!(serde_json::from_str::<Document<Shared<Part>>>(&plain).unwrap(), shared);
            assert_eq!(
                serde_json::to_value(&shared).unwrap(),
                serde_json::from_str::<serde_json::Value>(&plain).unwrap()
            );
        }
    }

    #[test]
    fn a_change_is_seen_in_the_json_and_not_in_the_copies() {
        let before = Document { number: 1, part: Shared::from(part()) };
        let text = serde_json::to_string_pretty(&before).unwrap();
        assert_eq!(serde_json::to_string_pretty(&before).unwrap(), text);
        let mut after = before.clone();
        assert_eq!(after, before);
        after.part.insert("f".to_owned(), Vec::new());
        assert_ne!(after, before);
        assert_eq!(serde_json::to_string_pretty(&before).unwrap(), text);
        let read: Document<Part> = serde_json::from_str(&serde_json::to_string(&after).unwrap()).unwrap();
        assert_eq!(read.part, *after.part);
        let mut alone = after;
        alone.part.clear();
        assert!(serde_json::to_string(&alone).unwrap().contains("{}"));
    }
}
