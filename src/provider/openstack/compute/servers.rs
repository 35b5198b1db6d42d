//! Nova: servers (Compute API v2.1).

use crate::domain::names::{ServerId, VolumeId};
use crate::domain::small_set::SmallSet;
use crate::domain::world::{Launch, Lock, Lookup, Server, ServerState, Shown};
use crate::http::lenient::{Field, Lenient, Name, object};
use crate::http::{Method, encode_segment};
use crate::provider::console;
use crate::provider::failure::Failure;
use crate::provider::mark::Metadata;
use crate::provider::openstack::api::{Call, Effect, Entry, Service, Session, lookup, says_no_server, timestamp};
use crate::provider::order::Deletion;
use crate::secret::redact_answer;
use jiff::Timestamp;
use serde::de::{Error, IgnoredAny, MapAccess};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use std::net::IpAddr;
use std::time::Duration;

/// How many lines of a console mita asks for: more than it keeps, since some are empty.
const CONSOLE_LINES: u32 = 50;

/// How long reading a console may take.
const CONSOLE_TIMEOUT: Duration = Duration::from_secs(3);

/// All servers of the project. The API's filters do not help: it silently ignores metadata filters of ordinary users.
///
/// Nova leaves out, without saying so, the servers of a cell that does not answer. So a server that is not listed has to
/// be looked up: its own address answers 500 then, not 404 (nova/compute/api.py, `_get_instance_from_cell`).
pub(crate) fn servers(session: &Session) -> Result<Vec<Server>, Failure> {
    let operation = session.operation("list the servers", Effect::Read);
    let path = "/servers/detail?limit=1000";
    session.list_of::<Field<Listed>>(Service::Compute, path, "servers", |server| server.id.as_str(), &operation)
}

object!(
    /// What Nova writes of a server, as far as mita reads it.
    Shape {
        "id" => id: Name,
        "name" => name: Name,
        "status" => status: Name,
        "OS-EXT-STS:task_state" => task: Name,
        "metadata" => metadata: Metadata,
        "created" => created: Created,
        "OS-SRV-USG:launched_at" => launch: Launch,
        "addresses" => addresses: Addresses,
        "fault" => fault: Fault,
        "locked" => lock: Lock,
        "os-extended-volumes:volumes_attached" => volumes: Option<Vec<Attached>>,
    }
);

/// A server, or nothing if it has no id: read as soon as it was parsed, since what Nova writes of it takes more memory.
#[derive(Default)]
struct Listed(Option<Server>);

impl Lenient for Listed {
    fn object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        Ok(Self(Shape::object(object)?.server()))
    }
}

impl Entry for Field<Listed> {
    type Of = Server;

    fn read(self) -> Option<Server> {
        self.0.0
    }
}

/// The answer about one server, which is useless without its id.
struct One(Server);

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(server: D) -> Result<Self, D::Error> {
        let Field(Listed(server)) = Field::deserialize(server)?;
        server.map(Self).ok_or_else(|| D::Error::missing_field("id"))
    }
}

#[derive(Default)]
struct Created(Option<Timestamp>);

impl Lenient for Created {
    fn text(text: &str) -> Self {
        Self(timestamp(text))
    }
}

/// Null until the hypervisor has started the server (nova/compute/manager.py, `_build_and_run_instance`).
impl Lenient for Launch {
    fn null() -> Self {
        Launch::Never
    }

    fn text(_: &str) -> Self {
        Launch::Launched
    }
}

/// Since microversion 2.9.
impl Lenient for Lock {
    fn flag(locked: bool) -> Self {
        if locked { Lock::Locked } else { Lock::Open }
    }
}

/// The addresses in all networks.
#[derive(Default)]
struct Addresses(Vec<IpAddr>);

impl Lenient for Addresses {
    fn object<'de, A: MapAccess<'de>>(mut networks: A) -> Result<Self, A::Error> {
        let mut all = Vec::new();
        while let Some((IgnoredAny, Field(of_network))) =
            networks.next_entry::<IgnoredAny, Field<Option<Vec<Address>>>>()?
        {
            all.extend(of_network.into_iter().flatten().filter_map(|address| address.addr.0));
        }
        Ok(Self(all))
    }
}

object!(Address {
    "addr" => addr: Ip,
});

#[derive(Default)]
struct Ip(Option<IpAddr>);

impl Lenient for Ip {
    fn text(text: &str) -> Self {
        Self(text.parse().ok())
    }
}

object!(Fault {
    "message" => message: Option<String>,
});

object!(
    /// A volume of a server. Since microversion 2.3 it says whether Nova deletes it with the server: not one that was there
    /// before, nor one that a person attached, who did not ask for that.
    Attached {
        "id" => id: Name,
        "delete_on_termination" => goes_with_server: Option<bool>,
    }
);

