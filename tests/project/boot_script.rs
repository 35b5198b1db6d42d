//! The boot scripts in `examples`, from the order that carries one as user data to the end of its node.
//!
//! The script that is run is the one that the simulated cloud received. What it would change on the machine goes into
//! a folder of its own, and the programs that only a server has are replaced; `curl` is the real one.

use crate::harness::{Installation, Setup, minutes, write_program};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::JoinRule;
use mita_sim::jenkins::nodes::ServerRef;
use mita_sim::jenkins::queue::Job;
use mita_sim::jenkins::{Permission, User};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const TOKEN: &str = "registrar-token";

/// The machine that the script believes to run on.
struct Machine {
    folder: tempfile::TempDir,
    address: &'static str,
}

impl Machine {
    fn new(address: &'static str) -> Self {
        let machine = Self { folder: tempfile::tempdir().expect("a folder"), address };
        for folder in ["bin", "home", "units"] {
            fs::create_dir(machine.path(folder)).expect("a folder");
        }
        let log = machine.path("log");
        let told = |name: &str| format!("echo {name} \"$@\" >>{}", log.display());
        machine.program(
            "ip",
            &format!("[ \"${{!#}}\" = \"$ROUTED\" ] && echo \"$ROUTED via gateway dev eth0 src {address} uid 0\""),
        );
        machine.program("id", "exit 1");
        machine.program("curl", &format!("{}\nexec /usr/bin/curl \"$@\"", told("curl")));
        for name in ["useradd", "chown", "java", "systemctl"] {
            machine.program(name, &told(name));
        }
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, body: &str) {
        let path = self.path("bin").join(name);
        write_program(&path, &format!("#!/bin/bash\n{body}\n"));
    }

