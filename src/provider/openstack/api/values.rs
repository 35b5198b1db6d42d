//! What several services write in the same way: names, times, limits, and mita's mark in metadata.

use crate::domain::world::{Lookup, QuotaUse};
use crate::http::lenient::Field;
use crate::provider::failure::Failure;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Something of which only id and name count.
#[derive(Deserialize)]
pub(crate) struct Named {
    pub(crate) id: String,
    #[serde(default, deserialize_with = "loose")]
    pub(crate) name: Option<String>,
}

/// A value that is read tolerantly: one of another type than expected counts as missing, so that it hides nothing but itself.
#[derive(Debug, Default)]
pub(crate) struct Loose<T>(pub(crate) T);

impl<'de, T: DeserializeOwned + Default> Deserialize<'de> for Loose<T> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        loose(value).map(Self)
    }
}

/// Reads a field tolerantly, as [`Loose`] does.
pub(crate) fn loose<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(field: D) -> Result<T, D::Error> {
    let field = Box::<RawValue>::deserialize(field)?;
    Ok(serde_json::from_str(field.get()).unwrap_or_default())
}

/// Reads a whole number tolerantly. What is none counts as missing.
pub(crate) fn number<'de, D: Deserializer<'de>>(field: D) -> Result<Option<i64>, D::Error> {
    Field::deserialize(field).map(|Field(number)| number)
}

/// What a lookup of one object found.
pub(crate) fn lookup<P, T>(found: Result<Option<P>, Failure>, read: fn(P) -> T) -> Lookup<T> {
    match found {
        Ok(Some(object)) => Lookup::Found(read(object)),
        Ok(None) => Lookup::Gone,
        Err(failure) => Lookup::Unavailable(failure.message),
    }
}

/// What remains of a limit; `None` if it is unlimited (-1) or unknown.
pub(crate) fn remaining(limit: Option<i64>, used: Option<i64>) -> Option<u64> {
    let limit = u64::try_from(limit?).ok()?;
    Some(limit.saturating_sub(u64::try_from(used.unwrap_or(0)).unwrap_or(0)))
}

/// How much of each limit is used, for those whose use is known.
pub(crate) fn usage<const N: usize>(
    limits: [(&'static str, Option<i64>, Option<i64>); N],
) -> Vec<(&'static str, QuotaUse)> {
    let number = |number: Option<i64>| u64::try_from(number?).ok();
    let used = |(part, limit, used)| Some((part, QuotaUse { used: number(used)?, limit: number(limit) }));
    limits.into_iter().filter_map(used).collect()
}

/// A time as OpenStack writes it: in UTC, with or without a `Z`.
pub(crate) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn s3_a_field_of_another_type_counts_as_missing_whatever_it_is() {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        for odd in ["null", "5", "{}", "[]", "true", &deep] {
            let named: Named = serde_json::from_str(&format!(r#"{{"id": "a", "name": {odd}}}"#)).unwrap();
            assert_eq!((named.id.as_str(), named.name), ("a", None), "{odd}");
        }
        let list: Vec<Loose<Option<String>>> = serde_json::from_str(r#"["a", 5, "b"]"#).unwrap();
        let read: Vec<_> = list.into_iter().map(|Loose(text)| text).collect();
        assert_eq!(read, [Some("a".to_owned()), None, Some("b".to_owned())]);
    }

    #[test]
    fn what_remains_of_a_limit_is_never_negative_and_unlimited_is_none() {
        assert_eq!(remaining(Some(20), Some(3)), Some(17));
        assert_eq!(remaining(Some(2), Some(3)), Some(0));
        assert_eq!(remaining(Some(20), None), Some(20));
        assert_eq!(remaining(Some(-1), Some(3)), None);
        assert_eq!(remaining(None, Some(3)), None);
    }

    #[test]
    fn a_number_is_read_in_every_form_and_what_is_none_hides_nothing_but_itself() {
        for (field, read) in [
            (json!(100), Some(100)),
            (json!(-1), Some(-1)),
            (json!(100.0), Some(100)),
            (json!("100"), Some(100)),
            (json!(1e300), Some(i64::MAX)),
            (json!(null), None),
            (json!([]), None),
            (json!("many"), None),
        ] {
            assert_eq!(number(&field).unwrap(), read, "{field}");
        }
    }
}
