//! The provider's operations, each a call of the program.

use super::call::{call, name};
use super::contract::{
    CheckAnswer, CheckRequest, CreateAnswer, CreateRequest, DeleteAnswer, DeleteRequest, Limit, ListAnswer,
    ListRequest, Machine, ShowAnswer, ShowRequest, State, VERSION, Verb, Wanted,
};
use super::process::time_until;
use crate::config::{CommandConfig, FlavorChoice, NodeType};
use crate::domain::names::{NodeTypeName, ServerId};
use crate::domain::small_set::SmallSet;
use crate::domain::world;
use crate::domain::world::{Launch, Lock, Lookup, Quota, QuotaUse, Server, ServerState, Shown};
use crate::http::Network;
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::findings::{Image, Inspection, Inventory, QuotaUsage, Size, Survey};
use crate::provider::interface::Provider;
use crate::provider::order::{Deletion, Order};
use crate::provider::{console, mark};
use crate::secret::redact_answer;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A program that manages servers.
pub(crate) struct Program {
    pub(super) config: CommandConfig,
    deadline: Instant,
    network: Network,
    calls: AtomicU64,
    failed: AtomicU64,
}

impl Program {
    /// Starts nothing yet.
    pub(crate) fn new(config: &CommandConfig, deadline: Instant, network: &Network) -> Self {
        let (config, network) = (config.clone(), network.clone());
        Self { config, deadline, network, calls: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    fn call<A: DeserializeOwned>(&self, verb: Verb, request: &impl Serialize) -> Result<A, Failure> {
        let left = time_until(self.network.reads_end().unwrap_or(self.deadline).min(self.deadline));
        if left.is_zero() {
            let message = format!("{}: not started: the time for it has passed", name(&self.config, verb));
            return Err(Failure::new(FailureKind::Unavailable, message));
        }
        let time = Duration::try_from(self.config.timeout).unwrap_or_default().min(left);
        self.calls.fetch_add(1, Ordering::Relaxed);
        call(&self.config, verb, request, time).inspect_err(|failure: &Failure| {
            log::debug!("{failure}");
            self.failed.fetch_add(1, Ordering::Relaxed);
        })
    }

    /// An answer of the right form that says what cannot be.
    fn unusable(&self, verb: Verb, text: &str) -> Failure {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let message = format!("{}: {text}; the contract is in examples/backend.md", name(&self.config, verb));
        Failure::new(FailureKind::UnknownOutcome, message)
    }

    fn check(&self, types: &[&NodeType]) -> Result<CheckAnswer, Failure> {
        let wanted = |kind: &&'_ NodeType| -> (String, (String, String)) {
            let (image, size) = named(kind);
            (kind.name.to_string(), (image.to_owned(), size.to_owned()))
        };
        let wanted: BTreeMap<String, (String, String)> = types.iter().map(wanted).collect();
        let node_types = wanted.iter().map(|(name, (image, size))| (name.as_str(), Wanted { image, size })).collect();
        self.call(Verb::Check, &CheckRequest { version: VERSION, node_types })
    }

    fn show(&self, id: &ServerId, console: bool) -> Result<ShowAnswer, Failure> {
        let answer: ShowAnswer = self.call(Verb::Show, &ShowRequest { version: VERSION, id: id.as_str(), console })?;
        match &answer.server.0 {
            Some(server) if server.id != id.as_str() => {
                let text = format!("it was asked for server {id} and answers with server {}", server.id);
                Err(self.unusable(Verb::Show, &text))
            }
            _ => Ok(answer),
        }
    }
}

impl Provider for Program {
    fn servers(&self) -> Result<Vec<Server>, Failure> {
        let answer: ListAnswer = self.call(Verb::List, &ListRequest { version: VERSION })?;
        let mut ids = BTreeSet::new();
        match answer.servers.iter().find(|server| server.id.is_empty() || !ids.insert(&server.id)) {
            Some(server) => Err(self.unusable(Verb::List, &format!("it lists the server id {:?} twice", server.id))),
            None => Ok(answer.servers.into_iter().map(read).collect()),
        }
    }

    fn server(&self, id: &ServerId) -> Lookup<Server> {
        match self.show(id, false).map(|answer| answer.server.0) {
            Ok(Some(server)) => Lookup::Found(read(server)),
            Ok(None) => Lookup::Gone,
            Err(failure) => Lookup::Unavailable(failure.message),
        }
    }

    fn survey(&self, types: &[&NodeType]) -> Survey {
        let answer = match self.check(types) {
            Ok(answer) => answer,
            Err(failure) => return Survey { problems: vec![failure.message], ..Survey::default() },
        };
        let left = |limit: Option<Limit>| limit.map(|Limit { limit, used }| limit.saturating_sub(used));
        let mut quota = Quota {
            instances: left(answer.quota.servers),
            cores: left(answer.quota.cores),
            ram_mib: left(answer.quota.ram_mib),
            usage: [
                ("instances", answer.quota.servers),
                ("cores", answer.quota.cores),
                ("ram_mib", answer.quota.ram_mib),
            ]
            .into_iter()
            .filter_map(|(part, limit)| {
                limit.map(|Limit { limit, used }| (part.to_owned(), QuotaUse { used, limit: Some(limit) }))
            })
            .collect(),
            ..Quota::default()
        };
        let mut unfit = BTreeMap::new();
        for (name, checked) in answer.node_types {
            let name = NodeTypeName::from(name);
            if let Some(problem) = checked.problem {
                let message = format!("{}: {}", super::call::name(&self.config, Verb::Check), redact_answer(&problem));
                unfit.insert(name, Failure::new(FailureKind::Wrong, message));
            } else if let (Some(cores), Some(ram_mib)) = (checked.cores, checked.ram_mib) {
                quota.sizes.insert(name, world::Size { cores, ram_mib });
            }
        }
        Survey { quota: Some(quota), problems: Vec::new(), unfit }
    }

