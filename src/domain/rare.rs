//! Large values that most records do not have, of which a large farm has thousands.

use serde::{Deserialize, Serialize};
use std::ops::Deref;

/// An `Option` that takes the memory of a pointer where it is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rare<T>(Option<Box<Option<T>>>);

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Rare<T> {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl<T> From<Option<T>> for Rare<T> {
    fn from(value: Option<T>) -> Self {
        Self(value.map(|value| Box::new(Some(value))))
    }
}

impl<T> Deref for Rare<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        self.0.as_deref().unwrap_or(&None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Record {
        #[serde(default, skip_serializing_if = "Rare::is_none")]
        rare: Rare<[u64; 6]>,
    }

    #[test]
    fn it_is_written_and_read_like_an_option_and_smaller() {
        for (value, json) in [(None, "{}"), (Some([7; 6]), r#"{"rare":[7,7,7,7,7,7]}"#)] {
            let record = Record { rare: value.into() };
            assert_eq!(serde_json::to_string(&record).unwrap(), json);
            assert_eq!(serde_json::from_str::<Record>(json).unwrap(), record);
            assert_eq!((*record.rare, record.rare.is_none()), (value, value.is_none()));
        }
        assert!(serde_json::from_str::<Record>(r#"{"rare":null}"#).unwrap().rare.is_none());
        assert_eq!(size_of::<Rare<[u64; 6]>>(), size_of::<usize>());
    }
}
