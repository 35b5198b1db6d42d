//! The farm of the benchmark: busy nodes, idle ones whose time is over in the measured run, and jobs that no node takes.

use crate::child::{self, RunFigures};
use crate::tls::Tls;
use crate::{MINUTE, Size, configuration, now};
use anyhow::{Result, ensure};
use jiff::Timestamp;
use mita::config::Config;
use mita::progress::Progress;
use mita::reconcile::{Moment, Permits, dry_run, reconcile};
use mita_sim::jenkins::nodes::Node;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Quota;
use mita_sim::{JoinRule, Record, Sim, SimOptions, Violation};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const CLOUD: &str = "openstack";
/// Longer than the benchmark.
const FOR_EVER: Duration = Duration::from_secs(1_000_000);

pub(crate) struct Farm {
    sim: Sim,
    latency: Duration,
    config: PathBuf,
    _folder: TempDir,
}

/// A run that was measured.
pub(crate) struct Measured {
    pub(crate) figures: RunFigures,
    /// From the start of the process to its end.
    pub(crate) wall: Duration,
    /// The most threads of the process.
    pub(crate) threads: usize,
    /// What reached the simulator.
    pub(crate) log: Vec<Record>,
}

/// How the services are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Http,
    Tls,
}

impl Wire {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Wire::Http => "HTTP",
            Wire::Tls => "TLS",
        }
    }
}

impl Farm {
    /// A farm in which the next run has everything to do. Two runs have seen the idle nodes already: it takes three
    /// sightings to retire one.
    pub(crate) fn open(size: Size, wire: Wire) -> Result<Farm> {
        let retirements = size.retirements.min(size.nodes);
        ensure!(retirements <= size.servers, "every node that is retired has a server: give --servers more");
        let sim = Sim::start(SimOptions::default())?;
        sim.on_boot("fresh", JoinRule::base_plus_ip(Duration::from_secs(20), "fresh"));
        settle(&sim, size, retirements);
        let folder = tempfile::tempdir()?;
        let config = write_configuration(&sim, size, wire, folder.path())?;
        let latency = Duration::from_millis(size.latency_ms);
        let farm = Farm { sim, latency, config, _folder: folder };
        for _ in 0..2 {
            farm.run_here()?;
            farm.sim.advance(MINUTE);
        }
        for number in 0..size.orders {
            farm.sim.jenkins().submit(Job::freestyle(&format!("new-{number}")).label("fresh").lasting(FOR_EVER));
        }
        Ok(farm)
    }

    /// A run in a process of its own, with the latency. What it reads first was read before: the services have those answers
    /// at hand, since the simulator's work on them is nothing that mita could do sooner.
    pub(crate) fn measured_run(&self) -> Result<Measured> {
        self.sim.keep_answers(true);
        let (config, moment) = self.at_hand()?;
        dry_run(&config, Permits::default(), moment, &Progress::silent())?;
        self.sim.clear_log();
        self.sim.set_latency(self.latency);
        let now = i64::try_from(self.sim.now())?.to_string();
        let arguments = ["run".into(), "--config".into(), self.config.clone().into(), "--now".into(), now.into()];
        let (figures, wall, threads) = child::spawn(&arguments)?;
        self.sim.set_latency(Duration::ZERO);
        self.sim.keep_answers(false);
        Ok(Measured { figures, wall, threads, log: self.sim.requests() })
    }

    /// Lets the orders boot and join, and the removed servers be forgotten: then nothing is left to be done.
    pub(crate) fn calm_down(&self) -> Result<()> {
        for _ in 0..4 {
            self.sim.advance(MINUTE);
            self.run_here()?;
        }
        self.sim.advance(MINUTE);
        Ok(())
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.sim.violations()
    }

    fn at_hand(&self) -> Result<(Config, Moment)> {
        let config = Config::load(&self.config)?.config;
        Ok((config, Moment { now: Timestamp::from_millisecond(i64::try_from(self.sim.now())?)?, started: now() }))
    }

    fn run_here(&self) -> Result<()> {
        let (config, moment) = self.at_hand()?;
        let report = reconcile(&config, Permits::default(), moment, &Progress::silent())?;
        ensure!(report.plan.problems.is_empty(), "there were problems: {:?}", report.plan.problems);
        Ok(())
    }
}