    fn inspect(&self, orders: &[Order<'_>], _now: Timestamp) -> Inspection {
        let types: Vec<&NodeType> = orders.iter().map(|order| order.node_type).collect();
        let answer = match self.check(&types) {
            Ok(answer) => answer,
            Err(failure) => return Inspection { unread: vec![failure.message], ..Inspection::default() },
        };
        let quotas = answer.quota;
        let quotas = [("servers", quotas.servers), ("cores", quotas.cores), ("MiB of RAM", quotas.ram_mib)];
        let usage = |(what, limit): (&'static str, Option<Limit>)| {
            limit.map(|Limit { limit, used }| QuotaUsage { what, used, limit: Some(limit) })
        };
        Inspection {
            // The survey reports what is wrong with a node type.
            unfit: BTreeMap::new(),
            hints: answer.hints.iter().map(|hint| redact_answer(hint).into_owned()).collect(),
            unread: Vec::new(),
            quota: quotas.into_iter().filter_map(usage).collect(),
        }
    }

    fn inventory(&self) -> Inventory {
        match self.check(&[]) {
            Ok(answer) => Inventory {
                images: answer
                    .images
                    .into_iter()
                    .map(|name| Image { id: name.clone(), name, min_ram_mib: 0, min_disk_gb: 0 })
                    .collect(),
                sizes: answer
                    .sizes
                    .into_iter()
                    .map(|size| Size {
                        id: size.name.clone(),
                        name: size.name,
                        cores: size.cores,
                        ram_mib: size.ram_mib,
                        disk_gb: 0,
                    })
                    .collect(),
                ..Inventory::default()
            },
            Err(failure) => Inventory { problems: vec![failure.message], ..Inventory::default() },
        }
    }

    fn clock_ahead(&self, _now: Timestamp, _then: Instant) -> Option<SignedDuration> {
        None
    }

    fn console_tail(&self, id: &ServerId) -> Option<String> {
        // A console that cannot be read changes nothing.
        self.show(id, true).ok()?.console.and_then(|text| console::tail(&text))
    }

    fn create(&self, order: &Order<'_>) -> Result<ServerId, Failure> {
        let (image, size) = named(order.node_type);
        let request = CreateRequest {
            version: VERSION,
            mita_id: order.id.as_str(),
            name: order.name,
            image,
            size,
            metadata: mark::metadata(order),
            user_data: &order.user_data,
        };
        let answer: CreateAnswer = self.call(Verb::Create, &request)?;
        let server = read(answer.server);
        match &server.mark {
            Some(mark) if mark.id == *order.id && !server.id.as_str().is_empty() => Ok(server.id),
            _ => {
                let text = format!("it was asked for a server with mita_id {} and answers with another", order.id);
                Err(self.unusable(Verb::Create, &text))
            }
        }
    }

    fn delete(&self, id: &ServerId) -> Result<Deletion, Failure> {
        let request = DeleteRequest { version: VERSION, id: id.as_str() };
        let answer: DeleteAnswer = self.call(Verb::Delete, &request)?;
        Ok(if answer.existed { Deletion::Accepted } else { Deletion::AlreadyGone })
    }

    fn requests_sent(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn requests_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

/// Image and size of a node type, each empty if it has none.
fn named(kind: &NodeType) -> (&str, &str) {
    let size = match &kind.size {
        FlavorChoice::Named(size) => size.as_str(),
        // The configuration refuses it for this type of provider.
        FlavorChoice::AtLeast { .. } => "",
    };
    (&kind.image_name, size)
}

fn read(server: Machine) -> Server {
    Server {
        mark: mark::read(&server.metadata),
        id: ServerId::from(server.id),
        name: server.name,
        state: match server.state {
            State::Building => ServerState::Building,
            State::Active => ServerState::Active,
            State::Error => ServerState::Error,
            State::Stopped => ServerState::Stopped("stopped".to_owned()),
            State::Deleting => ServerState::Deleting,
        },
        created: server.created,
        launch: match server.launched {
            None => Launch::Unknown,
            Some(false) => Launch::Never,
            Some(true) => Launch::Launched,
        },
        lock: match server.locked {
            None => Lock::Unknown,
            Some(false) => Lock::Open,
            Some(true) => Lock::Locked,
        },
        shown: Shown::Whole,
        addresses: server.addresses.into_iter().collect(),
        fault: server.fault.map(|fault| redact_answer(fault.trim()).into_owned()).filter(|fault| !fault.is_empty()),
        volumes: None,
        kept_volumes: SmallSet::default(),
    }
}
