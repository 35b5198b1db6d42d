//! Reading JSON of services straight into types, tolerantly: a field of an unexpected type counts as missing.
//!
//! Versions and plugins of Jenkins differ in which fields they export, and write null or `{}` for what could not be exported
//! (stapler, core/src/main/java/org/kohsuke/stapler/export). Nova leaves fields out or sends null by release, cell and
//! policy. So nothing but JSON that is none makes a reading fail.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The most entries of a list. A list with more has no odd entries, but something else is wrong.
const MOST_ENTRIES: usize = 1_000_000;

/// What is read from any JSON value. Each method makes it from one kind of value; the default is what a value of an
/// unexpected kind means.
pub(crate) trait Lenient: Default {
    fn null() -> Self {
        Self::default()
    }

    fn flag(_: bool) -> Self {
        Self::default()
    }

    fn integer(_: i64) -> Self {
        Self::default()
    }

    fn float(_: f64) -> Self {
        Self::default()
    }

    fn text(_: &str) -> Self {
        Self::default()
    }

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// A value that is read tolerantly.
pub(crate) struct Field<T>(pub(crate) T);

impl<'de, T: Lenient> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        value.deserialize_any(AnyKind(PhantomData)).map(Field)
    }
}

struct AnyKind<T>(PhantomData<T>);

impl<'de, T: Lenient> Visitor<'de> for AnyKind<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::null())
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        Ok(T::flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(i64::try_from(number).map(T::integer).unwrap_or_default())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

/// A text that is not blank.
impl Lenient for Option<String> {
    fn text(text: &str) -> Self {
        (!text.trim().is_empty()).then(|| text.to_owned())
    }
}

impl Lenient for Option<bool> {
    fn flag(flag: bool) -> Self {
        Some(flag)
    }

    fn text(text: &str) -> Self {
        text.parse().ok()
    }
}

/// A whole number, in every form in which a service or a proxy writes it.
impl Lenient for Option<i64> {
    fn integer(number: i64) -> Self {
        Some(number)
    }

    fn float(number: f64) -> Self {
        (number.fract() == 0.0).then_some(number as i64)
    }

    fn text(text: &str) -> Self {
        text.trim().parse().ok()
    }
}

impl Lenient for Option<f64> {
    fn integer(number: i64) -> Self {
        Some(number as f64)
    }

    fn float(number: f64) -> Self {
        Some(number)
    }
}

/// A list, in which each entry is read tolerantly.
impl<T: Lenient> Lenient for Option<Vec<T>> {
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(Field(entry)) = list.next_element()? {
            if entries.len() == MOST_ENTRIES {
                return Err(A::Error::custom(format_args!("a list of more than {MOST_ENTRIES} entries")));
            }
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

/// A name, which may consist of blanks: Jenkins takes a no-break space (jenkins/model/Jenkins.java, `checkGoodName`).
#[derive(Default)]
pub(crate) struct Name(pub(crate) Option<String>);

impl Lenient for Name {
    fn text(text: &str) -> Self {
        Self((!text.is_empty()).then(|| text.to_owned()))
    }
}

/// Whether the field is there at all, and what it holds.
#[derive(Default)]
pub(crate) struct Exported(pub(crate) Option<Option<String>>);

impl Lenient for Exported {
    fn null() -> Self {
        Self(Some(None))
    }

    fn text(text: &str) -> Self {
        Self(Some(Lenient::text(text)))
    }
}

/// The key of an object.
#[derive(serde::Deserialize)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Declares an object of a service with the fields that mita reads. Of a field that is there twice, the last counts.
macro_rules! object {
    ($(#[$docs:meta])* $object:ident { $($key:literal => $field:ident: $kind:ty,)* }) => {
        $(#[$docs])*
        #[derive(Default)]
        struct $object {
            $($field: $kind,)*
        }

        impl $crate::http::lenient::Lenient for $object {
            fn object<'de, A: serde::de::MapAccess<'de>>(mut entries: A) -> Result<Self, A::Error> {
                let mut object = Self::default();
                while let Some($crate::http::lenient::Key(key)) = entries.next_key()? {
                    match &*key {
                        $($key => object.$field = entries.next_value::<$crate::http::lenient::Field<$kind>>()?.0,)*
                        _ => drop(entries.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                Ok(object)
            }
        }
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    object!(Odd {
        "text" => text: Option<String>,
        "number" => number: Option<i64>,
        "flag" => flag: Option<bool>,
        "float" => float: Option<f64>,
        "list" => list: Option<Vec<Option<i64>>>,
        "name" => name: Name,
        "label" => label: Exported,
    });

    fn read(json: &str) -> Odd {
        serde_json::from_str::<Field<Odd>>(json).unwrap().0
    }

    #[test]
    fn a_field_of_another_type_counts_as_missing() {
        for value in ["null", "{}", "[]", r#""""#, r#"" ""#, "1.5", r#"{"a":[{"b":1}]}"#, "18446744073709551615"] {
            let fields = ["text", "number", "flag", "name"].map(|field| format!("{field:?}: {value}"));
            let odd = read(&format!("{{{}}}", fields.join(", ")));
            assert_eq!((odd.text, odd.number, odd.flag), (None, None, None), "{value}");
            assert_eq!(odd.name.0.is_some(), value == r#"" ""#, "{value}");
        }
        let odd = read(r#"{"text": " x ", "number": "7", "flag": "true", "float": 2, "list": [1, "2", null, {}]}"#);
        assert_eq!(
            (odd.text.as_deref(), odd.number, odd.flag, odd.float),
            (Some(" x "), Some(7), Some(true), Some(2.0))
        );
        assert_eq!(odd.list, Some(vec![Some(1), Some(2), None, None]));
        for root in ["[1, [2]]", "null", "7", "-7.5", "true", r#""x""#] {
            assert_eq!(read(root).text, None, "{root}");
        }
    }

    #[test]
    fn a_field_that_is_null_is_not_one_that_is_missing() {
        assert_eq!(read("{}").label.0, None);
        assert_eq!(read(r#"{"label": null}"#).label.0, Some(None));
        assert_eq!(read(r#"{"label": " "}"#).label.0, Some(None));
        assert_eq!(read(r#"{"label": "a"}"#).label.0, Some(Some("a".to_owned())));
    }

    #[test]
    fn of_a_field_that_is_there_twice_the_last_counts() {
        assert_eq!(read(r#"{"number": 1, "number": 2, "\u006eumber": 3}"#).number, Some(3));
    }

    #[test]
    fn s3_what_mita_does_not_read_may_be_as_deep_as_it_likes() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&format!(r#"{{"more": {deep}, "number": 1}}"#)).number, Some(1));
        assert_eq!(read(&format!(r#"{{"text": {deep}, "number": 1}}"#)).number, Some(1));
    }
}
