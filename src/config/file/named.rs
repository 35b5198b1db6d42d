//! Tables whose entries are tables with names of the operator's: `[provider.NAME]` and `[nodes.NAME]`.

use super::reading::Found;
use super::suggest;
use super::table::Table;
use crate::config::keys;
use toml::de::DeValue;

impl<'a> Table<'a> {
    /// The entries of such a table, in the order of the file. `keys` are those of each entry: where they are written in the
    /// table itself, its name was left out, which is one error and not one for each key.
    pub(crate) fn named_tables(
        &self,
        name: &str,
        keys: &'static [keys::Key],
    ) -> Vec<Found<(&'a str, &'a DeValue<'a>)>> {
        let mut entries = self.children(name);
        if let Some(entry) = self.entry(&[name]).filter(|_| entries.iter().any(|entry| is_key(entry.value, keys))) {
            self.error(&entry.at, format!("[{name}] needs a name: write [{name}.NAME]"));
            entries.retain(|entry| !is_key(entry.value, keys) && matches!(entry.value.1, DeValue::Table(_)));
        }
        entries.retain(|entry| {
            let torn = torn_name(entry.value, keys);
            if let Some(whole) = &torn {
                self.error(&entry.at, format!("a name with a dot needs quotes: write [{name}.{whole:?}]"));
            }
            torn.is_none()
        });
        entries
    }

    /// Whether an entry of the table `name` may be missing because of an error in a name, which is reported.
    pub(crate) fn lacks_name(&self, name: &str, keys: &'static [keys::Key]) -> bool {
        let is_wrong = |entry: &Found<_>| is_key(entry.value, keys) || torn_name(entry.value, keys).is_some();
        self.misspells(name) || self.children(name).iter().any(is_wrong)
    }
}

/// The whole name, where its dot made TOML read its rest as a key of the table: a key that none has, with a table.
fn torn_name((name, value): (&str, &DeValue<'_>), keys: &'static [keys::Key]) -> Option<String> {
    let is_rest = |key: &str| !keys::has(keys, key) && suggest::nearest(key, keys::names(keys)).is_none();
    let inner = value.as_table()?.iter().find(|(key, value)| value.get_ref().is_table() && is_rest(key.get_ref()));
    let (rest, value) = inner.map(|(key, value)| (key.get_ref(), value.get_ref()))?;
    let whole = torn_name((rest, value), keys).unwrap_or_else(|| rest.to_string());
    Some(format!("{name}.{whole}"))
}

/// Whether it is a value of a key. A table of the same name can be an entry.
fn is_key((name, value): (&str, &DeValue<'_>), keys: &[keys::Key]) -> bool {
    keys::has(keys, name) && !matches!(value, DeValue::Table(_))
}
