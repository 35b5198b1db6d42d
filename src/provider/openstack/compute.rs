//! Nova: the servers of the project, its sizes and its limits (Compute API v2.1, no microversion asked for).

use crate::domain::installation::Controller;
use crate::domain::names::{MitaId, NodeTypeName, Owner, ServerId};
use crate::domain::world::{Launch, Lock, Lookup, Mark, Server, ServerState, Shown, Size};
use crate::http::{Method, encode_segment};
use crate::provider::console;
use crate::provider::openstack::catalogue::Service;
use crate::provider::openstack::errors::{Verb, says_no_server};
use crate::provider::openstack::pages::Pages;
use crate::provider::openstack::session::{Call, Session};
use crate::provider::openstack::wire;
use crate::provider::{Deletion, Failure, FailureKind};
use crate::secret::redact;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// More lines than are kept, since some are empty.
const CONSOLE_LINES: u32 = 50;

/// How long a server's console may take.
const CONSOLE_LIMIT: Duration = Duration::from_secs(3);

/// A size that servers can have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flavor {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) size: Size,
    /// The host's own disk, in GiB.
    pub(super) disk: u64,
    /// Whether an administrator took it out of use.
    pub(super) disabled: bool,
}

/// What the project may still have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Headroom {
    pub(super) instances: Option<u64>,
    pub(super) cores: Option<u64>,
    pub(super) ram_mib: Option<u64>,
}

/// All servers of the project. Filters of the API are no help: ordinary users' metadata filters are ignored without a word.
///
/// Nova leaves out what lies in a cell that does not answer, and says nothing of it. A server that is not listed is to be
/// looked up: its own address answers 500 then, not 404 (nova/compute/api.py, `_get_instance_from_cell`).
pub(super) fn servers(session: &Session) -> Result<Vec<Server>, Failure> {
    let task = session.task("list the servers", Verb::Read);
    let mut all: BTreeMap<String, Server> = BTreeMap::new();
    let mut pages = Pages::new("/servers/detail?limit=1000");
    while let Some(path) = pages.path() {
        let response = session.read(Service::Compute, path, &task)?;
        let page: wire::Servers = response.json("a page of servers").map_err(|error| task.broken(&error))?;
        let seen_before = all.len();
        let on_page = page.servers.len();
        for server in page.servers {
            all.insert(server.id.clone(), read_server(server));
        }
        let links = page.servers_links.unwrap_or_default();
        pages.advance(&links, on_page == 0 || all.len() > seen_before, all.len()).map_err(|why| {
            task.failure(FailureKind::Unavailable, &format!("{why}; the listing is not taken for whole"))
        })?;
    }
    Ok(all.into_values().collect())
}

/// One server, read afresh.
pub(super) fn server(session: &Session, id: &ServerId) -> Lookup<Server> {
    let doing = format!("read server {id}");
    let task = session.task(&doing, Verb::Read);
    let path = format!("/servers/{}", encode_segment(id.as_str()));
    let call = Call { method: Method::GET, service: Service::Compute, path, body: None, limit: None, since: None };
    let response = match session.send(&call, &task) {
        Ok(response) => response,
        Err(failure) => return Lookup::Unavailable(failure.message),
    };
    if says_no_server(&response) {
        return Lookup::Gone;
    }
    if !response.is_success() {
        return Lookup::Unavailable(task.refused(Service::Compute, &response).message);
    }
    match response.json::<wire::OneServer>("a server") {
        Ok(body) => Lookup::Found(read_server(body.server)),
        Err(error) => Lookup::Unavailable(task.broken(&error).message),
    }
}

