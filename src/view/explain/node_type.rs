//! A node type: its servers, what mita has learned of it, and whether it is ordered at each of its providers.

use crate::config::NodeType;
use crate::domain::rule::Rule;
use crate::view::explain::finding::{Candidate, Finding, Kind, What};
use crate::view::explain::{failure, forecast, provider};
use crate::view::overview::{Overview, ServerView};
use crate::view::text::plural;

pub(super) fn explain(overview: &Overview<'_>, kind: &NodeType, servers: &[ServerView<'_>]) -> Finding {
    let mut finding = Finding::new(Kind::NodeType, &kind.name, kind.name.as_str());
    let there = overview.counted(servers, Some(&kind.name));
    let max = kind.max.map_or_else(String::new, |max| format!(" of {max} at most"));
    let leaving =
        servers.iter().filter(|view| view.node_type() == Some(&kind.name) && view.verdict.rule == Rule::Deleting);
    let leaving = match leaving.count() {
        0 => String::new(),
        leaving => format!(", and {leaving} being deleted"),
    };
    finding.fact(What::Servers, format!("{there}{max}{leaving}; mita status servers {} lists them", kind.name));
    let labels: Vec<&str> = kind.all_labels().collect();
    finding.fact(What::Labels, labels.join(", "));
    finding.fact(What::Runs, format!("{} at a time on each", plural(kind.executors as usize, "build")));
    forecast::add_of_type(overview, &mut finding, kind);
    failure::add_of_type(overview, &mut finding, &kind.name);
    for config in overview.config.providers.iter().filter(|config| kind.providers.contains(&config.name)) {
        let (fits, reason) = provider::orders(overview, config, kind, servers);
        finding.answer(Candidate::Provider, &config.name, fits, reason);
    }
    finding
}
