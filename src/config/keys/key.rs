//! One key of a table.

/// One key: its possible values, and what it means.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The default, or whether the key is required; empty if other keys decide.
    pub(crate) default: &'static str,
    /// What it means, in one line for operators.
    pub(crate) about: &'static str,
}

/// The possible values of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// One line of text, not empty.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Text with any number of lines.
    Lines,
    /// The root URL of a service.
    Url,
    /// The URL of a proxy, which may hold user and password.
    Proxy,
    /// A file, relative to the configuration file.
    Path,
    /// A time with units.
    Time,
    /// The same, or `auto`.
    TimeOrAuto,
    /// A number that need not be whole, from 0 to this.
    Decimal(u32),
    /// A whole number within these bounds.
    Number(u32, u32),
    /// `true` or `false`.
    Flag,
    /// One text or a list of them.
    Texts,
    /// One root URL, or a list of them.
    Urls,
    /// Words separated by blanks, or a list of them.
    Words,
    /// An amount of memory with its unit, as `8G`.
    Memory,
    /// A whole number, or a list of tables with these keys.
    NumberOrTables(&'static [Key]),
    /// A table of texts, with keys that the operator chooses.
    Metadata,
    /// The same, with texts and lists of texts.
    Hints,
    /// One table.
    Table(&'static [Key]),
    /// Tables with names that the operator chooses.
    Tables(&'static [Key]),
    /// Another name of a key of the same table; only one of the two may be given.
    Same(&'static str),
    /// Not supported; the error says why.
    Refused,
}

pub(crate) const MOST: u32 = u32::MAX;

pub(crate) const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

pub(crate) const fn same(name: &'static str, other: &'static str) -> Key {
    Key { name, kind: Kind::Same(other), default: "", about: "the same under another name" }
}

pub(crate) const fn refused(name: &'static str) -> Key {
    Key { name, kind: Kind::Refused, default: "", about: "certificates are always verified" }
}
