//! What the JSON documents have in common. Keys, their order and their meaning are a promise to the programs that read
//! them.

pub(crate) mod check;
pub(crate) mod operator;
pub(crate) mod pause;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schemas;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The version of every document that this program writes.
pub(crate) const VERSION: u32 = 1;

/// A point in time as documents write it: whole seconds, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}", self.0)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time", "description": "Whole seconds, UTC."})
    }
}

/// An enum whose values have the same name in documents, tables and metrics.
macro_rules! named {
    ($(#[$of_type:meta])* $type:ident { $($(#[$of_value:meta])* $value:ident = $name:literal),+ $(,)? }) => {
        $(#[$of_type])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
        pub(crate) enum $type {
            $($(#[$of_value])* #[serde(rename = $name)] $value),+
        }

        impl $type {
            /// All values.
            pub(crate) const ALL: &'static [$type] = &[$($type::$value),+];

            /// The name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $($type::$value => $name),+ }
            }
        }
    };
}
pub(crate) use named;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_whole_seconds() {
        let time: Timestamp = "2026-11-21T23:30:12.987Z".parse().unwrap();
        assert_eq!(Time(time).to_string(), "2026-11-21T23:30:12Z");
        assert_eq!(serde_json::to_string(&Time(time)).unwrap(), "\"2026-11-21T23:30:12Z\"");
    }
}
