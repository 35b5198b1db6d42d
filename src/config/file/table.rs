//! One table of the file: its keys by name and alias, each of its type.
//!
//! A wrong type, an unknown key and a key that is written under two names are reported with their line; the caller gets
//! `None` and continues.

use super::defaults::{Defaults, inherits};
use super::reading::{Found, Place, Reading};
use super::suggest;
use crate::config::keys;
use crate::config::types::Times;
use crate::domain::time;
use jiff::SignedDuration;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A table of the file.
pub(crate) struct Table<'a> {
    pub(crate) reading: &'a Reading<'a>,
    at: Place,
    entries: &'a DeTable<'a>,
    /// A table that answers for the keys that this one does not have.
    defaults: Option<Defaults<'a>>,
    keys: &'static [keys::Key],
}

/// A key and its value, as written.
type Entry<'a> = Found<&'a DeValue<'a>>;

impl<'a> Table<'a> {
    /// The whole file.
    pub(crate) fn top(reading: &'a Reading<'a>, entries: &'a DeTable<'a>) -> Self {
        let at = Place { line: 0, key: String::new() };
        Self { reading, at, entries, defaults: None, keys: keys::TOP }.without_unknown_keys()
    }

    /// A value that must be a table with these keys.
    pub(crate) fn open(reading: &'a Reading<'a>, entry: &Entry<'a>, keys: &'static [keys::Key]) -> Option<Self> {
        let entries = entries_of(reading, entry)?;
        Some(Self { reading, at: entry.at.clone(), entries, defaults: None, keys }.without_unknown_keys())
    }

    /// The same with defaults for the keys that it does not have.
    pub(crate) fn with_defaults(self, defaults: Option<Defaults<'a>>) -> Self {
        Self { defaults, ..self }
    }

