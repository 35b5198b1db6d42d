//! A simulated Jenkins controller and simulated OpenStack clouds, on one
//! simulated clock, behind real HTTP on 127.0.0.1.
//!
//! It shares no code with the program that it tests, so that the two cannot
//! agree on a mistake. It refuses what the real services refuse, records every
//! request, and checks after each one that no promise was broken (a build
//! killed, somebody else's server deleted, a secret sent to the wrong host).
//!
//! ```no_run
//! use std::time::Duration;
//! use mita_sim::{JoinRule, Sim, SimOptions, jenkins::queue::Job};
//!
//! let sim = Sim::start(SimOptions::default()).expect("a free port");
//! sim.join_all(JoinRule::base_plus_ip(Duration::from_secs(30), "amd64 trusty"));
//! sim.jenkins().submit(Job::freestyle("ceph-build").label("amd64 && trusty"));
//! // ... run the client against sim.jenkins_url() and sim.auth_url("openstack") ...
//! sim.advance(Duration::from_secs(120));
//! assert!(sim.violations().is_empty());
//! ```
//!
//! Views ([`Sim::jenkins`], [`Sim::cloud`]) hold the lock of the world: let go
//! of them before a client sends a request, or it waits for ever.

pub mod clock;
pub mod codec;
pub mod faults;
pub mod http;
pub mod jenkins;
pub mod join;
mod lists;
pub mod log;
pub mod openstack;
pub mod promises;
mod server;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;
use std::time::Duration;

pub use clock::Ms;
pub use faults::{Fault, Kind, Meanwhile};
pub use join::JoinRule;
pub use log::{Record, Service};
pub use promises::{Promise, Rules, Violation};
pub use world::World;

use jenkins::Jenkins;
use openstack::Cloud;
use server::Shared;

/// How a simulator starts.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// How the controller is set up.
    pub jenkins: jenkins::Options,
    /// The name of the first cloud.
    pub cloud: String,
    /// How the first cloud is set up.
    pub openstack: openstack::Options,
    /// The values of `mita_owner` that count as ours.
    pub owners: Vec<String>,
    /// The users whose nodes count as ours.
    pub users: Vec<String>,
    /// How long each answer takes, in real time.
    pub latency: Duration,
    /// Where ids come from: the same seed gives the same ids.
    pub seed: u64,
    /// The address of the controller on this machine; agents on other hosts cannot connect to 127.0.0.1.
    pub jenkins_address: Ipv4Addr,
    /// The port of the controller; any free one for 0.
    pub jenkins_port: u16,
    /// The port of the first cloud; any free one for 0.
    pub openstack_port: u16,
    /// Where the clock starts.
    pub start: Ms,
}

impl Default for SimOptions {
    fn default() -> Self {
        SimOptions {
            jenkins: jenkins::Options::default(),
            cloud: "openstack".into(),
            openstack: openstack::Options::default(),
            owners: vec!["ceph-ci".into()],
            users: vec!["mita".into()],
            latency: Duration::ZERO,
            seed: 1,
            jenkins_address: Ipv4Addr::LOCALHOST,
            jenkins_port: 0,
            openstack_port: 0,
            start: clock::START,
        }
    }
}

/// A running simulator. It stops when it is dropped.
pub struct Sim {
    shared: Shared,
    seed: u64,
    jenkins_url: String,
    stranger_url: String,
}

/// The controller, locked.
pub struct JenkinsView<'a>(MutexGuard<'a, World>);

impl Deref for JenkinsView<'_> {
    type Target = Jenkins;
    fn deref(&self) -> &Jenkins {
        &self.0.jenkins
    }
}

impl DerefMut for JenkinsView<'_> {
    fn deref_mut(&mut self) -> &mut Jenkins {
        &mut self.0.jenkins
    }
}

impl Drop for JenkinsView<'_> {
    fn drop(&mut self) {
        self.0.jenkins.settle();
    }
}

/// One cloud, locked.
pub struct CloudView<'a> {
    world: MutexGuard<'a, World>,
    name: String,
}

impl Deref for CloudView<'_> {
    type Target = Cloud;
    fn deref(&self) -> &Cloud {
        &self.world.clouds[&self.name]
    }
}

impl DerefMut for CloudView<'_> {
    fn deref_mut(&mut self) -> &mut Cloud {
        self.world.cloud(&self.name)
    }
}

impl Drop for CloudView<'_> {
    fn drop(&mut self) {
        self.world.link();
        self.world.jenkins.settle();
    }
}

impl Sim {
    /// Starts a controller and one cloud, each on a port of its own.
    ///
    /// # Errors
    /// When a port cannot be bound.
    pub fn start(options: SimOptions) -> io::Result<Sim> {
        let jenkins_socket = server::bind(options.jenkins_address, options.jenkins_port)?;
        let stranger_socket = server::bind(Ipv4Addr::LOCALHOST, 0)?;
        let jenkins_url = format!("{}{}", server::url(&jenkins_socket)?, options.jenkins.prefix);
        let stranger_url = server::url(&stranger_socket)?;
        let controller = jenkins_url.split_once("://").map_or("", |(_, rest)| rest).to_owned();
        let rules = Rules {
            owners: options.owners,
            controllers: vec![controller],
            users: options.users,
            builds_may_end_on: Vec::new(),
            max_servers: None,
            max_of_type: BTreeMap::new(),
        };
        let mut world = World::new(Jenkins::new(options.jenkins, jenkins_url.clone()), rules);
        (world.now, world.jenkins.now) = (options.start, options.start);
        let shared = Shared::new(world, options.latency);
        shared.listen(jenkins_socket, "jenkins")?;
        shared.listen(stranger_socket, "stranger")?;
        let sim = Sim { shared, seed: options.seed, jenkins_url, stranger_url };
        sim.listen_as_cloud(options.openstack_port, &options.cloud, options.openstack)?;
        Ok(sim)
    }

