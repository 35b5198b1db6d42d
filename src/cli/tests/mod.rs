//! What users read, whole: documents held to their schemas, texts held to the letter.

mod config_schema;
mod documents;
mod failures;
mod online;
mod replays;
mod scene;
mod schema;
mod texts;
