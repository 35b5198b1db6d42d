//! How the simulated controller is set up.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::jenkins::queue::placement::Placement;
use crate::jenkins::version::Version;
use crate::jenkins::web::auth::{Permission, User};
use crate::jenkins::why::wording::Language;

/// How the controller is set up.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its release; it decides the wording of `why`, what is exported and which faults of Jenkins it has.
    pub version: Version,
    /// Which of the nodes that can take a build gets it.
    pub placement: Placement,
    /// The path prefix, such as `/jenkins`; empty for none.
    pub prefix: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// What is allowed without logging in.
    pub anonymous: BTreeSet<Permission>,
    /// Executors of the built-in node (0, as recommended; it is listed all the same, unlike an agent).
    pub built_in_executors: usize,
    /// The label string of the built-in node.
    pub built_in_labels: String,
    /// The language of all answers, where a plugin (Locale) makes it ignore what requests ask for.
    pub language: Option<Language>,
    /// Whether crumbs are wanted of those who log in with a password.
    pub crumbs: bool,
    /// Whether pipeline tasks export `name`, `fullDisplayName` and `url`
    /// (workflow-durable-task-step since 2.38).
    pub pipeline_names: bool,
    /// Whether the plugin SSH Build Agents is there.
    pub ssh_build_agents: bool,
    /// From the order to start an agent of a node that was made over the API to its being online.
    pub agent_start: Duration,
    /// How long after it is up it queues the blocks again that ran before: it loads the state of their runs first.
    pub resumes_after: Duration,
    /// The ids of the credentials for agents.
    pub credentials: Vec<String>,
    /// The configured root URL, which item and task URLs begin with; it need not be the real one.
    pub root_url: Option<String>,
    /// Whether a proxy before it removes the `Authorization` header.
    pub loses_credentials: bool,
    /// Which of its headers a proxy before it removes.
    pub lost_headers: &'static [&'static str],
    /// Whether its pages show which start they are of, in the addresses of what they load.
    pub pages_show_session: bool,
    /// The names of its jobs.
    pub jobs: Vec<String>,
    /// How many seconds its clock is ahead of the simulated one, as `Date` shows it.
    pub clock_ahead: i64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            version: Version::new(2, 578),
            placement: Placement::ConsistentHash,
            prefix: String::new(),
            users: vec![User::new("mita", "jenkins-api-token")],
            anonymous: BTreeSet::new(),
            built_in_executors: 0,
            built_in_labels: "built-in".into(),
            language: None,
            crumbs: true,
            pipeline_names: true,
            ssh_build_agents: true,
            agent_start: Duration::from_secs(20),
            resumes_after: Duration::ZERO,
            credentials: vec!["jenkins-agent".into()],
            root_url: None,
            loses_credentials: false,
            lost_headers: &[],
            pages_show_session: true,
            jobs: vec!["ceph-build".into()],
            clock_ahead: 0,
        }
    }
}
