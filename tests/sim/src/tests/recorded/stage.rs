//! A simulator in the making, set up as the recorded controller was.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::wire::Answer;
use crate::jenkins::nodes::Node;
use crate::jenkins::queue::Job;
use crate::jenkins::{Options, User, Version};
use crate::{JenkinsView, Sim, SimOptions};

/// Longer than any scene.
pub(super) const LONG: Duration = Duration::from_secs(100_000);
/// What mita writes on a node that it retires.
pub(super) const MARK: &str = "mita retires this node: owner=ci.example.com server=4e9d1a2b rule=idle";
/// What the API says of an agent that could not be started.
pub(super) const NOT_LAUNCHED: &str = "This agent is offline because Jenkins failed to launch the agent process on it.";

/// A simulator, and what the recorded request has to be given of it.
pub(super) struct Stage {
    pub(super) sim: Sim,
    replaced: Vec<(String, String)>,
}

impl Stage {
    /// The release, the users and the jobs of the recorded controller, which has no agents.
    pub(super) fn new() -> Self {
        Stage::with(|_| {})
    }

    /// The same with other options.
    pub(super) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let users = vec![User::new("alice", "TOKEN"), User::new("mita", "TOKEN").password("PASSWORD")];
        let jobs = vec!["ajob".into(), "bjob".into()];
        let mut jenkins = Options { version: Version::lts(2, 426, 3), users, jobs, ..Options::default() };
        change(&mut jenkins);
        let sim = Sim::start(SimOptions { jenkins, ..SimOptions::default() }).unwrap();
        Stage { sim, replaced: Vec::new() }
    }

    pub(super) fn jenkins(&self) -> JenkinsView<'_> {
        self.sim.jenkins()
    }

    /// An agent that was never connected.
    pub(super) fn agent(self, name: &str, labels: &str) -> Self {
        self.jenkins().add_node(Node::new(name, labels, 1));
        self
    }

    /// An agent that is online.
    pub(super) fn online(self, name: &str, labels: &str) -> Self {
        self.jenkins().add_node(Node::new(name, labels, 1).online());
        self
    }

    pub(super) fn job(self, job: Job) -> Self {
        self.jenkins().submit(job.lasting(LONG));
        self
    }

    /// Freestyle jobs, each with its label; none where that is empty.
    pub(super) fn jobs(self, jobs: &[(&str, &str)]) -> Self {
        for (name, label) in jobs {
            let job = Job::freestyle(name);
            self.jenkins().submit(if label.is_empty() { job } else { job.label(label) }.lasting(LONG));
        }
        self
    }

    /// A build that runs on a node, past the queue.
    pub(super) fn building(self, node: &str, job: Job) -> Self {
        assert!(self.jenkins().occupy(node, job.lasting(LONG)), "{node} has an idle executor");
        self
    }

    /// Something else that happens to the controller.
    pub(super) fn then(self, what: impl FnOnce(&mut JenkinsView<'_>)) -> Self {
        what(&mut self.jenkins());
        self
    }

    pub(super) fn later(self, by: Duration) -> Self {
        self.sim.advance(by);
        self
    }

    /// Alice sends a POST.
    pub(super) fn post(self, target: &str) -> Self {
        let head = format!(
            "POST {target} HTTP/1.1\r\nhost: x\r\nauthorization: Basic YWxpY2U6VE9LRU4=\r\ncontent-length: 0\r\n\r\n"
        );
        let answer = self.send(head.as_bytes());
        assert!(answer.status < 400, "{target}: {}", answer.text());
        self
    }

    /// Puts a value of this simulator in the place of one of the recorded request.
    pub(super) fn replacing(mut self, recorded: &str, own: &str) -> Self {
        self.replaced.push((recorded.to_string(), own.to_string()));
        self
    }

    /// Sends a request as it was recorded.
    pub(super) fn send(&self, request: &[u8]) -> Answer {
        let mut request = request.to_vec();
        if !self.replaced.is_empty() {
            let mut text = String::from_utf8(request).unwrap();
            for (recorded, own) in &self.replaced {
                text = text.replace(recorded, own);
            }
            request = text.into_bytes();
        }
        let line = request.windows(2).position(|w| w == b"\r\n").expect("a request line");
        request.splice(line..line, b"\r\nconnection: close".iter().copied());
        let address = self.sim.jenkins_url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(&request).unwrap();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        assert!(read.is_ok(), "{read:?}: {}", String::from_utf8_lossy(&request));
        Answer::parse(&answer)
    }
}
