//! What a configuration says, checked and complete.

mod budget;
mod command;
mod config;
mod fingerprint;
mod forecast;
pub(crate) mod min_idle;
mod node_type;
mod openstack;
mod planning;
mod registration;
mod times;

pub use budget::{Budget, BudgetUse, Period};
pub use command::{CommandConfig, Variable};
pub use config::{Backend, Config, JenkinsConfig, ProviderConfig};
pub(crate) use fingerprint::of as fingerprint_of;
pub use forecast::{Ahead, AutoGrace, Forecast};
pub use min_idle::{MinIdle, Window, ZoneName};
pub use node_type::{Boot, BootVolume, FlavorChoice, Hint, NodeType};
pub use openstack::{
    Auth, ClientCertificate, Connection, CredentialId, Domain, Endpoints, Identified, Interface, OpenStackConfig,
};
pub use planning::Planning;
pub use registration::{HostKeyVerification, NodeSettings, Registration, SshLauncher, Transport, Usage};
pub use times::Times;
