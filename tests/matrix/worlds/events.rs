//! What happens in a random world, minute by minute.

use super::people;
use crate::harness::{Installation, minutes, seconds};
use crate::matrix::checks::is_ours;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::{Fate, Status};
use mita_sim::{Fault, Kind, Service};
use serde_json::Value;
use std::time::Duration;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// Jobs are queued.
    Jobs { number: usize, sort: usize, minutes: u64 },
    /// What becomes of the next order that is sent.
    NextOrder(usize),
    /// What becomes of the next server that is taken.
    NextServer(usize),
    /// New servers are missing from lists for so many seconds, from now on.
    Lag(u64),
    /// A cloud keeps deleted servers for so many minutes, from now on.
    Reclaim(u64),
    /// The next deletions are said to be done, and are not.
    ForgottenDelete,
    /// An answer goes wrong, so many times.
    Answer { endpoint: usize, way: usize, times: usize },
    /// A job arrives just before the n-th request of the next run.
    JobInTheRun { request: usize, sort: usize },
    /// A build is given to an idle node of ours just before the n-th request of the next run.
    BuildInTheRun { request: usize, which: usize },
    /// The state file is gone, or holds nonsense.
    StateLost { torn: bool },
    /// The machine's clock is off by so many hours from now on.
    Clock(i64),
    /// Cron is silent for so many minutes.
    Silence(u64),
    /// Jenkins restarts.
    Restart { down: u64, reconnect: u64 },
    /// Jenkins prepares to shut down, or no more.
    QuietDown(bool),
    /// A person holds a node of ours.
    Hold(usize),
    /// A person lets all of them go.
    LetGo,
    /// A person deletes an idle node of ours.
    NodeDeleted(usize),
    /// A person deletes a server of ours that works on nothing.
    ServerDeleted(usize),
    /// A server of ours that works on nothing is stopped.
    ServerStopped(usize),
    /// A person locks a server of ours.
    Lock(usize),
    /// A person unlocks all of them.
    Unlock,
    /// The connection to an idle agent breaks; it comes back after so many minutes, or never.
    ConnectionLost { which: usize, back: Option<u64> },
    /// Somebody adds something whose name looks like ours.
    LookAlike(usize),
    /// A person renames an idle node of ours that mita did not make; its agent connects again, and a build starts there,
    /// or the person holds it.
    Renamed { which: usize, held: bool },
    /// Somebody has an entry with the address of a server of ours: of a type that is gone, of another tool, or of another
    /// class with a build on it.
    OldEntry { which: usize, sort: usize },
    /// A person adds an entry with the plain name of a node type and sets it offline, with or without a build on it.
    PlainEntry { which: usize, busy: bool },
    /// The connection to an agent breaks again and again, each time for a minute.
    Flaps { which: usize },
    /// A person uses a command of mita on a node of ours.
    Command { which: usize, verb: &'static str },
    /// A person pauses mita, or lets it go on.
    Pause(bool),
    /// A person takes all labels of a node of ours away, or gives it others.
    Relabelled { which: usize, labels: &'static str },
    /// A person takes a server of ours away from mita.
    MarkTaken { which: usize },
    /// From now on the project may have so many floating IPs.
    FloatingIps { most: u64 },
    /// Something deletes the servers of ours that no node belongs to yet.
    Vanish,
    /// What somebody in front of the cloud answers to the next orders.
    Gateway { way: usize, times: usize },
    /// As [`Event::Renamed`], to a name that leads to another server of ours.
    Misnamed { which: usize, to: usize, held: bool },
    /// A cloud refuses the next deletions.
    DeletionsRefused { way: usize, times: usize },
    /// A person disconnects the agent of an idle node of ours. Jenkins tries to launch it again, which fails.
    Cut(usize),
    /// A person holds a node of ours, or not, and the response time monitor cuts its connection.
    TimesOut { which: usize, held: bool },
    /// Something gives an idle node of ours one more label.
    LabelMore(usize),
    /// The volume service of a cloud is down from now on, or no more.
    VolumesDown(bool),
    /// A server of ours that no node belongs to yet is lost, in one way or another.
    LostOnTheWay { which: usize, way: usize },
    /// A person has the first provider log in to another region, which has no servers and takes none, or back again.
    Moved(bool),
}

const LABELS: [&str; 6] = ["trusty", "amd64 && trusty", "debian", "amd64", "trusty || debian", "!debian && amd64"];

/// A job of one sort.
pub(super) fn job(sort: usize, length: u64) -> Job {
    let label = LABELS[sort % LABELS.len()];
    let name = format!("job-{}", sort % LABELS.len());
    let job = if sort.is_multiple_of(2) { Job::freestyle(&name) } else { Job::pipeline(&name) };
    job.label(label).lasting(minutes(length))
}

impl Event {
    /// Whether Nova answers with lists that lack everything, or another Nova does.
    pub(crate) fn hides_servers(self) -> bool {
        matches!(self, Event::Answer { endpoint: 5 | 6, way: 3, .. } | Event::Moved(true))
    }

    /// Whether a cloud's list of servers cannot be read.
    pub(crate) fn silences_a_cloud(self) -> bool {
        matches!(self, Event::Answer { endpoint: 4..=6, .. })
    }
}

/// Nodes of ours that are there, and idle.
pub(super) fn idle_nodes(farm: &Installation) -> Vec<String> {
    let jenkins = farm.sim.jenkins();
    let ours = jenkins.nodes.iter().filter(|node| node.server.is_some() && node.idle());
    ours.map(|node| node.name.clone()).collect()
}

/// Servers of ours that work on nothing, with their cloud.
pub(super) fn idle_servers(farm: &Installation) -> Vec<(String, String)> {
    let world = farm.sim.world();
    let mut found = Vec::new();
    for (name, cloud) in &world.clouds {
        for server in cloud.servers.iter().filter(|server| is_ours(server)) {
            let is_on = |node: &&mita_sim::jenkins::nodes::Node| {
                node.server.as_ref().is_some_and(|on| on.server == server.id && on.cloud == *name)
            };
            if server.status == Status::Active && world.jenkins.nodes.iter().filter(is_on).all(|node| node.idle()) {
                found.push((name.clone(), server.id.clone()));
            }
        }
    }
    found
}

/// Whether mita has seen the nodes of a server: of one that it never saw beside its server it cannot know whose it is.
fn all_nodes_are_in(state: &Value, farm: &Installation, cloud: &str, server: &str) -> bool {
    let jenkins = farm.sim.jenkins();
    let on = |node: &&mita_sim::jenkins::nodes::Node| {
        node.server.as_ref().is_some_and(|on| on.server == server && on.cloud == cloud)
    };
    let known = |name: &str| {
        let mut servers = state["servers"].as_object().into_iter().flatten();
        servers.any(|(_, known)| known["server_id"] == server && known["node"] == name)
    };
    jenkins.nodes.iter().filter(on).all(|node| known(&node.name))
}

pub(super) fn pick<T: Clone>(all: &[T], which: usize) -> Option<T> {
    all.get(which % all.len().max(1)).cloned()
}

/// What the clouds of a world are for mita.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    OpenStack,
    /// Programs (`type = "command"`) that hand each call on to a cloud.
    Program,
}