/// Nodes and servers, the idle ones first; servers beyond the nodes are somebody else's, nodes beyond the servers
/// static ones.
fn settle(sim: &Sim, size: Size, retirements: usize) {
    let mut nodes = Vec::new();
    {
        let mut cloud = sim.cloud(CLOUD);
        cloud.networks[0].prefix = "10.1".into();
        let unlimited = Quota { instances: None, cores: None, ram: None, ..Quota::default() };
        *cloud.quota_mut("ceph-ci") = unlimited;
        for number in 0..size.servers.max(size.nodes) {
            let base = if number < retirements { "idle" } else { "busy" };
            if number >= size.nodes {
                cloud.place_server("somebody-elses", &[]);
            } else if number >= size.servers {
                nodes.push(Node::new(&format!("static-{number}"), "busy", 1).online());
            } else {
                let id = format!("20260105T070000Z-{number}");
                let server =
                    cloud.place_server(base, &[("mita_owner", "ceph-ci"), ("mita_node", base), ("mita_id", &id)]);
                let address = cloud.addresses(&server).remove(0);
                nodes.push(Node::new(&format!("{base}+{address}"), base, 1).online().on_server(CLOUD, &server));
            }
        }
    }
    let mut jenkins = sim.jenkins();
    for node in nodes {
        let (name, busy) = (node.name.clone(), !node.has_label("idle"));
        jenkins.add_node(node);
        if busy {
            jenkins.occupy(&name, Job::freestyle("long").label("busy").lasting(FOR_EVER));
        }
    }
    for number in size.orders..size.items {
        jenkins.submit(Job::freestyle(&format!("job-{number}")).label("busy").lasting(FOR_EVER));
    }
}

fn write_configuration(sim: &Sim, size: Size, wire: Wire, folder: &Path) -> Result<PathBuf> {
    // No server of `busy` beyond those that are there; as many as there are jobs of all others.
    let busy = size.nodes.min(size.servers).saturating_sub(size.retirements).max(1);
    let mut node_types = String::new();
    for (name, max) in [("busy", busy), ("idle", size.retirements.max(1)), ("fresh", size.orders.max(1))] {
        node_types.push_str(&format!(
            r#"
[nodes.{name}]
provider = "openstack"
image_name = "Ubuntu Trusty (2014.04) cloudimg"
size = "m3.xlarge"
keyname = "jenkins-slave"
labels = ["{name}"]
max = {max}
"#
        ));
    }
    let path = configuration::write(sim, folder, "idle_grace = \"2m\"\nmax_servers = 1000000", &node_types)?;
    // A name, so that its lookups are counted.
    let written = fs::read_to_string(&path)?.replace("http://127.0.0.1", "http://localhost");
    let text = match wire {
        Wire::Http => written,
        Wire::Tls => with_tls(sim, &written, folder)?,
    };
    fs::write(&path, text)?;
    Ok(path)
}

/// The configuration, with TLS in front of both services.
fn with_tls(sim: &Sim, text: &str, folder: &Path) -> Result<String> {
    let tls = Tls::new()?;
    let certificate = folder.join("ca.pem");
    fs::write(&certificate, &tls.pem)?;
    let trust = format!("cacert = {certificate:?}\n");
    let jenkins = tls.front(sim.jenkins_url())?;
    let plain = sim.auth_url(CLOUD).replace("/identity/v3", "");
    let cloud = tls.front(&plain)?;
    let mut endpoints = String::new();
    for service in ["compute", "image", "network", "volume"] {
        let url = sim.cloud(CLOUD).endpoint(service).replace(&plain, &cloud);
        endpoints.push_str(&format!("{service}_endpoint_override = \"{url}\"\n"));
    }
    let named = |url: &str| url.replace("127.0.0.1", "localhost");
    Ok(text
        .replace(&named(sim.jenkins_url()), &jenkins)
        .replace(&named(&plain), &cloud)
        .replace("[jenkins]\n", &format!("[jenkins]\n{trust}"))
        .replace("[provider.openstack]\n", &format!("[provider.openstack]\n{trust}{endpoints}")))
}
