//! The backend `examples/backends/lxc` with containers that really boot.
//!
//! These tests need root, the packages lxc and iproute2, and an image that `examples/backends/lxc-image` made; the variable
//! `MITA_TEST_LXC_IMAGE` names its folder. Without one of these they say so and pass.

use super::backend::{Backend, TIMEOUT};
use super::trials::Others;
use super::{PATIENCE, Site, clock, example, has_python, pause, trials};
use mita_sim::SimOptions;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// In front of the boot script of the examples: a program that does of an agent what the simulated controller needs.
const JAVA: &str = r#"#!/bin/bash
cat >/usr/local/bin/java <<'JAVA'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in -url) url=$2 ;; -name) name=$2 ;; -secret) secret=${2#@} ;; esac
    shift
done
while :; do
    curl --silent --max-time 10 --output /dev/null -H "Node-Name: $name" -H "Secret-Key: $(cat "$secret")" \
        -H "Connection: Upgrade" -H "Upgrade: websocket" "$url"wsagents/
    sleep 0.2
done
JAVA
chmod 755 /usr/local/bin/java
"#;

/// A bridge and a folder of the backend, with nothing else in them.
struct Machines {
    root: tempfile::TempDir,
    bridge: String,
    address: Ipv4Addr,
}

impl Machines {
    /// None if this machine has no containers.
    fn new() -> Option<Self> {
        let missing = missing();
        if let Some(missing) = &missing {
            eprintln!("skipped: no containers: {missing}");
            return None;
        }
        static NUMBER: AtomicU8 = AtomicU8::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        // A network that no other test has, in the range for tests of networks (RFC 2544).
        let address = Ipv4Addr::new(198, 18, u8::try_from(process % 256).unwrap(), number * 32 + 1);
        // Not in memory, where a layer of an overlay cannot be on older kernels.
        let root = tempfile::tempdir_in("/var/tmp").unwrap();
        fs::create_dir(root.path().join("images")).unwrap();
        fs::set_permissions(root.path().join("images"), Permissions::from_mode(0o711)).unwrap();
        symlink(image().unwrap(), root.path().join("images/debian")).unwrap();
        let bridge = format!("mita-{process}-{number}");
        ip(&["link", "add", &bridge, "type", "bridge"]);
        ip(&["address", "add", &format!("{address}/27"), "dev", &bridge]);
        ip(&["link", "set", &bridge, "up"]);
        Some(Self { root, bridge, address })
    }

    fn command(&self) -> Vec<String> {
        let root = self.root.path().display().to_string();
        vec![
            example("backends/lxc").display().to_string(),
            "--root".into(),
            root,
            "--bridge".into(),
            self.bridge.clone(),
        ]
    }

    /// An installation with this boot script, whose controller the containers can reach.
    fn site(&self, script: &str) -> Site {
        let command = self.command();
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let options = SimOptions { jenkins_address: self.address, ..SimOptions::default() };
        Site::with(options, &command, script, "")
    }

    /// A request to create a server with this boot script; the id is that of no other test.
    fn order(&self, script: &str) -> Value {
        json!({"mita_id": self.bridge, "name": "debian", "user_data": script, "metadata": {"mita_id": self.bridge}})
    }

    fn servers(&self) -> PathBuf {
        self.root.path().join("servers")
    }

    /// What there is of containers of this backend: folders, devices, mounts, control groups, processes.
    fn left(&self) -> Vec<String> {
        let mut left: Vec<String> = names(&self.servers());
        left.extend(names(&self.root.path().join("new")));
        left.extend(names(Path::new(&format!("/sys/class/net/{}/brif", self.bridge))));
        let root = self.root.path().display().to_string();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        left.extend(mounts.lines().filter(|line| line.contains(&root)).map(str::to_owned));
        let ids = names(&self.root.path().join("gone"));
        let groups =
            names(Path::new("/sys/fs/cgroup")).into_iter().map(|group| Path::new("/sys/fs/cgroup").join(group));
        for group in groups.chain([PathBuf::from("/sys/fs/cgroup")]) {
            left.extend(names(&group).into_iter().filter(|name| ids.iter().any(|id| name.contains(id))));
        }
        for process in names(Path::new("/proc")) {
            let command = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            if command.contains("lxc") && ids.iter().any(|id| command.contains(id)) {
                left.push(command);
            }
        }
        left
    }

    /// Waits, in real time, until nothing is left.
    fn nothing_is_left(&self) {
        let started = clock();
        while let left = self.left()
            && !left.is_empty()
        {
            assert!(started.elapsed() < PATIENCE, "left after {PATIENCE:?}: {left:#?}");
            pause(Duration::from_millis(50));
        }
    }
}

impl Drop for Machines {
    /// Nothing is left, also where the test failed.
    fn drop(&mut self) {
        let backend = Backend::new(self.command(), TIMEOUT);
        for id in names(&self.servers()) {
            drop(backend.call("delete", json!({"id": id})));
        }
        let started = clock();
        while !names(&self.servers()).is_empty() && started.elapsed() < PATIENCE {
            drop(backend.call("list", json!({})));
            pause(Duration::from_millis(100));
        }
        ip(&["link", "delete", &self.bridge]);
    }
}

/// What this machine lacks for containers.
fn missing() -> Option<String> {
    if !nix::unistd::geteuid().is_root() {
        return Some("the tests do not run as root".to_owned());
    }
    if !has_python() {
        return Some("there is no python3".to_owned());
    }
    for program in ["lxc-start", "ip"] {
        if Command::new(program).arg("--help").output().is_err() {
            return Some(format!("there is no {program}"));
        }
    }
    image().is_none().then(|| "MITA_TEST_LXC_IMAGE names no image; examples/backends/lxc-image makes one".to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the tests' own switch, no part of the program")]
fn image() -> Option<PathBuf> {
    std::env::var_os("MITA_TEST_LXC_IMAGE").map(PathBuf::from).filter(|folder| folder.is_dir())
}

fn ip(arguments: &[&str]) {
    let done = Command::new("ip").args(arguments).output().unwrap();
    assert!(done.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// The names of what is in a folder; none if there is none.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Waits, in real time, until the server is in this state.
fn becomes(backend: &Backend, id: &Value, state: &str) -> Value {
    let started = clock();
    loop {
        let shown = backend.ask("show", json!({"id": id, "console": true})).unwrap();
        if shown["server"]["state"] == state {
            return shown;
        }
        assert!(started.elapsed() < PATIENCE, "not {state} in {PATIENCE:?}: {shown}");
        pause(Duration::from_millis(50));
    }
}

#[test]
fn a_container_keeps_the_contract() {
    let Some(machines) = Machines::new() else { return };
    let trials = trials::run(&Backend::new(machines.command(), TIMEOUT), Others::Tried);
    let wrong: Vec<_> = trials.iter().filter(|trial| !trial.wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    machines.nothing_is_left();
}

#[test]
fn a_job_is_served_by_a_container_that_boots_with_the_script_of_the_examples_and_nothing_is_left() {
    let Some(machines) = Machines::new() else { return };
    let script = fs::read_to_string(example("boot-inbound-registered.sh")).unwrap();
    let site = machines.site(&format!("{JAVA}{script}"));
    site.queue();
    site.minute();
    let servers = site.servers();
    assert_eq!(servers.len(), 1, "{servers:?}");
    assert_eq!(servers[0]["metadata"]["mita_owner"], "local-tests");
    site.agent_connects();
    for _ in 0..12 {
        site.minute();
        let ended = clock();
        // The clock of the runs is not that of the containers, which take a moment to go.
        while site.servers().iter().any(|server| server["state"] == "deleting") && ended.elapsed() < PATIENCE {
            pause(Duration::from_millis(50));
        }
    }
    assert_eq!((site.built(), site.servers().len()), (1, 0));
    assert_eq!(site.sim.jenkins().node_names(), ["vault"], "its node is gone");
    assert_eq!(names(&machines.root.path().join("gone")).len(), 1, "there was one container");
    machines.nothing_is_left();
}

#[test]
fn a_boot_script_runs_once_as_root_of_the_container_and_its_output_is_on_the_console() {
    let Some(machines) = Machines::new() else { return };
    let backend = Backend::new(machines.command(), TIMEOUT);
    let script = "#!/bin/sh\necho \"it's $(id -u) with '\\$HOME' \\\"quotes\\\" ünïcödé\" >>/seen; cat /seen; reboot\n";
    let created = backend.ask("create", machines.order(script)).unwrap();
    let id = &created["server"]["id"];
    let started = clock();
    let disk = machines.servers().join(id.as_str().unwrap()).join("disk");
    // It starts again, and the script does not. Once the prompt is there, systemd may tell no more: a reboot would follow it.
    let mut prompted = clock();
    loop {
        let shown = becomes(&backend, id, "active");
        let console = shown["console"].as_str().unwrap_or_default();
        if !console.trim_end().ends_with(" login:") {
            prompted = clock();
        }
        if console.contains("Reached target multi-user.target") || prompted.elapsed() > PATIENCE / 6 {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "it did not boot again: {shown}");
        pause(Duration::from_millis(50));
    }
    let seen = fs::read_to_string(disk.join("seen")).unwrap();
    assert_eq!(seen, "it's 0 with '$HOME' \"quotes\" ünïcödé\n");
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(disk.join("seen")).unwrap());
    assert_eq!(owner, 100_000, "root of the container is nobody on the machine");
}

#[test]
fn a_container_that_cannot_start_is_an_error_with_its_reason_and_can_be_deleted() {
    let Some(machines) = Machines::new() else { return };
    let broken = machines.root.path().join("broken.conf");
    fs::write(&broken, "lxc.mount.entry = /no/such/folder mnt none bind 0 0\n").unwrap();
    let more = ["--config".to_owned(), broken.display().to_string()];
    let backend = Backend::new([machines.command(), more.to_vec()].concat(), TIMEOUT);
    let created = backend.ask("create", machines.order("#!/bin/sh\n")).unwrap();
    let id = &created["server"]["id"];
    let shown = becomes(&backend, id, "error");
    assert!(shown["server"]["fault"].as_str().unwrap().contains("/no/such/folder"), "{shown}");
    assert_eq!(shown["server"]["metadata"]["mita_id"], machines.bridge.as_str());
    assert_eq!(backend.ask("delete", json!({"id": id})).unwrap()["existed"], true);
    machines.nothing_is_left();
}

#[test]
fn a_container_that_ends_is_stopped_and_not_started_again() {
    let Some(machines) = Machines::new() else { return };
    let backend = Backend::new(machines.command(), TIMEOUT);
    let created = backend.ask("create", machines.order("#!/bin/sh\npoweroff\n")).unwrap();
    let id = &created["server"]["id"];
    becomes(&backend, id, "stopped");
    let again = backend.ask("create", machines.order("#!/bin/sh\n")).unwrap();
    assert_eq!((&again["server"]["id"], &again["server"]["state"]), (id, &json!("stopped")));
}

#[test]
fn what_an_operator_got_wrong_is_said_and_nothing_is_created() {
    let Some(machines) = Machines::new() else { return };
    let backend = |more: &[&str]| {
        let command = machines.command().into_iter().chain(more.iter().map(|&word| word.to_owned()));
        Backend::new(command.collect(), TIMEOUT)
    };
    let script = "#!/bin/sh\n";
    let with = |key: &str, value: &str| {
        let mut order = machines.order(script);
        order[key] = json!(value);
        order
    };
    for (more, order, status, said) in [
        (&[] as &[&str], with("image", "slink"), 65, "no image slink; there are: debian"),
        (&[], with("size", "huge"), 65, "no size huge; there are: small, large"),
        (&[], with("user_data", "#cloud-config\n"), 65, "a script that begins with #!"),
        (&["--max", "0"], with("size", "small"), 73, "there may be 0 servers"),
        (&["--bridge", "no-bridge"], with("size", "small"), 69, "no-bridge"),
    ] {
        let ended = backend(more).call("create", order);
        assert_eq!(ended.status, Some(status), "{said}: {ended:?}");
        assert!(ended.answer("create").unwrap_err().contains(said), "{said}: {ended:?}");
    }
    let asked = json!({"node_types": {"a": {"image": "debian", "size": "tiny"}, "b": {"image": "slink"}, "c": {}}});
    let known = backend(&["--max", "7", "--size", "tiny=1,256"]).ask("check", asked).unwrap();
    assert_eq!(known["quota"]["servers"], json!({"limit": 7, "used": 0}));
    assert_eq!(known["node_types"]["a"], json!({"problem": null, "cores": 1, "ram_mib": 256}));
    assert_eq!(known["node_types"]["b"]["problem"], "no image slink; there are: debian");
    assert_eq!(known["node_types"]["c"], known["node_types"]["a"]);
    assert_eq!(machines.left(), [""; 0]);
}
