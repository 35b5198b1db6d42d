//! How a booted server becomes a node of Jenkins: the part that cloud-init and
//! a registering service play in a real installation.

use std::time::Duration;

use crate::jenkins::nodes::{Mode, SLAVE_CLASS};
use crate::openstack::Server;

/// What a server does once it is ACTIVE.
#[derive(Debug, Clone)]
pub struct JoinRule {
    /// How long after ACTIVE the agent registers.
    pub after: Duration,
    /// The node's name, with `{server}` (the server's name), `{node}` (its `mita_node`), `{ip}`, `{ip6}`
    /// (written with dashes), `{floating}`, `{id}` and `{mita_id}`.
    pub name: String,
    /// The label string.
    pub labels: String,
    /// How many executors.
    pub executors: usize,
    /// Whether the agent also connects; otherwise its node is listed and never online.
    pub connects: bool,
    /// Which jobs it takes.
    pub mode: Mode,
    /// The `_class` of its computer.
    pub class: String,
    /// When a node that somebody deleted registers again, while its server lives.
    pub rejoins: Option<Duration>,
    /// Whether it registers where a node was made for the server over the API as well.
    pub beside_made: bool,
}

impl JoinRule {
    /// `NAME+IP` with these labels and one executor, so long after ACTIVE.
    pub fn base_plus_ip(after: Duration, labels: &str) -> Self {
        JoinRule {
            after,
            name: "{server}+{ip}".into(),
            labels: labels.to_string(),
            executors: 1,
            connects: true,
            mode: Mode::Normal,
            class: SLAVE_CLASS.into(),
            rejoins: None,
            beside_made: true,
        }
    }

    /// The same rule with another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_string();
        self
    }

    /// The same rule with so many executors.
    #[must_use]
    pub fn executors(mut self, executors: usize) -> Self {
        self.executors = executors;
        self
    }

    /// The same rule in another mode.
    #[must_use]
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// The node is registered and its agent never connects.
    #[must_use]
    pub fn never_connects(mut self) -> Self {
        self.connects = false;
        self
    }

    /// A deleted node registers again after this time.
    #[must_use]
    pub fn rejoins(mut self, after: Duration) -> Self {
        self.rejoins = Some(after);
        self
    }

    /// It registers no second node for a server that has one, as a boot script that starts only one agent.
    #[must_use]
    pub fn unless_made(mut self) -> Self {
        self.beside_made = false;
        self
    }

    /// The name of the node of this server.
    pub(crate) fn node_name(&self, server: &Server, floating: Option<&str>) -> String {
        let address = |version: u8| {
            let found = server.addresses.iter().find(|a| a.version == version);
            found.map_or(String::new(), |a| a.addr.replace(':', "-"))
        };
        let metadata = |key: &str| server.metadata.get(key).cloned().unwrap_or_default();
        self.name
            .replace("{server}", &server.name)
            .replace("{node}", &metadata("mita_node"))
            .replace("{ip}", &address(4))
            .replace("{ip6}", &address(6))
            .replace("{floating}", floating.unwrap_or_default())
            .replace("{id}", &server.id)
            .replace("{mita_id}", &metadata("mita_id"))
    }
}
