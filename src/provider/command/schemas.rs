//! The JSON Schemas of the contract, generated from its types; and whether a document is as these types have it.

use super::contract::{
    CheckAnswer, CheckRequest, CreateAnswer, CreateRequest, DeleteAnswer, DeleteRequest, ListAnswer, ListRequest,
    ShowAnswer, ShowRequest,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::Value;

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

/// Reads the answer to a verb as a run does.
///
/// # Errors
/// What is wrong with the answer.
pub fn validate(verb: &str, answer: &Value) -> Result<(), String> {
    match verb {
        "list" => read::<ListAnswer>(answer),
        "create" => read::<CreateAnswer>(answer),
        "show" => read::<ShowAnswer>(answer),
        "delete" => read::<DeleteAnswer>(answer),
        "check" => read::<CheckAnswer>(answer),
        _ => Err(format!("there is no verb {verb}")),
    }
}

fn read<T: DeserializeOwned>(answer: &Value) -> Result<(), String> {
    T::deserialize(answer).map(drop).map_err(|error| error.to_string())
}

fn request<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn answer<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_deserialize().into_generator().into_root_schema_for::<T>()
}
