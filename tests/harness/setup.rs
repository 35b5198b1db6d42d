//! The scene of a story: a controller, clouds, and a configuration that fits them.

use super::Installation;
use mita_sim::jenkins::queue::Job;
use mita_sim::jenkins::{self, User};
use mita_sim::openstack;
use mita_sim::{JoinRule, Sim, SimOptions};
use std::fmt::Write;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// The labels of node type `trusty`.
pub(crate) const TRUSTY: &str = "amd64 trusty";

const IMAGE: &str =
    "image_name = \"Ubuntu Trusty (2014.04) cloudimg\"\nsize = \"m1.small\"\nkeyname = \"jenkins-slave\"";

pub(crate) fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}

pub(crate) fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// A scene in the making.
pub(crate) struct Setup {
    options: SimOptions,
    more_clouds: Vec<(String, openstack::Options)>,
    user: User,
    top: Vec<String>,
    providers: Vec<(String, String)>,
    nodes: Vec<(String, String)>,
    by_command: bool,
}

impl Setup {
    /// One cloud, `openstack`, and no node type. Owner `ceph-ci`, ten minutes of grace, other times as by default.
    /// Servers become ACTIVE after a minute; half a minute later their node is online as `NAME+IP`.
    pub(crate) fn new() -> Self {
        Self {
            options: SimOptions::default(),
            more_clouds: Vec::new(),
            user: User::new("mita", "jenkins-api-token"),
            top: Vec::new(),
            providers: vec![("openstack".into(), String::new())],
            nodes: Vec::new(),
            by_command: false,
        }
    }

    /// The node type `trusty` with the labels [`TRUSTY`], in the first cloud.
    pub(crate) fn trusty() -> Self {
        Self::new().node("trusty", "labels = \"amd64 trusty\"")
    }

    /// A line at the top of the file.
    pub(crate) fn top(mut self, line: &str) -> Self {
        self.top.push(line.to_owned());
        self
    }

    /// A node type: further lines for its table. Where they name no provider it is the first one.
    pub(crate) fn node(mut self, name: &str, lines: &str) -> Self {
        self.nodes.push((name.to_owned(), lines.to_owned()));
        self
    }

    /// Further lines for the table of the first provider.
    pub(crate) fn provider(mut self, lines: &str) -> Self {
        self.providers[0].1 = lines.to_owned();
        self
    }

    /// Every provider is a program that hands its calls on to the cloud.
    pub(crate) fn by_command(mut self) -> Self {
        self.by_command = true;
        self
    }

    /// A further cloud with a provider of the same name, and lines for its table.
    pub(crate) fn cloud(mut self, name: &str, lines: &str) -> Self {
        self.more_clouds.push((name.to_owned(), openstack::Options::default()));
        self.providers.push((name.to_owned(), lines.to_owned()));
        self
    }

    /// Changes how the controller is set up.
    pub(crate) fn jenkins(mut self, change: impl FnOnce(&mut jenkins::Options)) -> Self {
        change(&mut self.options.jenkins);
        self
    }

    /// The user whose token the configuration holds.
    pub(crate) fn user(mut self, user: User) -> Self {
        self.user = user;
        self
    }

    /// Changes how the first cloud is set up.
    pub(crate) fn openstack(mut self, change: impl FnOnce(&mut openstack::Options)) -> Self {
        change(&mut self.options.openstack);
        self
    }

    /// Everything starts, and the files are written.
    pub(crate) fn start(mut self) -> Installation {
        self.options.jenkins.users = vec![self.user.clone()];
        let sim = Sim::start(self.options.clone()).expect("a free port");
        for (number, (name, options)) in self.more_clouds.iter().enumerate() {
            sim.add_cloud(name, options.clone()).expect("a free port");
            // Nodes are told apart by their addresses, so each cloud has its own.
            sim.cloud(name).networks[0].prefix = format!("192.168.{}", number + 2);
        }
        sim.join_all(JoinRule::base_plus_ip(seconds(30), TRUSTY));
        for (name, lines) in &self.nodes {
            if lines.contains("register = ") {
                // mita makes its nodes: nothing on the server does.
                sim.on_boot(name, JoinRule::base_plus_ip(minutes(100_000), ""));
            } else if let Some(labels) = labels(lines) {
                // As a boot script with ${MITA_LABELS} registers it.
                sim.on_boot(name, JoinRule::base_plus_ip(seconds(30), &format!("{labels} {name}")));
            }
        }
        let folder = temporary_folder();
        let path = folder.path().join("mita.toml");
        fs::write(&path, self.file(&sim)).expect("a writable folder");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its own file");
        Installation { sim, folder }
    }

    /// Everything starts, a short job of type `trusty` gets its server and is built, and one run has seen the node idle.
    pub(crate) fn with_idle_node(self) -> Installation {
        let it = self.start();
        it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
        it.minutes_until(10, "the first job is built", |it| it.built() == ["first"]);
        it.minute().did_nothing();
        it
    }

    fn file(&self, sim: &Sim) -> String {
        let mut text = String::from("state_file = \"state.json\"\n");
        let mut line = |line: &str| writeln!(text, "{line}").expect("memory");
        for (key, value) in [("owner", "ceph-ci"), ("idle_grace", "10m")] {
            if !self.top.iter().any(|line| line.starts_with(key)) {
                line(&format!("{key} = \"{value}\""));
            }
        }
        self.top.iter().for_each(|top| line(top));
        let (user, token) = (&self.user.name, &self.user.token);
        line(&format!("[jenkins]\nurl = \"{}/\"\nuser = \"{user}\"\ntoken = \"{token}\"", sim.jenkins_url()));
        for (name, lines) in &self.providers {
            if self.by_command {
                let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/harness/backend.sh");
                let port = sim.cloud(name).port().to_owned();
                line(&format!("[provider.{name}]\ntype = \"command\"\ncommand = [\"{program}\", \"{port}\"]\n{lines}"));
                continue;
            }
            line(&format!("[provider.{name}]\nauth_url = \"{}\"", sim.auth_url(name)));
            if !lines.contains("auth_version") {
                line("username = \"mita\"\npassword = \"mita-secret\"\ntenant_name = \"ceph-ci\"");
            }
            if !lines.contains("service_region") {
                line("service_region = \"RegionOne\"");
            }
            line(lines);
        }
        for (name, lines) in &self.nodes {
            line(&format!("[nodes.\"{name}\"]\n{lines}"));
            if !lines.contains("provider =") {
                line("provider = \"openstack\"");
            }
            for default in IMAGE.lines().filter(|line| !self.by_command || !line.starts_with("keyname")) {
                let key = default.split(' ').next().unwrap_or_default();
                if !lines.lines().any(|line| line.trim_start().starts_with(&format!("{key} ="))) {
                    line(default);
                }
            }
        }
        text
    }
}

/// In memory where there is such a place: a run waits for the disk several times, and thousands of runs are tried.
fn temporary_folder() -> tempfile::TempDir {
    let in_memory = Path::new("/dev/shm");
    let folder = if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
    folder.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// The labels in the lines of a node type, as its agents carry them.
fn labels(lines: &str) -> Option<String> {
    let value = lines.lines().find_map(|line| line.strip_prefix("labels = "))?;
    Some(value.replace(['[', ']', '"'], "").replace(',', " "))
}
