//! The JSON Schemas of the documents, generated from their types.

use crate::view::document::check::CheckDocument;
use crate::view::document::operator::OperatorDocument;
use crate::view::document::pause::PauseDocument;
use crate::view::document::replay::ReplayDocument;
use crate::view::document::run::RunDocument;
use crate::view::explain::finding::Explanation;
use crate::view::history::HistoryDocument;
use crate::view::status::Status;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

/// The schema of each document, by name.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        ("check", schema::<CheckDocument>()),
        ("explain", schema::<Explanation>()),
        ("history", schema::<HistoryDocument>()),
        ("operator", schema::<OperatorDocument<'_>>()),
        ("pause", schema::<PauseDocument>()),
        ("reconcile", schema::<RunDocument<'_>>()),
        ("replay", schema::<ReplayDocument>()),
        ("status", schema::<Status>()),
    ]
}

fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(tighten).transform(&mut schema);
    schema
}

/// Says what is certain of a document that mita writes: it has no other keys, and a key that may be absent is never null.
fn tighten(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    // Names of number types, which are none of JSON Schema's formats.
    if object.get("format").is_some_and(|format| !["date-time", "ip"].iter().any(|known| format == known)) {
        object.remove("format");
    }
    // The keys that all variants have in common are written into each.
    if object.contains_key("oneOf")
        && let (Some(Value::Object(properties)), Some(Value::Array(required))) =
            (object.remove("properties"), object.remove("required"))
    {
        object.remove("type");
        for variant in object.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(Value::Object(own)) = variant.get_mut("properties") {
                own.extend(properties.clone());
            }
            if let Some(Value::Array(own)) = variant.get_mut("required") {
                own.extend(required.clone());
            }
        }
    }
    let required = object.get("required").cloned().unwrap_or_default();
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    let optional = properties
        .iter_mut()
        .filter(|(key, _)| !required.as_array().is_some_and(|all| all.contains(&Value::from(key.as_str()))));
    optional.for_each(|(_, property)| without_null(property));
    object.insert("additionalProperties".to_owned(), false.into());
}

fn without_null(property: &mut Value) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            property["type"] = only.clone();
        }
    }
    if let Some(Value::Array(options)) = property.get_mut("anyOf") {
        options.retain(|option| option["type"] != "null");
        if let [only] = &options[..] {
            *property = only.clone();
        }
    }
}
