//! The JSON Schemas of the contract, generated from its types.

use super::contract::{
    CheckAnswer, CheckRequest, CreateAnswer, CreateRequest, DeleteAnswer, DeleteRequest, ListAnswer, ListRequest,
    ShowAnswer, ShowRequest,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The schema of each document, by name.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("list-request", request::<ListRequest>()),
        ("list-answer", answer::<ListAnswer>()),
        ("create-request", request::<CreateRequest<'_>>()),
        ("create-answer", answer::<CreateAnswer>()),
        ("show-request", request::<ShowRequest<'_>>()),
        ("show-answer", answer::<ShowAnswer>()),
        ("delete-request", request::<DeleteRequest<'_>>()),
        ("delete-answer", answer::<DeleteAnswer>()),
        ("check-request", request::<CheckRequest<'_>>()),
        ("check-answer", answer::<CheckAnswer>()),
    ]
}

fn request<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn answer<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>()
}