/// The end of the console, where the hypervisor has one: Nova answers 404, 409 or 501 where there is none. It may take
/// some time to ask a compute host that does not answer, so the request has a short limit of its own.
pub(super) fn console_tail(session: &Session, id: &ServerId) -> Option<String> {
    let doing = format!("read the console of server {id}");
    let task = session.task(&doing, Verb::Read);
    let path = format!("/servers/{}/action", encode_segment(id.as_str()));
    let body = Some(serde_json::json!({"os-getConsoleOutput": {"length": CONSOLE_LINES}}));
    let call =
        Call { method: Method::POST, service: Service::Compute, path, body, limit: Some(CONSOLE_LIMIT), since: None };
    let none = |why: &str| {
        log::debug!("{why}; it is done without");
        None
    };
    match session.send(&call, &task) {
        Ok(response) if response.is_success() => match response.json::<wire::Console>("a console") {
            Ok(console) => console::tail(&console.output.unwrap_or_default()),
            Err(error) => none(&task.broken(&error).message),
        },
        Ok(response) => none(&task.refused(Service::Compute, &response).message),
        Err(failure) => none(&failure.message),
    }
}

/// Deletes one server. Nova answers before it is gone.
pub(super) fn delete(session: &Session, id: &ServerId) -> Result<Deletion, Failure> {
    let doing = format!("delete server {id}");
    let task = session.task(&doing, Verb::Delete);
    let path = format!("/servers/{}", encode_segment(id.as_str()));
    let response = session.send(
        &Call { method: Method::DELETE, service: Service::Compute, path, body: None, limit: None, since: None },
        &task,
    )?;
    if response.is_success() {
        Ok(Deletion::Accepted)
    } else if says_no_server(&response) {
        Ok(Deletion::AlreadyGone)
    } else {
        Err(task.refused(Service::Compute, &response))
    }
}

/// All sizes that the project may use.
pub(super) fn flavors(session: &Session) -> Result<Vec<Flavor>, Failure> {
    let task = session.task("list the sizes", Verb::Read);
    let mut all: BTreeMap<String, Flavor> = BTreeMap::new();
    let mut pages = Pages::new("/flavors/detail?limit=1000");
    while let Some(path) = pages.path() {
        let response = session.read(Service::Compute, path, &task)?;
        let page: wire::Flavors = response.json("a page of flavors").map_err(|error| task.broken(&error))?;
        let seen_before = all.len();
        let on_page = page.flavors.len();
        for flavor in page.flavors {
            let size = Size { cores: flavor.vcpus, ram_mib: flavor.ram };
            let wire::Flavor { id, name, disk, disabled, .. } = flavor;
            all.insert(id.clone(), Flavor { id, name, size, disk, disabled });
        }
        let links = page.flavors_links.unwrap_or_default();
        pages
            .advance(&links, on_page == 0 || all.len() > seen_before, all.len())
            .map_err(|why| task.failure(FailureKind::Unavailable, why))?;
    }
    Ok(all.into_values().collect())
}

/// The names of the user's key pairs.
pub(super) fn key_pairs(session: &Session) -> Result<Vec<String>, Failure> {
    let task = session.task("list the key pairs", Verb::Read);
    let response = session.read(Service::Compute, "/os-keypairs".to_owned(), &task)?;
    let body: wire::KeyPairs = response.json("a list of key pairs").map_err(|error| task.broken(&error))?;
    Ok(body.keypairs.into_iter().map(|entry| entry.keypair.name).collect())
}

/// The availability zones.
pub(super) fn zones(session: &Session) -> Result<Vec<wire::Zone>, Failure> {
    let task = session.task("list the availability zones", Verb::Read);
    let response = session.read(Service::Compute, "/os-availability-zone".to_owned(), &task)?;
    let body: wire::Zones = response.json("a list of availability zones").map_err(|error| task.broken(&error))?;
    Ok(body.zones)
}

/// What may still be used of the project's instances, cores and memory, with what others run there counted.
pub(super) fn headroom(session: &Session) -> Result<Headroom, Failure> {
    let limits = limits(session)?;
    Ok(Headroom {
        instances: left(limits.max_total_instances, limits.total_instances_used),
        cores: left(limits.max_total_cores, limits.total_cores_used),
        ram_mib: left(limits.max_total_ram_size, limits.total_ram_used),
    })
}