    /// The same without these keys of the defaults.
    pub(crate) fn without_defaults_for(self, unfit: &'static [&'static str]) -> Self {
        let defaults = self.defaults.map(|defaults| Defaults { unfit, ..defaults });
        Self { defaults, ..self }
    }

    /// This table as the defaults of others.
    pub(crate) fn as_defaults(&self) -> Defaults<'a> {
        Defaults { at: self.at.clone(), entries: self.entries, unfit: &[] }
    }

    /// The defaults, if they answer for this key.
    fn defaults_for(&self, name: &str) -> Option<&Defaults<'a>> {
        let fits = |defaults: &&Defaults<'a>| !defaults.unfit.contains(&name);
        self.defaults.as_ref().filter(fits).filter(|_| inherits(name, |own| self.entries.contains_key(own)))
    }

    /// Whether a key that this table does not know was probably meant to be this one.
    pub(crate) fn misspells(&self, name: &str) -> bool {
        let unknown = self.entries.keys().map(|key| key.get_ref()).filter(|key| !keys::has(self.keys, key));
        !self.entries.contains_key(name)
            && unknown.into_iter().any(|key| suggest::nearest(key, keys::names(self.keys)) == Some(name))
    }

    fn without_unknown_keys(self) -> Self {
        for entry in named(self.reading, &self.at, self.entries) {
            if !keys::has(self.keys, entry.value.0) {
                self.reading.error(&entry.at, format!("unknown key; {}", suggest::advice(entry.value.0, self.keys)));
            }
        }
        self
    }

    /// The place of a missing key: the line of the table's header.
    pub(crate) fn place_of_missing(&self, key: &str) -> Place {
        Place { line: self.at.line, key: join(&self.at.key, key) }
    }

    /// The entry under one of these names. Two of them are an error.
    pub(crate) fn entry(&self, names: &[&str]) -> Option<Entry<'a>> {
        let mut found: Option<Entry<'a>> = None;
        let is_one = |key: &str| names.contains(&key);
        let own = self.entries.iter().filter(|(key, _)| is_one(key.get_ref().as_ref()));
        let inherited = self.defaults.iter().flat_map(|defaults| defaults.entries.iter());
        let inherited = inherited.filter(|(key, _)| {
            let key = key.get_ref().as_ref();
            is_one(key) && self.defaults_for(key).is_some()
        });
        let table_of_defaults = self.defaults.as_ref().map(|defaults| &defaults.at);
        let all =
            own.map(|entry| (&self.at, entry)).chain(inherited.filter_map(|entry| Some((table_of_defaults?, entry))));
        for (table, (key, value)) in all {
            let at = place(self.reading, table, key);
            match &found {
                None => found = Some(Found { value: value.get_ref(), at }),
                Some(first) => self.reading.error(
                    &at,
                    format!("means the same as {} in line {}; keep one of the two", last(&first.at.key), first.at.line),
                ),
            }
        }
        found
    }

    /// Where the key is written; `None` if it is not.
    pub(crate) fn has(&self, name: &str) -> Option<Place> {
        let inherited = || {
            let Defaults { at, entries, .. } = self.defaults_for(name)?;
            entries.get_key_value(name).map(|(key, _)| place(self.reading, at, key))
        };
        self.writes(name).or_else(inherited)
    }

    /// Where the table itself writes the key.
    fn writes(&self, name: &str) -> Option<Place> {
        self.entries.get_key_value(name).map(|(key, _)| place(self.reading, &self.at, key))
    }

    /// Reports an error.
    pub(crate) fn error(&self, at: &Place, text: impl Into<String>) {
        self.reading.error(at, text);
    }

    /// Reports each of these keys that the table itself writes. What it takes from its defaults may be of no use to it.
    pub(crate) fn refuse<'k>(&self, keys: impl IntoIterator<Item = &'k (impl AsRef<str> + ?Sized + 'k)>, text: &str) {
        keys.into_iter().filter_map(|key| self.writes(key.as_ref())).for_each(|at| self.error(&at, text));
    }

    /// As [`Self::text`], without its place.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.text(&[name]).map(|found| found.value)
    }

    /// A line of text: not empty, without control characters, and without spaces at its ends.
    pub(crate) fn text(&self, names: &[&str]) -> Option<Found<String>> {
        let entry = self.entry(names)?;
        self.line_of_text(entry.value, &entry.at)
    }

    /// As [`Self::text`]; a missing key is an error with this advice.
    pub(crate) fn required_text(&self, names: &[&str], advice: &str) -> Option<Found<String>> {
        if self.require(names, advice) { self.text(names) } else { None }
    }

    /// Reports the key as missing unless it is written under one of its names.
    pub(crate) fn require(&self, names: &[&str], advice: &str) -> bool {
        let exists = names.iter().any(|name| self.has(name).is_some());
        if !exists {
            self.reading.error(&self.place_of_missing(names[0]), format!("is missing; {advice}"));
        }
        exists
    }

    /// Text with any number of lines.
    pub(crate) fn lines(&self, names: &[&str]) -> Option<Found<String>> {
        let entry = self.entry(names)?;
        let text = self.string(entry.value, &entry.at)?;
        Some(Found { value: text.to_owned(), at: entry.at })
    }

    /// The meaning of a text that has to be one of these.
    pub(crate) fn choice<T: Clone>(&self, name: &str, meanings: &[(&str, T)]) -> Option<T> {
        let found = self.text(&[name])?;
        let meaning = meanings.iter().find(|(name, _)| *name == found.value).map(|(_, meaning)| meaning.clone());
        if meaning.is_none() {
            let names = meanings.iter().map(|(name, _)| *name);
            let advice = suggest::did_you_mean(&found.value, names.clone()).unwrap_or_else(|| {
                format!("write one of {}", names.map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", "))
            });
            self.reading.error(&found.at, format!("{:?} is unknown; {advice}", found.value));
        }
        meaning
    }

    /// One text, or a list of texts, each with its line.
    pub(crate) fn texts(&self, names: &[&str]) -> Option<Found<Vec<Found<String>>>> {
        let entry = self.entry(names)?;
        let value = match entry.value {
            DeValue::Array(array) => self.texts_of(array, &entry.at)?,
            DeValue::String(_) => vec![self.line_of_text(entry.value, &entry.at)?],
            other => {
                self.wrong_type(&entry.at, other, "a text in quotes or a list of them");
                return None;
            }
        };
        Some(Found { value, at: entry.at })
    }

    /// As [`Self::texts`], each text once.
    pub(crate) fn distinct(&self, name: &str) -> Vec<String> {
        self.reading.once(self.texts(&[name]).map(|found| found.value).unwrap_or_default())
    }

    /// The texts of a list; `None` if one of them was reported.
    pub(crate) fn texts_of(&self, array: &'a DeArray<'a>, at: &Place) -> Option<Vec<Found<String>>> {
        let read = |item: &'a Spanned<DeValue<'a>>| {
            let at = Place { line: self.reading.line_at(item.span().start), key: at.key.clone() };
            self.line_of_text(item.get_ref(), &at)
        };
        let items: Vec<_> = array.iter().map(read).collect();
        items.into_iter().collect()
    }

    /// A whole number within these bounds.
    pub(crate) fn number(&self, name: &str, bounds: RangeInclusive<u32>) -> Option<Found<u32>> {
        let entry = self.entry(&[name])?;
        let DeValue::Integer(integer) = entry.value else {
            self.wrong_type(&entry.at, entry.value, "a whole number without quotes");
            return None;
        };
        let number = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let within = number.and_then(|number| u32::try_from(number).ok()).filter(|number| bounds.contains(number));
        match within {
            Some(value) => Some(Found { value, at: entry.at }),
            None => {
                let (least, most) = bounds.into_inner();
                let is_small = number.is_some_and(|number| number < i128::from(least));
                let allowed = if most == u32::MAX && is_small {
                    format!("{least} or more")
                } else {
                    format!("a number from {least} to {most}")
                };
                self.reading.error(&entry.at, format!("{integer} is out of bounds; write {allowed}"));
                None
            }
        }
    }

    /// A number that need not be whole, in hundredths, up to `most` of them.
    pub(crate) fn hundredths(&self, name: &str, most: u32) -> Option<u32> {
        let entry = self.entry(&[name])?;
        let number = match entry.value {
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            other => {
                self.wrong_type(&entry.at, other, "a number without quotes, as in 0.7");
                return None;
            }
        };
        let hundredths = number.map(|number| (number * 100.0).round());
        let within = hundredths.filter(|number| (0.0..=f64::from(most)).contains(number));
        if within.is_none() {
            let most = f64::from(most) / 100.0;
            self.reading.error(&entry.at, format!("is out of bounds; write a number from 0 to {most}"));
        }
        within.map(|number| number as u32)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        let entry = self.entry(&[name])?;
        match entry.value {
            DeValue::Boolean(value) => Some(*value),
            other => {
                self.wrong_type(&entry.at, other, "true or false without quotes");
                None
            }
        }
    }

    /// A time with units, as in "1h 30m", of at least `least`.
    pub(crate) fn time(&self, name: &str, least: SignedDuration) -> Option<SignedDuration> {
        let entry = self.entry(&[name])?;
        let error = |text: String| {
            self.reading.error(&entry.at, text);
            None
        };
        let text = match entry.value {
            DeValue::String(text) => text.as_ref(),
            DeValue::Integer(number) => number.as_str(),
            other => {
                self.wrong_type(&entry.at, other, "a time in quotes, as in \"40m\"");
                return None;
            }
        };
        time::read(text, &(least..=Times::LONGEST)).map_or_else(error, Some)
    }

    /// A file's path, relative to the configuration file.
    pub(crate) fn path(&self, name: &str) -> Option<Found<PathBuf>> {
        let Found { value, at } = self.text(&[name])?;
        if value.starts_with("~/") {
            self.reading.error(&at, "~ is not expanded here; write the whole path");
            return None;
        }
        let variable = |part: &str| part.starts_with(|c: char| c == '{' || c.is_ascii_alphabetic());
        if value.split('$').skip(1).any(variable) {
            self.reading.warn(&at, "variables such as $HOME are not filled in here; write the whole path");
        }
        let path = self.reading.resolve(&value);
        self.reading.names_file(&at, &path);
        Some(Found { value: path, at })
    }

    /// The entries of a table whose keys are names, in the order of the file.
    pub(crate) fn children(&self, name: &str) -> Vec<Found<(&'a str, &'a DeValue<'a>)>> {
        self.entry(&[name])
            .and_then(|entry| entries_of(self.reading, &entry).map(|entries| named(self.reading, &entry.at, entries)))
            .unwrap_or_default()
    }

    pub(crate) fn line_of_text(&self, value: &DeValue<'_>, at: &Place) -> Option<Found<String>> {
        let text = self.string(value, at)?;
        let error = if text.is_empty() {
            "must not be empty"
        } else if text.chars().any(char::is_control) {
            "holds a line break or another control character; write it in one line"
        } else if text.trim() != text {
            "has spaces at its ends; remove them"
        } else {
            return Some(Found { value: text.to_owned(), at: at.clone() });
        };
        self.reading.error(at, error);
        None
    }

    /// Text of any kind.
    pub(crate) fn string<'v>(&self, value: &'v DeValue<'_>, at: &Place) -> Option<&'v str> {
        if value.as_str().is_none() {
            self.wrong_type(at, value, "a text in quotes");
        }
        value.as_str()
    }

    fn wrong_type(&self, at: &Place, value: &DeValue<'_>, wanted: &str) {
        self.reading.error(at, format!("must be {wanted}, and is {}", kind_of(value)));
    }
}

