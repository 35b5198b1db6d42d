//! Things by a key, each with a number, and their sum.

use std::collections::BTreeMap;

/// Things by a key, each with a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tally {
    numbers: BTreeMap<usize, u32>,
    sum: u32,
}

impl Tally {
    /// How many there are of all keys.
    pub(crate) fn sum(&self) -> u32 {
        self.sum
    }

    /// How many there are of one key.
    pub(crate) fn of(&self, key: usize) -> u32 {
        self.numbers.get(&key).copied().unwrap_or(0)
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The keys of which there is at least one.
    pub(crate) fn keys(&self) -> impl Iterator<Item = usize> {
        self.numbers.keys().copied()
    }

    /// The keys with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, u32)> {
        self.numbers.iter().map(|(&key, &number)| (key, number))
    }

    /// One more of the key. Always true, unlike [`Self::take`].
    pub(crate) fn add(&mut self, key: usize) -> bool {
        self.add_many(key, 1);
        true
    }

    /// So many more of the key.
    pub(crate) fn add_many(&mut self, key: usize, number: u32) {
        *self.numbers.entry(key).or_insert(0) += number;
        self.sum += number;
    }

    /// One less of the key; false where there is none.
    pub(crate) fn take(&mut self, key: usize) -> bool {
        let Some(number) = self.numbers.get_mut(&key) else { return false };
        *number -= 1;
        if *number == 0 {
            self.numbers.remove(&key);
        }
        self.sum -= 1;
        true
    }
}
