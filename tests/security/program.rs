//! The executable with a configuration of its own, watched while it runs.

use super::{now, pause};
use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long any run may take before the test gives it up: more than any deadline in these tests.
const FOREVER: Duration = Duration::from_secs(300);

/// An installation: a folder with a configuration.
pub(super) struct Place {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) took: Duration,
    /// The most memory that the process ever had, in MiB.
    pub(super) memory: u64,
    /// For how long it had a processor, in seconds: no other process makes that longer.
    pub(super) processor: f64,
}

/// What the services are called and who logs in, for a usual configuration.
pub(super) struct Login<'a> {
    pub(super) jenkins: &'a str,
    pub(super) token: &'a str,
    pub(super) cloud: &'a str,
    pub(super) password: &'a str,
    /// Lines of their own for the tables `[jenkins]` and `[provider.cloud]`.
    pub(super) more: &'a str,
}

impl<'a> Login<'a> {
    /// With credentials of no meaning.
    pub(super) fn to(jenkins: &'a str, cloud: &'a str) -> Self {
        Login { jenkins, token: "jenkins-token-4711", cloud, password: "cloud-password-4711", more: "" }
    }
}

/// A usual configuration.
pub(super) fn usual(login: &Login<'_>) -> String {
    let Login { jenkins, token, cloud, password, more } = login;
    let auth = format!("auth_url = {cloud:?}\nusername = \"mita\"\npassword = {password:?}\ntenant_name = \"ceph-ci\"");
    format!(
        "state_file = \"state.json\"\nowner = \"ceph-ci\"\ndeadline = \"20s\"\n\
         [jenkins]\nurl = {jenkins:?}\nuser = \"mita\"\ntoken = {token:?}\n{more}\n\
         [provider.cloud]\n{auth}\n{more}\n\
         [nodes.trusty]\nprovider = \"cloud\"\nimage_name = \"trusty-image\"\nsize = \"small\"\nlabels = [\"trusty\"]\n"
    )
}

impl Place {
    /// A folder with this configuration.
    pub(super) fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = Self { folder, environment: BTreeMap::new() };
        place.write("mita.toml", config);
        place
    }

    /// Writes a file that nobody else can read.
    pub(super) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a writable folder");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its own file");
        path
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A variable for the programs started from now on.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// All files but the configuration, by name.
    pub(super) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.folder.path()).expect("the folder").flatten();
        let named = entries.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()));
        named
            .filter(|(name, _)| name != "mita.toml")
            .map(|(name, path)| (name, fs::read(path).expect("bytes")))
            .collect()
    }

    /// Starts the program. What it writes goes into files, so that it never waits for a reader.
    pub(super) fn start(&self, arguments: &[&str]) -> Running {
        self.start_as(Command::new(env!("CARGO_BIN_EXE_mita")), arguments)
    }

    /// Starts the program by this command.
    pub(super) fn start_as(&self, mut command: Command, arguments: &[&str]) -> Running {
        let out = tempfile::tempfile().expect("a temporary file");
        let err = tempfile::tempfile().expect("a temporary file");
        command.env_clear().envs(&self.environment).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(out.try_clone().expect("a handle")).stderr(err.try_clone().expect("a handle"));
        let started = now();
        let child = command.arg("--config").arg(self.path("mita.toml")).args(arguments).spawn().expect("it starts");
        Running { child, out, err, started }
    }

    /// Runs the program to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }
}

/// A process under way.
pub(super) struct Running {
    pub(super) child: Child,
    out: File,
    err: File,
    started: std::time::Instant,
}

impl Running {
    /// A file of `/proc/PID`.
    pub(super) fn proc(&self, name: &str) -> Vec<u8> {
        fs::read(Path::new("/proc").join(self.child.id().to_string()).join(name)).unwrap_or_default()
    }

    /// Waits for the end.
    pub(super) fn end(mut self) -> Ended {
        let (mut memory, mut processor) = (0, 0.0);
        let status = loop {
            memory = memory.max(self.most_memory().unwrap_or(0));
            processor = self.processor_seconds().unwrap_or(processor);
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None if self.started.elapsed() > FOREVER => {
                    self.child.kill().expect("a child");
                    panic!("the program hangs: {}", text(&mut self.err));
                }
                None => pause(Duration::from_millis(3)),
            }
        };
        let took = self.started.elapsed();
        let (stdout, stderr) = (text(&mut self.out), text(&mut self.err));
        Ended { status: status.code(), stdout, stderr, took, memory, processor }
    }

    /// `utime` and `stime` of proc(5), in seconds: Linux counts them in hundredths for programs.
    fn processor_seconds(&self) -> Option<f64> {
        let stat = String::from_utf8(self.proc("stat")).ok()?;
        let times = stat.rsplit_once(')')?.1.split_whitespace().skip(11).take(2);
        times.map(|ticks| ticks.parse::<f64>().ok()).sum::<Option<f64>>().map(|ticks| ticks / 100.0)
    }

    /// `VmHWM` of proc(5), in MiB. Until the kernel has loaded its program, a process has the memory of this one.
    fn most_memory(&self) -> Option<u64> {
        let program = fs::read_link(format!("/proc/{}/exe", self.child.id())).ok()?;
        if std::env::current_exe().is_ok_and(|this| this == program) {
            return None;
        }
        let status = String::from_utf8(self.proc("status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
    }
}

fn text(file: &mut File) -> String {
    use std::io::Seek;
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("its own file");
    String::from_utf8(bytes).expect("UTF-8")
}
