//! What to try: commands that can be copied, on one screen of 80 columns and 24 lines.

use crate::site::{PAGE, Site};
use mita::domain::format::in_shell;
use std::path::Path;
use std::time::Duration;

/// What to try, each with what it is for.
const TRY: &[(&str, &str)] = &[
    ("check --online", "is the configuration right?"),
    ("status", "what is there? (also: --watch)"),
    ("reconcile --dry-run", "what would a run do?"),
    ("reconcile", "do it (again every half minute)"),
    ("explain win-build", "why does this job wait?"),
    ("explain 'amd64 && trusty'", "what can build this?"),
    ("history", "what was done, and why?"),
    ("pause --for 5m", "order and remove nothing"),
    ("resume", "go on"),
];

/// What to try with a node of mita's.
const WITH_NODE: &[(&str, &str)] =
    &[("hold", "leave it alone"), ("release", "end that"), ("retire", "remove it and its server")];

/// The commands for one configuration.
pub(crate) struct Guide<'a> {
    site: &'a Site,
    hint_given: bool,
}

impl Guide<'_> {
    pub(crate) fn new(site: &Site) -> Guide<'_> {
        Guide { site, hint_given: false }
    }

    /// The text for the start.
    pub(crate) fn welcome(&self, cron: Option<Duration>) -> String {
        let Site { sim, config, .. } = self.site;
        let cron = match cron {
            Some(interval) => format!("every {interval:?}, as under cron"),
            None => "when you run it (with --cron 30s, every 30s)".to_owned(),
        };
        let mut text = format!(
            "A simulated CI farm runs here until Ctrl-C, for this machine only. mita runs\n\
             {cron}. In a second terminal, in\nthis folder:\n\n  export MITA_CONFIG={}\n",
            in_shell(&from_here(config))
        );
        text.extend(TRY.iter().map(|(words, purpose)| self.line(words, purpose)));
        text.push_str(
            "\nFor mita init in an empty folder: user mita, token jenkins-api-token;\n\
             for OpenStack user mita, password mita-secret, project ceph-ci.\n",
        );
        text.push_str(&format!(
            "\n  Jenkins      {}/\n  OpenStack    {}\n  status page  {} (after a run)\n",
            sim.jenkins_url(),
            sim.auth_url("openstack"),
            from_here(&config.with_file_name(PAGE)),
        ));
        text
    }

    /// What to try with a node of mita's: once, when there is one.
    pub(crate) fn hint(&mut self, node: Option<&str>) -> Option<String> {
        let node = in_shell(node.filter(|_| !self.hint_given)?);
        self.hint_given = true;
        let lines = WITH_NODE.iter().map(|(words, purpose)| self.line(&format!("{words} {node}"), purpose));
        Some(format!("\nA node is online:\n{}", lines.collect::<String>()))
    }

    fn line(&self, words: &str, purpose: &str) -> String {
        format!("  {:<44} # {purpose}\n", format!("{} {words}", self.site.program))
    }
}

/// The path as it is from the current folder, where it is below it.
fn from_here(path: &Path) -> String {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    below.unwrap_or(path).display().to_string()
}