    /// Runs the script once, as cloud-init would.
    fn boot(&self, script: &str) -> Output {
        let places = [
            ("=/home/jenkins", self.path("home")),
            ("/home/*/.ssh", self.path("image-user")),
            ("/etc/systemd/system", self.path("units")),
        ];
        let mut script = script.to_owned();
        assert!(script.contains(places[0].0), "its home is one that is replaced");
        for (place, here) in places {
            let equals = if place.starts_with('=') { "=" } else { "" };
            script = script.replace(place, &format!("{equals}{}", here.display()));
        }
        let path = self.path("user-data");
        fs::write(&path, script).expect("a writable folder");
        let routed = if self.address.contains(':') { "2001:db8::1" } else { "192.0.2.1" };
        let mut bash = Command::new("bash");
        bash.arg(path).env_clear().env("ROUTED", routed);
        bash.env("PATH", format!("{}:/usr/bin:/bin", self.path("bin").display()));
        bash.output().expect("bash")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

/// An installation whose node type boots with the example; both users may do only what the documentation asks for.
fn installation() -> Installation {
    use Permission::{AgentConnect, AgentCreate, AgentDelete, AgentDisconnect, JobRead, OverallRead};
    let own = [OverallRead, JobRead, AgentDisconnect, AgentConnect, AgentDelete];
    let user = User::new("mita", "jenkins-api-token").with_only(&own);
    let installation =
        Setup::new().user(user).node("trusty", "labels = \"amd64 trusty\"\nscript_file = \"boot-inbound.sh\"").start();
    // No server joins by itself: that is what the script is for.
    installation.sim.on_boot("trusty", JoinRule::base_plus_ip(minutes(10_000), ""));
    let registrar = User::new("registrar", TOKEN).with_only(&[OverallRead, AgentCreate, AgentConnect]);
    installation.sim.jenkins().options.users.push(registrar);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/boot-inbound.sh");
    let script = fs::read_to_string(example).expect("the example");
    assert!(script.contains("registrar:API_TOKEN"));
    let script = script.replace("registrar:API_TOKEN", &format!("registrar:{TOKEN}"));
    let place = installation.config_file().with_file_name("boot-inbound.sh");
    fs::write(place, script).expect("a writable folder");
    installation
}

/// An installation whose node type boots with this example, and whose nodes mita makes.
fn registering(example: &str, lines: &str) -> Installation {
    let lines = format!("labels = \"amd64 trusty\"\nscript_file = \"{example}\"\n{lines}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let installation = Setup::new().node("trusty", &lines).start();
    fs::copy(folder.join(example), installation.config_file().with_file_name(example)).expect("a writable folder");
    let job = Job::freestyle("ceph-build").label("amd64 && trusty").lasting(minutes(2));
    installation.sim.jenkins().submit(job);
    installation.minute();
    installation
}

/// The script as the cloud received it.
fn user_data(installation: &Installation) -> String {
    String::from_utf8(installation.server().user_data.expect("user data")).expect("UTF-8")
}

/// Whether there is a curl. Everything else is part of every Linux that builds this program.
fn has_curl() -> bool {
    let there = Path::new("/usr/bin/curl").exists();
    if !there {
        eprintln!("skipped: there is no /usr/bin/curl");
    }
    there
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_server_that_boots_with_the_example_becomes_a_node_works_and_is_retired() {
    if !has_curl() {
        return;
    }
    let installation = installation();
    installation.sim.jenkins().submit(Job::freestyle("ceph-build").label("amd64 && trusty").lasting(minutes(2)));
    installation.minute();
    installation.minute();
    let address: &str = installation.server().addresses[0].addr.clone().leak();
    let machine = Machine::new(address);
    let booted = machine.boot(&user_data(&installation));
    assert!(booted.status.success(), "{}", text(&booted.stderr));
    assert_eq!(text(&booted.stderr), "");

    let name = format!("trusty+{address}");
    {
        let jenkins = installation.sim.jenkins();
        let node = jenkins.node(&name).expect("the node");
        assert_eq!((node.labels.as_str(), node.executors.len()), ("amd64  trusty", 1));
        assert!(!node.launch_supported, "it waits for its agent to call in");
        assert_eq!(machine.read("home/secret").trim(), jenkins.agent_secret(&name));
    }
    let mode = fs::metadata(machine.path("home/secret")).expect("the secret").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let unit = machine.read("units/jenkins-agent.service");
    let arguments = format!("-url {}/ -name {name} -secret @", installation.sim.jenkins_url());
    assert!(unit.contains(&arguments) && unit.contains(" -webSocket "), "{unit}");
    let log = machine.read("log");
    assert!(log.ends_with("systemctl enable --now jenkins-agent.service\n"), "{log}");
    assert!(log.contains("curl ") && !log.contains(TOKEN), "no secret in the arguments of a process: {log}");

    let waiting = installation.minute();
    assert_eq!(waiting.rule(Subject::Node, &name), Rule::Connecting, "{}", waiting.story());
    {
        let server = ServerRef { cloud: "openstack".into(), server: installation.server().id };
        let mut jenkins = installation.sim.jenkins();
        jenkins.node_mut(&name).expect("the node").server = Some(server);
        jenkins.connect(&name);
    }
    installation.minutes_until(40, "the server is gone", |there| there.servers().is_empty());
    assert_eq!(installation.built(), ["ceph-build"]);
    assert_eq!(installation.nodes(), [""; 0]);
    assert_eq!(installation.orders(), 1);
}

#[test]
fn a_second_boot_finds_the_node_there_and_starts_its_agent() {
    if !has_curl() {
        return;
    }
    let installation = installation();
    installation.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    installation.minute();
    let script = user_data(&installation);
    let machine = Machine::new("192.168.1.188");
    for _ in 0..2 {
        let booted = machine.boot(&script);
        assert!(booted.status.success(), "{}", text(&booted.stderr));
    }
    assert_eq!(installation.nodes(), ["trusty+192.168.1.188"]);
}

#[test]
fn an_address_of_ipv6_is_written_with_dashes() {
    if !has_curl() {
        return;
    }
    let installation = installation();
    installation.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    installation.minute();
    let machine = Machine::new("2001:db8::42");
    let booted = machine.boot(&user_data(&installation));
    assert!(booted.status.success(), "{}", text(&booted.stderr));
    assert_eq!(installation.nodes(), ["trusty+2001-db8--42"]);
}

#[test]
fn a_user_that_may_not_create_nodes_is_told_at_once() {
    if !has_curl() {
        return;
    }
    let installation = installation();
    installation.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
    installation.minute();
    let script = user_data(&installation);
    for (wrong, status) in [("registrar:another", "401"), ("mita:jenkins-api-token", "403")] {
        let machine = Machine::new("192.168.1.188");
        let booted = machine.boot(&script.replace(&format!("registrar:{TOKEN}"), wrong));
        assert_eq!(booted.status.code(), Some(1));
        let line = text(&booted.stderr);
        assert!(
            line.starts_with(&format!("boot-inbound: Jenkins answers {status} to a new node: check user")),
            "{line}"
        );
        assert_eq!(line.lines().count(), 1, "{line}");
    }
    assert_eq!(installation.nodes(), [""; 0]);
}

#[test]
fn the_example_for_agents_that_call_in_starts_the_one_whose_node_mita_made() {
    if !has_curl() {
        return;
    }
    let installation = registering("boot-inbound-registered.sh", "register = \"inbound\"");
    let machine = Machine::new("192.168.1.188");
    let booted = machine.boot(&user_data(&installation));
    assert!(booted.status.success(), "{}", text(&booted.stderr));
    let name = installation.node();
    let secret = installation.sim.jenkins().agent_secret(&name);
    assert_eq!(machine.read("home/secret").trim(), secret);
    let mode = fs::metadata(machine.path("home/secret")).expect("the secret").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert!(machine.path("home/agent.jar").exists());
    let unit = machine.read("units/jenkins-agent.service");
    let url = installation.sim.jenkins_url();
    let arguments =
        format!("-url {url}/ -name {name} -secret @{}/secret -webSocket -workDir", machine.path("home").display());
    assert!(unit.contains(&arguments) && unit.contains("\nRestart=always\n"), "{unit}");
    let log = machine.read("log");
    assert!(log.ends_with("systemctl enable --now jenkins-agent.service\n"), "{log}");
    assert!(!log.contains(&secret) && !unit.contains(&secret), "no secret in the arguments of a process: {log}");
    installation.minutes_until(40, "the server is gone", |there| there.servers().is_empty());
    assert_eq!((installation.built(), installation.orders()), (vec!["ceph-build".to_owned()], 1));
}

#[test]
fn the_example_for_ssh_gives_the_key_of_the_node_type_to_the_user_that_jenkins_logs_in_as() {
    let lines = "register = \"ssh\"\ncredentials_id = \"jenkins-agent\"\nkeyname = \"jenkins-slave\"";
    let installation = registering("boot-ssh.sh", lines);
    let script = user_data(&installation);
    let machine = Machine::new("192.168.1.188");
    let without = machine.boot(&script);
    assert_eq!(text(&without.stderr), "boot-ssh: no user of this image has a key: has the node type a keyname?\n");
    fs::create_dir(machine.path("image-user")).expect("a folder");
    fs::write(machine.path("image-user/authorized_keys"), "ssh-ed25519 AAAA ci\n").expect("a file");
    for _ in 0..2 {
        let booted = machine.boot(&script);
        assert!(booted.status.success(), "{}", text(&booted.stderr));
        assert_eq!(machine.read("home/.ssh/authorized_keys"), "ssh-ed25519 AAAA ci\n");
    }
    let mode = |name: &str| fs::metadata(machine.path(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("home/.ssh"), mode("home/.ssh/authorized_keys")), (0o700, 0o600));
    assert!(!script.contains("secret="), "it holds none");
    installation.minutes_until(40, "the server is gone", |there| there.servers().is_empty());
    assert_eq!(installation.built(), ["ceph-build"]);
}
