//! The commands against a small farm behind real HTTP, and the schema of the configuration.

mod commands;
mod config_schema;
mod odd_clouds;
mod online;
