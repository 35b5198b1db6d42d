//! What to try: commands that can be copied.

use mita_sim::Sim;
use std::path::Path;
use std::time::Duration;

/// What to try, each with its commands.
const TRY: &[(&str, &[&str])] = &[
    ("Do the configuration, Jenkins and the cloud agree?", &["check --online"]),
    ("What is there, and what does mita think of it? Once, or until Ctrl-C:", &["status", "status --watch 5"]),
    ("What would a run do? And do it, every half minute or so:", &["reconcile --dry-run", "reconcile"]),
    ("Why does a job wait, and who can build what?", &["explain win-build", "explain 'amd64 && trusty'"]),
];

/// The commands for one configuration.
pub(crate) struct Guide {
    config: String,
    page: String,
    hint_given: bool,
}

impl Guide {
    pub(crate) fn new(config: &Path) -> Guide {
        let page = config.with_file_name(crate::site::PAGE);
        Guide { config: quoted(&from_here(config)), page: from_here(&page), hint_given: false }
    }

    /// The text for the start.
    pub(crate) fn welcome(&self, sim: &Sim, cron: Option<Duration>) -> String {
        let mut text = format!(
            "A CI farm runs here until Ctrl-C, simulated, on this machine only:\n\n  \
             Jenkins        {}/\n  OpenStack      {}\n  configuration  {}\n  status page    {} (after a run)\n\n",
            sim.jenkins_url(),
            sim.auth_url("openstack"),
            self.config,
            self.page,
        );
        text.push_str(&match cron {
            Some(interval) => format!("mita runs every {interval:?}, as under cron.\n"),
            None => "mita runs when you run it; with --cron 30s it runs every 30 seconds.\n".to_owned(),
        });
        text.push_str("\nTry it in a second terminal, in this folder:\n");
        for (what, commands) in TRY {
            text.push_str(&format!("\n{what}\n"));
            for words in *commands {
                text.push_str(&format!("  {}\n", self.command(words)));
            }
        }
        text.push_str(&first_configuration(sim));
        text.push_str("\nEvents:\n");
        text
    }

    /// What to try with a node of mita's: once, when there is one.
    pub(crate) fn hint(&mut self, node: Option<&str>) -> Option<String> {
        let node = quoted(node.filter(|_| !self.hint_given)?);
        self.hint_given = true;
        let hold = self.command(&format!("hold {node}"));
        Some(format!("\nA node is online. Hold it, so that mita leaves it alone; release ends that:\n  {hold}\n"))
    }

    fn command(&self, words: &str) -> String {
        format!("cargo run -q -- {words} --config {}", self.config)
    }
}

/// What to answer to `mita init`.
fn first_configuration(sim: &Sim) -> String {
    let cloud = sim.cloud("openstack");
    let credentials = cloud
        .app_credentials
        .iter()
        .map(|credential| format!("  application credential {}, secret {}\n", credential.id, credential.secret));
    let credentials: String = credentials.take(1).collect();
    format!(
        "\nWrite a configuration of your own, with mita init in an empty folder? Its answers here:\n  Jenkins: user mita, \
         token jenkins-api-token\n  OpenStack: user mita, password mita-secret, project ceph-ci; or\n{credentials}"
    )
}

/// The path as it is from the current folder, where it is below it.
fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
