//! JSON that others wrote.

use serde::Deserialize;

/// Reads JSON. Looked at as a whole, a body is known to be UTF-8 sooner than text by text; one that is not fails only where
/// such a text is read.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    std::str::from_utf8(text).map_or_else(|_| serde_json::from_slice(text), serde_json::from_str)
}