/// The limits of the project, and what everybody in it uses.
pub(super) fn limits(session: &Session) -> Result<wire::ComputeLimits, Failure> {
    let task = session.task("read the quota", Verb::Read);
    let response = session.read(Service::Compute, "/limits".to_owned(), &task)?;
    let body: wire::Limits<wire::ComputeLimits> =
        response.json("the limits of the project").map_err(|error| task.broken(&error))?;
    Ok(body.limits.absolute)
}

/// The rest of a limit; none where it is unlimited (-1) or not told.
pub(super) fn left(most: Option<i64>, used: Option<i64>) -> Option<u64> {
    let most = u64::try_from(most?).ok()?;
    Some(most.saturating_sub(u64::try_from(used.unwrap_or(0)).unwrap_or(0)))
}

fn read_server(server: wire::Server) -> Server {
    let shown = if server.metadata.is_some() { Shown::Whole } else { Shown::WithoutMetadata };
    let metadata = server.metadata.unwrap_or_default();
    let addresses = server.addresses.unwrap_or_default().into_values().flatten().flatten();
    Server {
        id: ServerId::from(server.id),
        name: server.name.unwrap_or_default(),
        mark: mark(&metadata),
        state: state(server.status, server.task_state.as_deref()),
        created: server.created.as_deref().and_then(timestamp),
        launch: match server.launched_at {
            None => Launch::Unknown,
            Some(None) => Launch::Never,
            Some(Some(_)) => Launch::Launched,
        },
        lock: match server.locked {
            None => Lock::Unknown,
            Some(false) => Lock::Open,
            Some(true) => Lock::Locked,
        },
        shown,
        addresses: addresses.filter_map(|address| address.addr?.parse().ok()).collect(),
        fault: server.fault.and_then(|fault| fault.message).and_then(|message| {
            let message = redact(message.trim()).into_owned();
            (!message.is_empty()).then_some(message)
        }),
    }
}

pub(super) fn mark(metadata: &BTreeMap<String, serde_json::Value>) -> Option<Mark> {
    let value = |key| metadata.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
    Some(Mark {
        owner: Owner::new(value("mita_owner")?).ok()?,
        controller: value("mita_controller").map(Controller::at),
        node_type: NodeTypeName::from(value("mita_node")?),
        id: MitaId::from(value("mita_id")?),
    })
}

/// The states of a server (Compute API guide, "Server concepts"). Nova shows `deleting` beside the state that was.
fn state(status: Option<String>, task: Option<&str>) -> ServerState {
    let status = status.unwrap_or_else(|| "UNKNOWN".to_owned());
    match (status.as_str(), task) {
        ("DELETED" | "SOFT_DELETED", _) => ServerState::Deleted,
        (_, Some("deleting" | "soft-deleting")) => ServerState::Deleting,
        ("BUILD", _) => ServerState::Building,
        ("ACTIVE", _) => ServerState::Active,
        ("ERROR", _) => ServerState::Error,
        ("SHUTOFF" | "SUSPENDED" | "PAUSED" | "SHELVED" | "SHELVED_OFFLOADED", _) => ServerState::Stopped(status),
        _ => ServerState::Other(status),
    }
}

