//! From a configuration to a provider.

use super::command::Program;
use super::failure::Failure;
use super::interface::{Access, Provider};
use super::openstack::OpenStack;
use crate::config::{Backend, ProviderConfig};

/// The provider of a configuration. Sends nothing yet. Fails if a file that the configuration names cannot be used.
pub fn open(config: &ProviderConfig, access: Access<'_>) -> Result<Box<dyn Provider>, Failure> {
    match &config.backend {
        Backend::OpenStack(backend) => Ok(Box::new(OpenStack::new(&config.name, backend, access)?)),
        Backend::Command(backend) => Ok(Box::new(Program::new(backend, access.deadline, access.network))),
    }
}