/// A service of OpenStack and the path of its requests, or the verb of a program that asks the same.
fn requests(backend: Backend, service: Service, path: &'static str) -> (Service, &'static str) {
    match (backend, service, path) {
        (Backend::OpenStack, ..) | (_, Service::Jenkins, _) => (service, path),
        (_, Service::Nova, "/servers/detail") => (Service::Command, "list"),
        (_, Service::Nova, "/servers") => (Service::Command, "create"),
        (_, Service::Nova, "" | "/servers/") => (Service::Command, ""),
        _ => (Service::Command, "check"),
    }
}

/// Does what is to be done in the world; what concerns the run itself is left to the caller.
pub(crate) fn happen(farm: &Installation, backend: Backend, event: Event) {
    let order = |kind: Kind| {
        let (service, path) = requests(backend, Service::Nova, "/servers");
        farm.sim.fault(Fault::new(service, kind).method("POST").path(path));
    };
    match event {
        Event::Jobs { number, sort, minutes } => {
            for more in 0..number {
                farm.sim.jenkins().submit(job(sort + 2 * more, minutes));
            }
        }
        Event::NextOrder(way) => order(match way {
            0 => Kind::DoneBut(500),
            1 => Kind::DoneBut(504),
            2 => Kind::DropAfter,
            3 => Kind::DropBefore,
            4 => Kind::Truncated,
            5 => Kind::Status(500, r#"{"computeFault":{"code":500,"message":"x"}}"#.into()),
            6 => Kind::Status(403, r#"{"forbidden":{"code":403,"message":"Quota exceeded for cores"}}"#.into()),
            _ => Kind::Html(502),
        }),
        Event::NextServer(fate) => {
            let fate = match fate {
                0 => Fate::no_valid_host(),
                1 => Fate::BuildForever,
                2 => Fate::BootsIn(seconds(200)),
                3 => Fate::BootsIn(seconds(400)),
                _ => Fate::VolumeNeverReady,
            };
            farm.sim.cloud("openstack").next_fates.push_back(fate);
        }
        Event::Lag(lag) => farm.sim.cloud("openstack").options.list_lag = seconds(lag),
        Event::Reclaim(time) if backend == Backend::OpenStack => {
            farm.sim.cloud("openstack").options.reclaim_time = minutes(time);
        }
        Event::Reclaim(_) => {}
        Event::ForgottenDelete => {
            let (service, _) = requests(backend, Service::Nova, "");
            farm.sim.fault(Fault::new(service, Kind::AckedButNotDone(204)).method("DELETE").times(2));
        }
        Event::Answer { endpoint, way, times } => {
            let (service, path) = [
                (Service::Jenkins, "/queue/"),
                (Service::Jenkins, "/computer/api"),
                (Service::Jenkins, "/computer/"),
                (Service::Jenkins, ""),
                (Service::Keystone, ""),
                (Service::Nova, "/servers/detail"),
                (Service::Nova, ""),
                (Service::Nova, "/limits"),
                (Service::Glance, ""),
                (Service::Jenkins, "config.xml"),
                (Service::Neutron, "/floatingips"),
                (Service::Neutron, ""),
            ][endpoint];
            let (service, path) = requests(backend, service, path);
            let kind = match way {
                0 => Kind::Status(500, "{}".into()),
                1 => Kind::Status(404, "{}".into()),
                2 => Kind::Html(200),
                3 => Kind::EmptyLists,
                4 => Kind::Truncated,
                5 => Kind::Status(403, "{}".into()),
                6 => Kind::Empty(200),
                _ => Kind::Status(401, "{}".into()),
            };
            farm.sim.fault(Fault::new(service, kind).path(path).times(times));
        }
        Event::JobInTheRun { request, sort } => {
            let arrive = move |world: &mut mita_sim::World| {
                world.jenkins.submit(job(sort, 3));
            };
            farm.sim.fault(Fault::anywhere(Kind::Before(Box::new(arrive))).after(request));
        }
        Event::BuildInTheRun { request, which } => {
            let arrive = move |world: &mut mita_sim::World| {
                let takes =
                    |node: &&mita_sim::jenkins::nodes::Node| node.server.is_some() && !node.offline() && node.idle();
                let nodes: Vec<String> = world.jenkins.nodes.iter().filter(takes).map(|n| n.name.clone()).collect();
                if let Some(node) = pick(&nodes, which) {
                    world.jenkins.occupy(&node, job(0, 3));
                }
            };
            farm.sim.fault(Fault::anywhere(Kind::Before(Box::new(arrive))).after(request));
        }
        Event::StateLost { torn: true } => {
            std::fs::write(farm.state_file(), "{\"version\": 1, \"own").expect("a folder");
        }
        // There may be none yet.
        Event::StateLost { torn: false } => drop(std::fs::remove_file(farm.state_file())),
        Event::Clock(_) | Event::Silence(_) => {}
        Event::Restart { down, reconnect } => farm.sim.jenkins().restart(seconds(down), seconds(reconnect)),
        Event::QuietDown(on) => farm.sim.jenkins().quiet_down(on),
        Event::Hold(which) => {
            if let Some(node) = pick(&idle_nodes(farm), which) {
                farm.sim.jenkins().hold(&node, "a person looks at it");
            }
        }
        Event::LetGo => people::let_go(farm),
        Event::NodeDeleted(which) => {
            if let Some(node) = pick(&idle_nodes(farm), which) {
                farm.sim.jenkins().delete_node(&node);
            }
        }
        Event::ServerDeleted(which) => {
            // Without one there is nothing to remember.
            let state = std::fs::read_to_string(farm.state_file()).unwrap_or_default();
            let state: Value = serde_json::from_str(&state).unwrap_or_default();
            let mut servers = idle_servers(farm);
            servers.retain(|(cloud, id)| all_nodes_are_in(&state, farm, cloud, id));
            if let Some((cloud, id)) = pick(&servers, which) {
                farm.sim.cloud(&cloud).delete_server(&id);
            }
        }
        Event::ServerStopped(which) => {
            if let Some((cloud, id)) = pick(&idle_servers(farm), which) {
                farm.sim.cloud(&cloud).set_status(&id, Status::Shutoff);
            }
        }
        Event::ConnectionLost { which, back } => disconnect(farm, which, back),
        // What Jenkins forgets, a run has to have seen before: the world sees to it.
        Event::Cut(_) | Event::TimesOut { .. } => {}
        Event::Lock(which) => {
            if let Some((cloud, id)) = pick(&idle_servers(farm), which)
                && let Some(server) = farm.sim.cloud(&cloud).server_mut(&id)
            {
                server.locked = true;
            }
        }
        Event::Unlock => people::unlock(farm),
        Event::LookAlike(which) => people::look_alike(farm, which),
        Event::Renamed { which, held } => people::renamed(farm, which, held),
        Event::OldEntry { which, sort } => people::old_entry(farm, which, sort),
        Event::PlainEntry { which, busy } => people::plain_entry(farm, which, busy),
        Event::Flaps { which } => disconnect(farm, which, Some(1)),
        Event::Command { which, verb } => people::command(farm, which, verb),
        Event::Pause(true) => drop(farm.command(&["pause"])),
        Event::Pause(false) => drop(farm.command(&["resume"])),
        Event::Relabelled { which, labels } => people::relabelled(farm, which, labels),
        Event::FloatingIps { most } => {
            for cloud in farm.sim.world().clouds.values_mut() {
                cloud.quota_mut("ceph-ci").floating_ips = Some(most);
            }
        }
        Event::MarkTaken { which } => people::mark_taken(farm, which),
        Event::LabelMore(which) => people::label_more(farm, which),
        Event::LostOnTheWay { which, way } => people::lose_on_the_way(farm, which, way),
        Event::VolumesDown(down) => farm.sim.cloud("openstack").options.volumes_down = down,
        Event::Moved(away) => people::move_region(farm, away),
        Event::Vanish => people::delete_new_servers(farm),
        Event::Gateway { way, times } => {
            let kind = match way {
                // A program says so only of what it did not do.
                0 if backend == Backend::OpenStack => Kind::DoneBut(503),
                1 => Kind::Html(503),
                2 => Kind::Empty(408),
                3 => Kind::RetryAfter(90),
                4 => Kind::RetryAfter(1_200),
                _ => Kind::Empty(429),
            };
            let (service, path) = requests(backend, Service::Nova, "/servers");
            farm.sim.fault(Fault::new(service, kind).method("POST").path(path).times(times));
        }
        Event::Misnamed { which, to, held } => people::misnamed(farm, which, to, held),
        Event::DeletionsRefused { way, times } => {
            let (status, words) = [
                (403, r#"{"forbidden":{"code":403,"message":"Policy doesn't allow this to be performed."}}"#),
                (405, "<html>405 Not Allowed</html>"),
                (
                    409,
                    r#"{"conflictingRequest":{"code":409,"message":"Cannot 'delete' instance while it is in task_state x"}}"#,
                ),
                (401, "{}"),
            ][way];
            let (service, path) = requests(backend, Service::Nova, "/servers/");
            farm.sim.fault(
                Fault::new(service, Kind::Status(status, words.into())).method("DELETE").path(path).times(times),
            );
        }
    }
}

/// An idle node of ours whose agent is connected.
pub(crate) fn connected(farm: &Installation, which: usize) -> Option<String> {
    let mut nodes = idle_nodes(farm);
    nodes.retain(|node| farm.sim.jenkins().node(node).is_some_and(|node| node.connected));
    pick(&nodes, which)
}

fn disconnect(farm: &Installation, which: usize, back: Option<u64>) {
    if let Some(node) = connected(farm, which) {
        let at = farm.sim.now();
        let mut jenkins = farm.sim.jenkins();
        jenkins.disconnect(&node, CauseKind::ChannelTermination, "lost");
        if let Some(node) = jenkins.node_mut(&node) {
            node.connects_at = back.map(|back| at + millis(minutes(back)));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a short time")
}
