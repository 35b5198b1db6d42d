//! `interface`: which URL of a catalogue's endpoint.

use crate::config::file::Table;
use crate::config::types::Interface;

/// The values of `interface`: those of Keystone v3, and those of its first catalogue.
pub(crate) const INTERFACES: [(&str, Interface); 6] = [
    ("public", Interface::Public),
    ("internal", Interface::Internal),
    ("admin", Interface::Admin),
    ("publicURL", Interface::Public),
    ("internalURL", Interface::Internal),
    ("adminURL", Interface::Admin),
];

/// The interface that the table names, else the public one.
pub(crate) fn read(table: &Table<'_>) -> Option<Interface> {
    match table.entry(&["interface"]) {
        None => Some(Interface::Public),
        Some(_) => table.one_of(&table.text(&["interface"])?, &INTERFACES),
    }
}