fn entries_of<'a>(reading: &Reading<'_>, entry: &Entry<'a>) -> Option<&'a DeTable<'a>> {
    match entry.value {
        DeValue::Table(entries) => Some(entries),
        DeValue::Array(_) => {
            let text = match entry.at.key.as_str() {
                "nodes" | "provider" => {
                    format!("must be a table for each name; write [{0}.NAME] and not [[{0}]]", entry.at.key)
                }
                key => format!("must be one table; write [{key}] and not [[{key}]]"),
            };
            reading.error(&entry.at, text);
            None
        }
        other => {
            reading.error(&entry.at, format!("must be a table, [{}], and is {}", entry.at.key, kind_of(other)));
            None
        }
    }
}

fn named<'a>(
    reading: &Reading<'_>,
    within: &Place,
    entries: &'a DeTable<'a>,
) -> Vec<Found<(&'a str, &'a DeValue<'a>)>> {
    entries
        .iter()
        .map(|(key, value)| Found { value: (key.get_ref().as_ref(), value.get_ref()), at: place(reading, within, key) })
        .collect()
}

fn place(reading: &Reading<'_>, within: &Place, key: &Spanned<std::borrow::Cow<'_, str>>) -> Place {
    Place { line: reading.line_at(key.span().start), key: join(&within.key, key.get_ref()) }
}

fn join(table: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let key = if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { format!("{key:?}") };
    if table.is_empty() { key } else { format!("{table}.{key}") }
}

/// The last part of a dotted key that [`join`] made from bare keys.
fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time of the day",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
