//! Some of a number of candidates, a bit each: 64 of them are compared at a time.

/// The candidates that one word has.
const WORD: usize = u64::BITS as usize;

/// Some of a number of candidates, which are called by their numbers.
///
/// Two selections of the same candidates are equal: there is no zero at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    words: Vec<u64>,
}

impl Selection {
    /// All candidates from 0 to `size` - 1.
    pub fn all(size: usize) -> Self {
        let mut all = Self { words: vec![u64::MAX; size.div_ceil(WORD)] };
        if let (Some(last), left @ 1..) = (all.words.last_mut(), size % WORD) {
            *last = (1 << left) - 1;
        }
        all
    }

    /// Whether the candidate with this number is in it.
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / WORD).is_some_and(|word| word >> (number % WORD) & 1 == 1)
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many words it takes to compare it with another: the measure of the work.
    pub fn len_in_words(&self) -> usize {
        self.words.len()
    }

    /// Adds a candidate.
    pub fn add(&mut self, number: usize) {
        if self.words.len() <= number / WORD {
            self.words.resize(number / WORD + 1, 0);
        }
        self.words[number / WORD] |= 1 << (number % WORD);
    }

    /// Removes a candidate.
    pub fn remove(&mut self, number: usize) {
        if let Some(word) = self.words.get_mut(number / WORD) {
            *word &= !(1 << (number % WORD));
            self.trim();
        }
    }

    /// Its members, the lowest number first.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, &word)| bits(index, word))
    }

    /// The members that are in `other`, too, the lowest number first.
    pub fn common<'s>(&'s self, other: &'s Self) -> impl Iterator<Item = usize> + 's {
        let words = self.words.iter().zip(&other.words).enumerate();
        words.flat_map(|(index, (one, other))| bits(index, one & other))
    }

    /// Whether all its members are in `other`, too.
    pub fn is_within(&self, other: &Self) -> bool {
        self.words.len() <= other.words.len()
            && self.words.iter().zip(&other.words).all(|(one, other)| one & !other == 0)
    }

    /// Adds the members of `other`.
    pub fn join(&mut self, other: &Self) {
        self.combine(other, |one, other| one | other);
    }

    /// Keeps the members that are in `other`, too.
    pub fn retain(&mut self, other: &Self) {
        self.combine(other, |one, other| one & other);
    }

    /// Removes the members of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.combine(other, |one, other| one & !other);
    }

    /// Keeps the members of either, and not those of both.
    pub fn toggle(&mut self, other: &Self) {
        self.combine(other, |one, other| one ^ other);
    }

    fn combine(&mut self, other: &Self, how: fn(u64, u64) -> u64) {
        self.words.resize(self.words.len().max(other.words.len()), 0);
        let others = other.words.iter().copied().chain(std::iter::repeat(0));
        self.words.iter_mut().zip(others).for_each(|(word, other)| *word = how(*word, other));
        self.trim();
    }

    fn trim(&mut self) {
        let used = self.words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        self.words.truncate(used);
    }
}

impl FromIterator<usize> for Selection {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut selection = Self::default();
        numbers.into_iter().for_each(|number| selection.add(number));
        selection
    }
}

/// The numbers of the bits of a word.
fn bits(index: usize, mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(index * WORD + bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn numbers() -> impl Strategy<Value = BTreeSet<usize>> {
        proptest::collection::btree_set(0..200_usize, 0..40)
    }

    fn of(numbers: &BTreeSet<usize>) -> Selection {
        numbers.iter().copied().collect()
    }

    proptest! {
        #[test]
        fn a_selection_is_a_set_of_numbers(one in numbers(), other in numbers()) {
            let (mut joined, mut retained, mut less, mut toggled) = (of(&one), of(&one), of(&one), of(&one));
            joined.join(&of(&other));
            retained.retain(&of(&other));
            less.subtract(&of(&other));
            toggled.toggle(&of(&other));
            prop_assert_eq!(joined, of(&(&one | &other)));
            prop_assert_eq!(&retained, &of(&(&one & &other)));
            prop_assert_eq!(less, of(&(&one - &other)));
            prop_assert_eq!(toggled, of(&(&one ^ &other)));
            prop_assert_eq!(of(&one).common(&of(&other)).collect::<Vec<_>>(), retained.iter().collect::<Vec<_>>());
            prop_assert_eq!(of(&one).iter().collect::<BTreeSet<_>>(), one.clone());
            prop_assert_eq!(of(&one).is_within(&of(&other)), one.is_subset(&other));
            prop_assert_eq!(of(&one).is_empty(), one.is_empty());
            let mut emptied = of(&one);
            one.iter().for_each(|number| emptied.remove(*number));
            prop_assert_eq!(emptied, Selection::default());
        }

        #[test]
        fn all_are_those_below_the_size(size in 0..200_usize) {
            prop_assert_eq!(Selection::all(size), of(&(0..size).collect()));
        }
    }
}
