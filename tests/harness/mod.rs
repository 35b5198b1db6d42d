//! One installation of mita beside a simulated controller and simulated clouds.
//!
//! A story sets the scene with [`Setup`], lets time pass in steps of a run and a minute, and looks at what is there
//! afterwards. Every run is the real one, from the configuration file to the state file; only its clock is the
//! simulator's. After each run the simulator is asked whether a promise was broken.

mod chance;
mod program;
mod proxy;
mod run;
mod setup;
pub(crate) mod side_by_side;
mod stage;
mod terminal;

pub(crate) use chance::Chance;
pub(crate) use program::{example, write_program};
pub(crate) use proxy::{Proxy, read_head};
pub(crate) use run::{Run, lines};
pub(crate) use setup::{Setup, TRUSTY, minutes, seconds};
pub(crate) use stage::Stage;

use clap::Parser;
use jiff::Timestamp;
use mita::cli;
use mita::cli::Arguments;
use mita::config::Config;
use mita::operator;
use mita::operator::{Answer, Request};
use mita::progress::Progress;
use mita::reconcile;
use mita::reconcile::{Decision, Moment, Permits, RunError};
use mita::record;
use mita_sim::openstack::Server;
use mita_sim::{Record, Sim};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

/// How many requests a failed story shows.
const SHOWN: usize = 25;

/// A running installation.
pub(crate) struct Installation {
    /// The world outside.
    pub(crate) sim: Sim,
    folder: tempfile::TempDir,
}

/// What a file is: its bytes, and when they were last written.
pub(crate) type Files = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

impl Installation {
    /// One run, without the minute after it.
    pub(crate) fn run(&self) -> Run {
        self.attempt(Permits::default()).unwrap_or_else(|error| panic!("the run ended early: {error}"))
    }

    /// One run, a minute before the next.
    pub(crate) fn minute(&self) -> Run {
        let run = self.run();
        self.sim.advance(minutes(1));
        run
    }

    /// So many of them; gives the last.
    pub(crate) fn minutes(&self, number: u32) -> Run {
        (0..number).map(|_| self.minute()).last().expect("at least one minute")
    }

    /// Minutes until it is so, counted; a story that takes longer than `most` fails.
    pub(crate) fn minutes_until(&self, most: u32, what: &str, mut so: impl FnMut(&Installation) -> bool) -> u32 {
        for passed in 0..=most {
            if so(self) {
                return passed;
            }
            self.minute();
        }
        panic!("not in {most} minutes: {what}");
    }

    /// One run that may end early.
    pub(crate) fn attempt(&self, permits: Permits) -> Result<Run, RunError> {
        let before = self.sim.world().log.len();
        let report = reconcile::reconcile(&self.config(), permits, self.moment(), &Progress::silent());
        self.sim.assert_promises();
        Ok(Run { report: report?, requests: self.sim.requests_after(before) })
    }

    /// One run with a record of it, as it was when the run was over, without the minute after it.
    pub(crate) fn recorded_run(&self) -> (Run, record::Record) {
        let mut record = None;
        let run = self.watched(|decision| record = Some(record::Record::of(decision)));
        let run = run.unwrap_or_else(|error| panic!("the run ended early: {error}"));
        let mut record = record.expect("a run that was watched");
        record.conclude(&run.report);
        (run, record)
    }