/// The volumes that go with the server, where the answer tells of each one, and those that stay.
fn volumes(attached: Vec<Attached>) -> (Option<SmallSet<VolumeId>>, SmallSet<VolumeId>) {
    let told = attached.into_iter().map(|volume| Some((VolumeId::from(volume.id.0?), volume.goes_with_server?)));
    let Some(told) = told.collect::<Option<Vec<_>>>() else { return (None, SmallSet::default()) };
    let those = |goes: bool| told.iter().filter(move |told| told.1 == goes).map(|(id, _)| id.clone()).collect();
    (Some(those(true)), those(false))
}

/// One server as it is now.
pub(crate) fn server(session: &Session, id: &ServerId) -> Lookup<Server> {
    let description = format!("read server {id}");
    let operation = session.operation(&description, Effect::Read);
    lookup(session.look_up(Service::Compute, path(id), "/server", says_no_server, &operation), |One(server)| server)
}

/// The end of the console; `None` if the hypervisor has none: Nova answers 404, 409 or 501 then. A compute host that does
/// not answer can take long, so the request has a timeout of its own.
pub(crate) fn console_tail(session: &Session, id: &ServerId) -> Option<String> {
    let description = format!("read the console of server {id}");
    let operation = session.operation(&description, Effect::Read);
    let call = Call {
        body: Some(json!({"os-getConsoleOutput": {"length": CONSOLE_LINES}})),
        timeout: Some(CONSOLE_TIMEOUT),
        ..Call::new(Method::POST, Service::Compute, format!("{}/action", path(id)))
    };
    let output = session.send(&call, &operation).and_then(|response| match response.is_success() {
        true => {
            let body = response.json_body("a console");
            let output = body.and_then(|body| body.take::<Option<String>>("/output"));
            output.map_err(|error| operation.unusable(&error))
        }
        false => Err(operation.refused(Service::Compute, &response)),
    });
    match output {
        Ok(output) => console::tail(&output.unwrap_or_default()),
        Err(failure) => {
            log::debug!("{failure}; mita goes on without it");
            None
        }
    }
}

/// Deletes one server. Nova answers before it is gone.
pub(crate) fn delete(session: &Session, id: &ServerId) -> Result<Deletion, Failure> {
    let description = format!("delete server {id}");
    let operation = session.operation(&description, Effect::Delete);
    session.delete(Service::Compute, path(id), says_no_server, &operation)
}

/// Which access rules an application credential lacks for the removal of a server: to read it, and to delete it.
pub(crate) fn missing_for_removal(session: &Session) -> Result<Vec<String>, Failure> {
    let any = path(&ServerId::from("00000000-0000-0000-0000-000000000000"));
    let methods = [Method::GET, Method::DELETE];
    let missing = methods.iter().map(|method| session.forbidden(Service::Compute, method, &any));
    missing.filter_map(Result::transpose).collect()
}

/// The same where it is certain. A service that answers under another path than its URL reads the rules in another way: then
/// they seem to forbid the list of servers, too, which every run reads.
pub(crate) fn forbidden_removal(session: &Session) -> Result<Vec<String>, Failure> {
    match session.forbidden(Service::Compute, &Method::GET, "/servers/detail")? {
        Some(_) => Ok(Vec::new()),
        None => missing_for_removal(session),
    }
}

fn path(id: &ServerId) -> String {
    format!("/servers/{}", encode_segment(id.as_str()))
}

impl Shape {
    fn server(self) -> Option<Server> {
        let (volumes, kept_volumes) = self.volumes.map(volumes).unwrap_or_default();
        Some(Server {
            id: ServerId::from(self.id.0?),
            name: self.name.0.unwrap_or_default(),
            mark: self.metadata.mark,
            state: state(self.status.0, self.task.0.as_deref()),
            created: self.created.0,
            launch: self.launch,
            lock: self.lock,
            shown: if self.metadata.are_there { Shown::Whole } else { Shown::WithoutMetadata },
            addresses: self.addresses.0.into_iter().collect(),
            fault: self.fault.message.and_then(|message| {
                let message = redact_answer(message.trim()).into_owned();
                (!message.is_empty()).then_some(message)
            }),
            volumes,
            kept_volumes,
        })
    }
}

const MAKES_IMAGE: [&str; 8] = [
    "image_snapshot",
    "image_snapshot_pending",
    "image_pending_upload",
    "image_uploading",
    "image_backup",
    "shelving",
    "shelving_image_pending_upload",
    "shelving_image_uploading",
];

