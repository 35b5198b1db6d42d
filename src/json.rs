//! JSON that others wrote.

use serde::Deserialize;
use serde::de::DeserializeSeed;
use std::marker::PhantomData;

/// Reads JSON. Looked at as a whole, a body is known to be UTF-8 sooner than text by text; one that is not fails only where
/// such a text is read.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> serde_json::Result<T> {
    parse_with(PhantomData, text)
}

/// The same, read by what knows more than the type tells.
pub(crate) fn parse_with<'a, S: DeserializeSeed<'a>>(seed: S, text: &'a [u8]) -> serde_json::Result<S::Value> {
    fn whole<'a, R: serde_json::de::Read<'a>, S: DeserializeSeed<'a>>(
        mut json: serde_json::Deserializer<R>,
        seed: S,
    ) -> serde_json::Result<S::Value> {
        let value = seed.deserialize(&mut json)?;
        json.end().map(|()| value)
    }
    match std::str::from_utf8(text) {
        Ok(text) => whole(serde_json::Deserializer::from_str(text), seed),
        Err(_) => whole(serde_json::Deserializer::from_slice(text), seed),
    }
}