    /// One run whose decision is shown to somebody before anything is done.
    pub(crate) fn watched(&self, watch: impl FnOnce(Decision<'_>)) -> Result<Run, RunError> {
        let before = self.sim.world().log.len();
        let (permits, progress) = (Permits::default(), Progress::silent());
        let ended = reconcile::reconcile_with(&self.config(), permits, self.moment(), &progress, watch);
        self.sim.assert_promises();
        let (report, _) = ended?;
        Ok(Run { report, requests: self.sim.requests_after(before) })
    }

    /// The whole command `reconcile`, with everything that it leaves behind; its exit status.
    pub(crate) fn reconcile(&self, options: &[&str]) -> u8 {
        self.command(&[&["reconcile"], options].concat())
    }

    /// A whole command at the simulator's time; its exit status.
    pub(crate) fn command(&self, words: &[&str]) -> u8 {
        let config = self.config_file();
        let first = ["mita", "--quiet", "--config", config.to_str().expect("UTF-8")];
        let arguments = Arguments::try_parse_from(first.iter().chain(words)).expect("arguments");
        let exit = cli::run(arguments, self.moment()).unwrap_or_else(|failure| failure.exit());
        self.sim.assert_promises();
        exit.number()
    }

    /// What a person does with one node.
    pub(crate) fn by_hand(&self, node: &str, request: &Request) -> Answer {
        let answer = operator::execute(&self.config(), node, request, "adeza", self.moment(), &Progress::silent());
        self.sim.assert_promises();
        answer.unwrap_or_else(|error| panic!("it ended early: {error}"))
    }

    /// A dry run.
    pub(crate) fn dry_run(&self) -> Run {
        let before = self.sim.world().log.len();
        let report = reconcile::dry_run(&self.config(), Permits::default(), self.moment(), &Progress::silent());
        let report = report.unwrap_or_else(|error| panic!("the dry run ended early: {error}"));
        Run { report, requests: self.sim.requests_after(before) }
    }

    #[expect(clippy::disallowed_methods, reason = "a run's deadline is real time, as in the program itself")]
    fn moment(&self) -> Moment {
        let now = i64::try_from(self.sim.now()).expect("a time of this century");
        Moment { now: Timestamp::from_millisecond(now).expect("a time of this century"), started: Instant::now() }
    }

    /// The configuration, as it stands in the file just now.
    pub(crate) fn config(&self) -> Config {
        match Config::load(&self.config_file()) {
            Ok(loaded) => loaded.config,
            Err(errors) => panic!("a configuration of a story must be right: {errors}"),
        }
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("mita.toml")
    }

    pub(crate) fn state_file(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder.path().join("state.json.lock")
    }

    /// Changes the configuration file, as an operator between two runs.
    pub(crate) fn edit_config(&self, edit: impl FnOnce(String) -> String) {
        let path = self.config_file();
        let text = edit(fs::read_to_string(&path).expect("the configuration"));
        fs::write(path, text).expect("a writable folder");
    }

    /// The state file, read as JSON.
    pub(crate) fn state(&self) -> serde_json::Value {
        let text = fs::read(self.state_file()).expect("a state file");
        serde_json::from_slice(&text).expect("JSON in the state file")
    }

    /// Every file of the installation.
    pub(crate) fn files(&self) -> Files {
        let entries =
            fs::read_dir(self.folder.path()).expect("the folder").map(|entry| entry.expect("an entry").path());
        let read = |path: PathBuf| {
            let written = fs::metadata(&path).and_then(|data| data.modified()).expect("its time");
            (path.clone(), (fs::read(&path).expect("its bytes"), written))
        };
        entries.map(read).collect()
    }

    /// The servers of a cloud that are not on their way out.
    pub(crate) fn servers_of(&self, cloud: &str) -> Vec<Server> {
        self.sim.cloud(cloud).servers.iter().filter(|server| !server.deleting()).cloned().collect()
    }

    /// The servers of the first cloud that are not on their way out.
    pub(crate) fn servers(&self) -> Vec<Server> {
        self.servers_of("openstack")
    }

    /// The one server of the first cloud.
    pub(crate) fn server(&self) -> Server {
        let mut servers = self.servers();
        assert_eq!(servers.len(), 1, "one server is there: {servers:?}");
        servers.remove(0)
    }

    /// The names of all agents in Jenkins.
    pub(crate) fn nodes(&self) -> Vec<String> {
        self.sim.jenkins().node_names()
    }

    /// The one agent in Jenkins.
    pub(crate) fn node(&self) -> String {
        let mut nodes = self.nodes();
        assert_eq!(nodes.len(), 1, "one agent is there: {nodes:?}");
        nodes.remove(0)
    }

    /// How many orders a cloud took or refused.
    pub(crate) fn orders(&self) -> usize {
        self.sim.requests().iter().filter(|request| is_order(request)).count()
    }

    /// Prints the last requests, for a story that failed.
    pub(crate) fn show_requests(&self) {
        let requests = self.sim.requests();
        eprintln!("the last of {} requests:", requests.len());
        for request in requests.iter().skip(requests.len().saturating_sub(SHOWN)) {
            let status = request.status.map_or("no answer".to_owned(), |status| status.to_string());
            let query: String = request.query.chars().take(60).collect();
            eprintln!("  {} {} {query} {status}", mita_sim::clock::iso(request.at), request.line());
        }
    }

    /// Builds that were torn off their node.
    pub(crate) fn killed(&self) -> Vec<String> {
        self.sim.jenkins().finished.iter().filter(|build| build.killed).map(|build| build.job.clone()).collect()
    }

    /// Builds that came to their end.
    pub(crate) fn built(&self) -> Vec<String> {
        self.sim.jenkins().finished.iter().filter(|build| !build.killed).map(|build| build.job.clone()).collect()
    }
}

/// Whether a request is an order.
pub(crate) fn is_order(request: &Record) -> bool {
    request.method == "POST" && (request.path.ends_with("/servers") || request.path == "/command/create")
}

impl Drop for Installation {
    /// A story that failed shows what was sent last.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_requests();
        }
    }
}