/// The state of a server (Compute API guide, "Server concepts"). A server that is being deleted, or of which somebody makes an
/// image, keeps its status; only its task shows that (nova/compute/task_states.py). A deletion ends the image.
fn state(status: Option<String>, task: Option<&str>) -> ServerState {
    let status = status.unwrap_or_else(|| "UNKNOWN".to_owned());
    match (status.as_str(), task) {
        ("DELETED" | "SOFT_DELETED", _) => ServerState::Deleted,
        (_, Some("deleting" | "soft-deleting")) => ServerState::Deleting,
        ("BUILD", _) => ServerState::Building,
        ("ACTIVE" | "SHUTOFF" | "SUSPENDED" | "PAUSED", Some(task)) if MAKES_IMAGE.contains(&task) => {
            ServerState::Other(task.to_owned())
        }
        ("ACTIVE", _) => ServerState::Active,
        ("ERROR", _) => ServerState::Error,
        ("SHUTOFF" | "SUSPENDED" | "PAUSED" | "SHELVED" | "SHELVED_OFFLOADED", _) => ServerState::Stopped(status),
        _ => ServerState::Other(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::world::Mark;

    fn part<T: serde::de::DeserializeOwned>(body: &str, key: &str) -> T {
        let mut body: serde_json::Value = serde_json::from_str(body).unwrap();
        serde_json::from_value(body[key].take()).unwrap()
    }

    fn recorded(body: &str) -> Vec<Server> {
        part::<Vec<One>>(body, "servers").into_iter().map(|One(server)| server).collect()
    }

    #[test]
    fn the_recorded_servers_are_read_with_mark_state_time_and_addresses() {
        let servers = recorded(include_str!("../../../../tests/fixtures/openstack/servers.json"));
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
    fn an_error_has_its_fault_if_it_is_read_by_id() {
        let body = include_str!("../../../../tests/fixtures/openstack/server_error.json");
        let One(server) = part(body, "server");
        assert_eq!(server.fault.as_deref(), Some("No valid host was found."));
    }

    #[test]
    fn an_active_server_with_a_deletion_under_way_is_on_its_way_out() {
        let body = include_str!("../../../../tests/fixtures/openstack/server_deleting.json");
        let One(server) = part(body, "server");
        assert_eq!(server.state, ServerState::Deleting);
    }

    #[test]
    fn every_status_has_its_state() {
        let of = |status: &str, task| state(Some(status.to_owned()), task);
        assert_eq!(of("BUILD", Some("spawning")), ServerState::Building);
        assert_eq!(of("ERROR", Some("soft-deleting")), ServerState::Deleting);
        assert_eq!(of("SOFT_DELETED", None), ServerState::Deleted);
        assert_eq!(of("DELETED", Some("deleting")), ServerState::Deleted);
        for status in ["ACTIVE", "SHUTOFF"] {
            assert_eq!(of(status, Some("image_uploading")), ServerState::Other("image_uploading".to_owned()));
        }
        assert_eq!(of("ACTIVE", Some("rebooting")), ServerState::Active);
        assert_eq!(of("ACTIVE", Some("shelving")), ServerState::Other("shelving".to_owned()));
        assert_eq!(of("SHELVED", Some("shelving_image_uploading")), ServerState::Stopped("SHELVED".to_owned()));
        for stopped in ["SHUTOFF", "SUSPENDED", "PAUSED", "SHELVED", "SHELVED_OFFLOADED"] {
            assert_eq!(of(stopped, None), ServerState::Stopped(stopped.to_owned()));
        }
        for other in ["REBOOT", "UNKNOWN", "VERIFY_RESIZE", "NEVER_HEARD_OF"] {
            assert_eq!(of(other, None), ServerState::Other(other.to_owned()));
        }
        assert_eq!(state(None, None), ServerState::Other("UNKNOWN".to_owned()));
    }

    #[test]
    fn a_server_of_which_little_is_reported_is_a_server_all_the_same() {
        let servers = recorded(
            r#"{"servers":[{"id":"a"},{"id":"b","name":null,"status":null,"metadata":null,"created":"?","fault":null,
                "addresses":{"n":null,"m":[{"addr":null},{"addr":"fe80::1"},{"addr":"not one"}]}},
                {"id":"c","metadata":{"mita_owner":"o","mita_node":"n","mita_id":""},"created":"2026-11-22T01:59:24"}]}"#,
        );
        assert_eq!(servers[0].state, ServerState::Other("UNKNOWN".to_owned()));
        assert_eq!(servers[1].addresses, ["fe80::1".parse().unwrap()].into());
        assert_eq!((servers[1].created, &servers[1].fault), (None, &None));
        assert_eq!(servers[2].mark, None, "an empty id is no whole mark");
        assert_eq!(servers[2].created, Some("2026-11-22T01:59:24Z".parse().unwrap()));
    }
}
