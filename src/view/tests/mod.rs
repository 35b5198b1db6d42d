//! What users read, whole: documents that conform to their schemas, texts to the letter.

mod at_hand;
mod counts;
mod documents;
mod failures;
mod orders;
mod page;
mod replays;
pub(crate) mod samples;
pub(crate) mod scene;
pub(crate) mod schema;
mod texts;