/// A time of OpenStack's, which is UTC also where it does not say so.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn recorded(body: &str) -> Vec<Server> {
        serde_json::from_str::<wire::Servers>(body).unwrap().servers.into_iter().map(read_server).collect()
    }

    #[test]
    fn the_recorded_servers_are_read_with_mark_state_time_and_addresses() {
        let servers = recorded(include_str!("../../../tests/fixtures/openstack/servers.json"));
        let seen: Vec<_> = servers.iter().map(|server| (server.name.as_str(), &server.state)).collect();
        assert_eq!(
            seen,
            [
                ("broken", &ServerState::Error),
                ("with volume", &ServerState::Active),
                ("ubuntu-тест \"1\"", &ServerState::Active),
                ("plain", &ServerState::Active)
            ]
        );
        let ubuntu = &servers[2];
        let mark = Mark {
            owner: crate::domain::names::Owner::new("recorder").unwrap(),
            controller: None,
            node_type: "ubuntu".into(),
            id: "20261121T233012Z-1".into(),
        };
        assert_eq!(ubuntu.mark, Some(mark));
        assert_eq!(ubuntu.created, Some("2026-11-22T01:59:24Z".parse().unwrap()));
        let addresses: Vec<_> = ubuntu.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["192.168.1.102", "203.0.113.43"]);
        assert_eq!(servers[3].mark, None);
    }

    #[test]
    fn an_error_tells_its_fault_where_it_is_asked_for_by_id() {
        let body = include_str!("../../../tests/fixtures/openstack/server_error.json");
        let server = read_server(serde_json::from_str::<wire::OneServer>(body).unwrap().server);
        assert_eq!(server.fault.as_deref(), Some("No valid host was found."));
    }

    #[test]
    fn an_active_server_with_a_deletion_under_way_is_on_its_way_out() {
        let body = include_str!("../../../tests/fixtures/openstack/server_deleting.json");
        let server = read_server(serde_json::from_str::<wire::OneServer>(body).unwrap().server);
        assert_eq!(server.state, ServerState::Deleting);
    }

    #[test]
    fn every_status_has_its_state() {
        let of = |status: &str, task| state(Some(status.to_owned()), task);
        assert_eq!(of("BUILD", Some("spawning")), ServerState::Building);
        assert_eq!(of("ERROR", Some("soft-deleting")), ServerState::Deleting);
        assert_eq!(of("SOFT_DELETED", None), ServerState::Deleted);
        assert_eq!(of("DELETED", Some("deleting")), ServerState::Deleted);
        for stopped in ["SHUTOFF", "SUSPENDED", "PAUSED", "SHELVED", "SHELVED_OFFLOADED"] {
            assert_eq!(of(stopped, None), ServerState::Stopped(stopped.to_owned()));
        }
        for other in ["REBOOT", "UNKNOWN", "VERIFY_RESIZE", "NEVER_HEARD_OF"] {
            assert_eq!(of(other, None), ServerState::Other(other.to_owned()));
        }
        assert_eq!(state(None, None), ServerState::Other("UNKNOWN".to_owned()));
    }

    #[test]
    fn a_server_of_which_little_is_told_is_a_server_all_the_same() {
        let servers = recorded(
            r#"{"servers":[{"id":"a"},{"id":"b","name":null,"status":null,"metadata":null,"created":"?","fault":null,
                "addresses":{"n":null,"m":[{"addr":null},{"addr":"fe80::1"},{"addr":"not one"}]}},
                {"id":"c","metadata":{"mita_owner":"o","mita_node":"n","mita_id":""},"created":"2026-11-22T01:59:24"}]}"#,
        );
        assert_eq!(servers[0].state, ServerState::Other("UNKNOWN".to_owned()));
        assert_eq!(servers[1].addresses, BTreeSet::from(["fe80::1".parse().unwrap()]));
        assert_eq!((servers[1].created, &servers[1].fault), (None, &None));
        assert_eq!(servers[2].mark, None, "an empty id is no whole mark");
        assert_eq!(servers[2].created, Some("2026-11-22T01:59:24Z".parse().unwrap()));
    }

    #[test]
    fn the_rest_of_a_limit_is_never_negative_and_unlimited_is_none() {
        assert_eq!(left(Some(20), Some(3)), Some(17));
        assert_eq!(left(Some(2), Some(3)), Some(0));
        assert_eq!(left(Some(20), None), Some(20));
        assert_eq!(left(Some(-1), Some(3)), None);
        assert_eq!(left(None, Some(3)), None);
    }
}
