//! What an operator wants: the configuration, checked and complete.
//!
//! [`types`] is what the rest of the program sees. The others turn a TOML file, the files that it names and the
//! environment into it, or into a list of everything that is wrong. Nothing here talks to a service: whether an
//! image exists, only the cloud knows.

mod budget;
mod draft;
mod file;
mod jenkins;
mod keys;
mod load;
mod nodes;
mod provider;
mod proxy;
mod schema;
mod secrets;
mod targets;
mod times;
mod tls;
mod types;
mod url;

#[cfg(test)]
mod tests;

pub use draft::{check_labels, check_node_type_name, jenkins_of, nearest_name, oddity, provider_of, root_url};
pub(crate) use file::of_process;
pub use file::{ConfigErrors, FileIdentity, NotFound, UsedFile, locate, person};
pub use load::Loaded;
pub use provider::{available_clouds, clouds_file_of_this_folder, named_clouds_file, regions_of_cloud};
pub use schema::{Entry, Manual, manual, schema};
pub use types::*;