    /// Adds a cloud on a port of its own.
    ///
    /// # Errors
    /// When no port of 127.0.0.1 can be bound.
    pub fn add_cloud(&self, name: &str, options: openstack::Options) -> io::Result<()> {
        self.listen_as_cloud(0, name, options)
    }

    fn listen_as_cloud(&self, port: u16, name: &str, options: openstack::Options) -> io::Result<()> {
        let socket = server::bind(Ipv4Addr::LOCALHOST, port)?;
        let url = server::url(&socket)?;
        {
            let mut world = self.world();
            let seed = self.seed.wrapping_mul(1000) + world.clouds.len() as u64;
            let mut cloud = Cloud::new(name, url, seed, options);
            cloud.now = world.now;
            world.clouds.insert(name.to_string(), cloud);
        }
        self.shared.listen(socket, name)
    }

    /// The root of the controller, with its prefix and without a trailing slash.
    pub fn jenkins_url(&self) -> &str {
        &self.jenkins_url
    }

    /// A host that belongs to neither service: a target for redirects.
    pub fn stranger_url(&self) -> &str {
        &self.stranger_url
    }

    /// Where a cloud's Keystone v3 is.
    pub fn auth_url(&self, cloud: &str) -> String {
        self.cloud(cloud).auth_url()
    }

    /// The whole world, locked.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// The controller, locked.
    pub fn jenkins(&self) -> JenkinsView<'_> {
        let mut world = self.world();
        world.jenkins.settle();
        JenkinsView(world)
    }

    /// A cloud, locked.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn cloud(&self, name: &str) -> CloudView<'_> {
        let mut world = self.world();
        world.cloud(name);
        CloudView { world, name: name.to_string() }
    }

    /// The simulated time in milliseconds since the epoch.
    pub fn now(&self) -> Ms {
        self.world().now
    }

    /// Moves the clock: servers boot, agents join, builds end.
    pub fn advance(&self, by: Duration) {
        self.world().advance(by);
    }

    /// Sets the world back to an earlier copy of it, `sim.world().clone()`: services, clock, faults and log. Requests on
    /// connections from before have no effect any more.
    pub fn set_back(&self, to: &World) {
        self.shared.replace(to.clone());
    }

    /// What servers of this name or node type do once they are ACTIVE.
    pub fn on_boot(&self, server: &str, rule: JoinRule) {
        self.world().joins.insert(server.to_string(), rule);
    }

    /// What all other servers do once they are ACTIVE.
    pub fn join_all(&self, rule: JoinRule) {
        self.world().default_join = Some(rule);
    }

    /// Adds a scripted fault. Where several hit one request, the first counts.
    pub fn fault(&self, fault: Fault) {
        self.numbered_fault(fault);
    }

    /// The same, and gives its number for [`Sim::mend`].
    pub fn numbered_fault(&self, mut fault: Fault) -> u64 {
        let mut world = self.world();
        world.faults_so_far += 1;
        fault.number = world.faults_so_far;
        world.faults.push(fault);
        world.faults_so_far
    }

    /// Takes one fault away and lets hanging requests go.
    pub fn mend(&self, number: u64) {
        self.world().faults.retain(|fault| fault.number != number);
        self.release();
    }

    /// Takes all faults away and lets hanging requests go.
    pub fn heal(&self) {
        self.world().faults.clear();
        self.release();
    }

    /// Closes the connections of all hanging requests.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Waits until all that a client sent before it ended is done, and nobody is connected any more.
    ///
    /// # Errors
    /// When this machine gives no connection.
    pub fn drain(&self) -> std::io::Result<()> {
        self.shared.drain()
    }

    /// How long each answer takes from now on, in real time.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Whether answers to reads are kept until the next write, and given again: for a benchmark, which measures no service. In
    /// the meantime nothing but requests may change the world.
    pub fn keep_answers(&self, keep: bool) {
        self.world().kept = keep.then(std::collections::BTreeMap::new);
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Record> {
        self.world().log.clone()
    }

    /// The requests after the first so many.
    pub fn requests_after(&self, number: usize) -> Vec<Record> {
        self.world().log[number..].to_vec()
    }

    /// The requests that could change something; token requests are none.
    pub fn writes(&self) -> Vec<Record> {
        self.world().log.iter().filter(|r| r.is_write()).cloned().collect()
    }

    /// The requests that only read, and token requests.
    pub fn reads(&self) -> Vec<Record> {
        self.world().log.iter().filter(|r| !r.is_write()).cloned().collect()
    }

    /// How many requests to a service had this method and this in their path.
    pub fn count(&self, service: Service, method: &str, path_part: &str) -> usize {
        let world = self.world();
        let fits = |r: &&Record| r.service == service && r.method == method && r.path.contains(path_part);
        world.log.iter().filter(fits).count()
    }

    /// Forgets the requests so far (not the breaches).
    pub fn clear_log(&self) {
        self.world().log.clear();
    }

    /// The promises that were broken.
    pub fn violations(&self) -> Vec<Violation> {
        self.world().violations.clone()
    }

    /// Fails a test with all breaches, where there are any.
    ///
    /// # Panics
    /// When a promise was broken.
    pub fn assert_promises(&self) {
        let world = self.world();
        let lines: Vec<String> = world
            .violations
            .iter()
            .map(|v| {
                format!(
                    "{:?}: {} ({})",
                    v.promise,
                    v.text,
                    world.log.get(v.request).map_or(String::new(), Record::line)
                )
            })
            .collect();
        assert!(lines.is_empty(), "broken promises:\n{}", lines.join("\n"));
    }
}

#[cfg(test)]
mod tests;
