//! Tables whose entries are tables with names of the operator's: `[provider.NAME]` and `[nodes.NAME]`.

use super::reading::Found;
use super::table::Table;
use crate::config::keys;
use toml::de::DeValue;

impl<'a> Table<'a> {
    /// The entries of such a table, in the order of the file. `keys` are those of each entry: where they are written in the
    /// table itself, its name was left out, which is one error and not one for each key.
    pub(crate) fn named_tables(&self, name: &str, keys: &[keys::Key]) -> Vec<Found<(&'a str, &'a DeValue<'a>)>> {
        let Some(entry) = self.entry(&[name]).filter(|_| self.lacks_name(name, keys)) else {
            return self.children(name);
        };
        self.error(&entry.at, format!("[{name}] needs a name: write [{name}.NAME]"));
        let mut entries = self.children(name);
        entries.retain(|entry| !is_key(entry.value, keys) && matches!(entry.value.1, DeValue::Table(_)));
        entries
    }

    /// Whether the table `name` has keys of the tables that should be in it.
    pub(crate) fn lacks_name(&self, name: &str, keys: &[keys::Key]) -> bool {
        let entry = self.entry(&[name]);
        let entries = entry.as_ref().and_then(|entry| entry.value.as_table());
        let mut all = entries.into_iter().flat_map(|entries| entries.iter());
        all.any(|(key, value)| is_key((key.get_ref(), value.get_ref()), keys))
    }
}

/// Whether it is a value of a key. A table of the same name can be an entry.
fn is_key((name, value): (&str, &DeValue<'_>), keys: &[keys::Key]) -> bool {
    keys::has(keys, name) && !matches!(value, DeValue::Table(_))
}
