//! What `mita check` found: its JSON document and its text.

use crate::config::{ConfigErrors, Loaded, NodeType};
use crate::record::clean;
use crate::view::document::VERSION;
use crate::view::text::plural;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// What is wrong with the configuration, and with `--online` also what Jenkins and the clouds do not agree with.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita check --output json")]
pub(crate) struct CheckDocument {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    file: String,
    /// Whether there is no error, and no fault.
    pub(crate) ok: bool,
    /// The number of configured node types.
    node_types: usize,
    /// The number of configured providers.
    providers: usize,
    /// What is wrong with the configuration, and with what it names on this machine.
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
    /// Absent without `--online`, and if the configuration cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) online: Option<Online>,
}

/// What Jenkins and the clouds say about the configuration.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Online {
    /// What could be read.
    pub(crate) seen: Vec<Remark>,
    /// What prevents mita from working as configured.
    pub(crate) faults: Vec<Remark>,
    /// What could be better.
    pub(crate) hints: Vec<Remark>,
    /// What cannot be checked by reading.
    pub(crate) not_checked: Vec<String>,
}

/// Something about one service or node type, and what to do.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Remark {
    /// `jenkins`, `provider NAME`, `nodes.NAME`, ...
    #[serde(rename = "where")]
    pub(crate) place: String,
    pub(crate) text: String,
}

impl Remark {
    pub(crate) fn new(place: impl Into<String>, text: impl AsRef<str>) -> Self {
        Remark { place: place.into(), text: clean::text(text.as_ref()) }
    }
}

impl Online {
    pub(crate) fn seen(&mut self, place: &str, text: impl AsRef<str>) {
        self.seen.push(Remark::new(place, text));
    }

    pub(crate) fn fault(&mut self, place: &str, text: impl AsRef<str>) {
        self.faults.push(Remark::new(place, text));
    }

    pub(crate) fn hint(&mut self, place: &str, text: impl AsRef<str>) {
        self.hints.push(Remark::new(place, text));
    }
}

impl CheckDocument {
    pub(crate) fn of(path: &Path, loaded: &Result<Loaded, ConfigErrors>, online: Option<Online>) -> Self {
        let clean_all = |lines: &[String]| lines.iter().map(|line| clean::text(line)).collect::<Vec<_>>();
        let (node_types, providers, errors, warnings) = match loaded {
            Ok(Loaded { config, warnings, unworkable }) => {
                let warnings = warnings.iter().filter(|warning| !unworkable.contains(warning)).cloned();
                let warnings: Vec<String> = warnings.chain(overlaps(&config.node_types)).collect();
                (config.node_types.len(), config.providers.len(), clean_all(unworkable), clean_all(&warnings))
            }
            Err(errors) => (0, 0, clean_all(errors.lines()), clean_all(errors.warnings())),
        };
        let faultless = online.as_ref().is_none_or(|online| online.faults.is_empty());
        CheckDocument {
            version: VERSION,
            file: path.display().to_string(),
            ok: errors.is_empty() && faultless,
            node_types,
            providers,
            errors,
            warnings,
            online,
        }
    }

    /// Adds what this machine lacks for a run.
    pub(crate) fn add_errors(&mut self, errors: Vec<String>) {
        self.ok &= errors.is_empty();
        self.errors.extend(errors.iter().map(|error| clean::text(error)));
    }

    pub(crate) fn add_warnings(&mut self, warnings: Vec<String>) {
        self.warnings.extend(warnings.iter().map(|warning| clean::text(warning)));
    }

    /// What was seen, and a summary; the command logs what is wrong before.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        if let Some(Online { seen, not_checked, .. }) = &self.online {
            text.extend(seen.iter().map(|Remark { place, text }| format!("{place}: {text}\n")));
            text.push_str(&format!("not checked: {}\n", not_checked.join("; ")));
        }
        let faults = self.online.as_ref().map_or(0, |online| online.faults.len());
        let hints = self.online.as_ref().map_or(0, |online| online.hints.len());
        let (errors, warnings) = (self.errors.len() + faults, self.warnings.len() + hints);
        let mut found = Vec::new();
        if errors > 0 {
            found.push(plural(errors, "error"));
        } else {
            let (types, providers) = (plural(self.node_types, "node type"), plural(self.providers, "provider"));
            found.extend(["ok".to_owned(), types, providers]);
        }
        if warnings > 0 {
            found.push(plural(warnings, "warning"));
        }
        text + &format!("{}: {}\n", self.file, found.join(", "))
    }

    /// What to do next; `config` is the option that named the configuration, after a blank.
    pub(crate) fn next(&self, config: &str) -> String {
        let online = if self.online.is_some() { " --online" } else { "" };
        match (self.ok, &self.online) {
            (false, _) => format!("correct the errors above, then mita check{online}{config} again"),
            (true, None) => format!("mita check --online{config} asks Jenkins and the clouds"),
            (true, Some(_)) => format!("mita reconcile --dry-run{config} shows what a run would do"),
        }
    }
}

/// Pairs of node types that share labels, where neither has all labels of the other. A job for a shared label can take the
/// server of a job that only its type serves.
fn overlaps(types: &[NodeType]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, first) in types.iter().enumerate() {
        for second in &types[index + 1..] {
            let (a, b) = (&first.labels, &second.labels);
            let shared: Vec<&str> = a.intersection(b).map(String::as_str).collect();
            if !shared.is_empty() && !a.is_subset(b) && !b.is_subset(a) {
                found.push(format!(
                    "nodes.{} and nodes.{} share the label{} {}, and each has labels that the other lacks: a job for a shared \
                     label can take a server that was ordered for another job; use one node type for all of these labels, or \
                     none that both have",
                    first.name,
                    second.name,
                    if shared.len() == 1 { "" } else { "s" },
                    shared.join(", ")
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Planning;

    /// Node types with these labels.
    fn types(labels: &[&[&str]]) -> Vec<NodeType> {
        let one = |(number, labels): (usize, &&[&str])| {
            serde_json::json!({
                "name": format!("type{number}"), "providers": ["os"], "labels": labels, "executors": 1, "min_idle": 0,
                "unlabelled": false, "server_name": "{node}", "times": times(),
            })
        };
        let planning = serde_json::json!({
            "owner": "ci", "max_servers": 5, "times": times(), "providers": [],
            "node_types": labels.iter().enumerate().map(one).collect::<Vec<_>>(),
        });
        serde_json::from_value::<Planning>(planning).unwrap().config().node_types
    }

    fn times() -> serde_json::Value {
        let names = ["stuck_after", "idle_grace", "boot_timeout", "join_timeout", "order_timeout"];
        names.iter().map(|name| ((*name).to_owned(), "PT1M".into())).collect::<serde_json::Map<_, _>>().into()
    }

    #[test]
    fn two_types_that_share_labels_are_told_where_neither_contains_the_other() {
        assert_eq!(overlaps(&types(&[&["L0"], &["L0", "L1"], &["L2"]])), [""; 0]);
        let told = overlaps(&types(&[&["L0", "L1"], &["L0", "L2"]]));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("nodes.type0 and nodes.type1 share the label L0, "), "{told:?}");
    }
}
