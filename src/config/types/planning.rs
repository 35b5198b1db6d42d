//! The part of the configuration that the planner uses: limits, names, labels and times.
//!
//! It can be saved and shared, since it contains no credentials, no addresses of clouds and no scripts. A configuration
//! made from it gives the same plans as the original, and can do nothing else.

use super::budget::Budget;
use super::config::{Backend, Config, JenkinsConfig, ProviderConfig};
use super::fingerprint;
use super::forecast::{AutoGrace, Forecast};
use super::min_idle::MinIdle;
use super::node_type::{Boot, BootVolume, FlavorChoice, NodeType};
use super::openstack::{Auth, Connection, Interface, OpenStackConfig};
use super::registration::{NodeSettings, Registration, SshLauncher, Transport};
use super::times::Times;
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{NodeTypeName, Owner, ProviderName};
use crate::secret::Secret;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The part of a configuration that the planner uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planning {
    owner: Owner,
    #[serde(default)]
    controller: Controller,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_controllers: Vec<Controller>,
    max_servers: u32,
    times: Times,
    providers: Vec<ProviderPart>,
    node_types: Vec<NodeTypePart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ProviderPart {
    name: ProviderName,
    max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    billing: Option<SignedDuration>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NodeTypePart {
    name: NodeTypeName,
    providers: Vec<ProviderName>,
    labels: BTreeSet<String>,
    storage: Option<u32>,
    #[serde(default)]
    boot_volume: Option<BootVolume>,
    #[serde(default)]
    floating_ip_pool: Option<String>,
    executors: u32,
    max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
    min_idle: MinIdle,
    #[serde(default, skip_serializing_if = "Forecast::is_off")]
    forecast: Forecast,
    #[serde(default)]
    single_use: bool,
    unlabelled: bool,
    server_name: String,
    #[serde(default, skip_serializing_if = "Registrar::is_elsewhere")]
    register: Registrar,
    times: Times,
}

/// Who creates the nodes, without their settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Registrar {
    #[default]
    #[serde(rename = "none")]
    Elsewhere,
    Ssh,
    Inbound,
}

impl Registrar {
    fn is_elsewhere(&self) -> bool {
        *self == Registrar::Elsewhere
    }
}

impl Planning {
    /// The planner's part of a configuration.
    pub fn of(config: &Config) -> Self {
        let Config {
            path: _,
            files: _,
            fingerprint: _,
            state_file: _,
            metrics_file: _,
            html_file: _,
            owner: _,
            deadline: _,
            max_servers,
            concurrency: _,
            journal_days: _,
            jenkins: _,
            providers,
            node_types,
            times,
        } = config;
        let Installation { owner, controller, former } = config.installation();
        let provider = |provider: &ProviderConfig| {
            let ProviderConfig { name, max, budget, dashboard_url: _, billing, backend: _ } = provider;
            ProviderPart { name: name.clone(), max: *max, budget: budget.clone(), billing: *billing }
        };
        Planning {
            owner,
            controller,
            former_controllers: former,
            max_servers: *max_servers,
            times: *times,
            providers: providers.iter().map(provider).collect(),
            node_types: node_types.iter().map(NodeTypePart::of).collect(),
        }
    }

    /// Whether a configuration can have these numbers. A damaged or invented record is not planned with.
    pub fn is_valid(&self) -> bool {
        let in_bounds = |times: &Times| {
            let Times { stuck_after, idle_grace, boot_timeout, join_timeout, order_timeout, max_age } = times;
            let all = [stuck_after, idle_grace, boot_timeout, join_timeout, order_timeout];
            all.into_iter().chain(max_age).all(|time| !time.is_negative() && *time <= Times::LONGEST)
        };
        let may_last = |time: SignedDuration| !time.is_negative() && time <= Times::LONGEST;
        let is_forecast = |Forecast { spare, auto, ahead: _ }: &Forecast| {
            let is_auto = |auto: &AutoGrace| auto.wait_cost <= AutoGrace::MOST_WAIT_COST && may_last(auto.at_first);
            *spare <= Forecast::MOST_SPARE && auto.as_ref().is_none_or(is_auto)
        };
        let is_node_type = |kind: &NodeTypePart| {
            in_bounds(&kind.times) && kind.executors <= NodeType::MOST_EXECUTORS && is_forecast(&kind.forecast)
        };
        let is_budget = |budget: &Option<Budget>| {
            budget.as_ref().is_none_or(|budget| (1..=Budget::MOST_HOURS).contains(&budget.hours))
        };
        let is_billed = |part: &ProviderPart| part.billing.is_none_or(|time| may_last(time) && !time.is_zero());
        let mut budgets =
            self.node_types.iter().map(|kind| &kind.budget).chain(self.providers.iter().map(|part| &part.budget));
        in_bounds(&self.times)
            && self.node_types.iter().all(is_node_type)
            && self.providers.iter().all(is_billed)
            && budgets.all(is_budget)
    }

    /// A configuration to plan with. It leads to no service and has a fingerprint of its own.
    pub fn config(&self) -> Config {
        let Planning { owner, controller, former_controllers, max_servers, times, providers, node_types } = self;
        let nowhere = || OpenStackConfig {
            auth_url: String::new(),
            auth: Auth::V2Password { user: String::new(), password: Secret::new(""), tenant: None },
            region: None,
            interface: Interface::Public,
            cacert: None,
            connection: Connection::default(),
        };
        let provider = |part: &ProviderPart| ProviderConfig {
            name: part.name.clone(),
            max: part.max,
            budget: part.budget.clone(),
            dashboard_url: None,
            billing: part.billing,
            backend: Backend::OpenStack(Box::new(nowhere())),
        };
        let mut config = Config {
            path: PathBuf::new(),
            files: Vec::new(),
            fingerprint: String::new(),
            state_file: PathBuf::new(),
            metrics_file: None,
            html_file: None,
            owner: owner.clone(),
            deadline: SignedDuration::ZERO,
            max_servers: *max_servers,
            concurrency: 1,
            journal_days: 0,
            jenkins: JenkinsConfig {
                url: controller.to_string(),
                former_urls: former_controllers.iter().map(Controller::to_string).collect(),
                user: String::new(),
                token: Secret::new(""),
                cacert: None,
                proxy: None,
            },
            providers: providers.iter().map(provider).collect(),
            node_types: node_types.iter().map(NodeTypePart::node_type).collect(),
            times: *times,
        };
        config.fingerprint = fingerprint::of(&config);
        config
    }
}

impl NodeTypePart {
    fn of(kind: &NodeType) -> Self {
        let NodeType {
            name,
            providers,
            image_name: _,
            size: _,
            keyname: _,
            labels,
            storage,
            executors,
            max,
            budget,
            min_idle,
            forecast,
            single_use,
            unlabelled,
            networks: _,
            security_groups: _,
            availability_zone: _,
            config_drive: _,
            metadata: _,
            boot,
            server_name,
            script: _,
            registration,
            times,
        } = kind;
        NodeTypePart {
            name: name.clone(),
            providers: providers.clone(),
            labels: labels.clone(),
            storage: *storage,
            boot_volume: boot.volume.clone(),
            floating_ip_pool: boot.floating_ip_pool.clone(),
            executors: *executors,
            max: *max,
            budget: budget.clone(),
            min_idle: min_idle.clone(),
            forecast: *forecast,
            single_use: *single_use,
            unlabelled: *unlabelled,
            server_name: server_name.clone(),
            register: match registration {
                Registration::Elsewhere => Registrar::Elsewhere,
                Registration::Ssh(..) => Registrar::Ssh,
                Registration::Inbound(..) => Registrar::Inbound,
            },
            times: *times,
        }
    }

    fn node_type(&self) -> NodeType {
        let NodeTypePart {
            name,
            providers,
            labels,
            storage,
            boot_volume,
            floating_ip_pool,
            executors,
            max,
            budget,
            min_idle,
            forecast,
            single_use,
            unlabelled,
            server_name,
            register,
            times,
        } = self.clone();
        NodeType {
            name,
            providers,
            image_name: String::new(),
            size: FlavorChoice::Named(String::new()),
            keyname: None,
            labels,
            storage,
            executors,
            max,
            budget,
            min_idle,
            forecast,
            single_use,
            unlabelled,
            networks: Vec::new(),
            security_groups: Vec::new(),
            availability_zone: None,
            config_drive: false,
            metadata: BTreeMap::new(),
            boot: Boot { volume: boot_volume, floating_ip_pool, ..Boot::default() },
            server_name,
            script: String::new(),
            registration: match register {
                Registrar::Elsewhere => Registration::Elsewhere,
                Registrar::Ssh => Registration::Ssh(NodeSettings::default(), SshLauncher::default()),
                Registrar::Inbound => Registration::Inbound(NodeSettings::default(), Transport::default()),
            },
            times,
        }
    }
}
