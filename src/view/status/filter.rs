//! Which part of a status a person wants to see: `mita status servers ubuntu`.

use crate::view::status::Status;
use crate::view::text::{closest, similar};
use std::collections::BTreeSet;

/// A part of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Types,
    Servers,
    Jobs,
}

/// The words that name a part.
const PARTS: [(&str, Part); 7] = [
    ("types", Part::Types),
    ("type", Part::Types),
    ("nodes", Part::Servers),
    ("node", Part::Servers),
    ("servers", Part::Servers),
    ("machines", Part::Servers),
    ("jobs", Part::Jobs),
];

/// What a person wants to see. Without words, that is everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    part: Option<Part>,
    words: Vec<String>,
}

impl Filter {
    /// Reads `[types|servers|jobs] [NAME...]`. Every name must be contained in what is shown.
    pub(crate) fn read(words: &[String]) -> Self {
        let is_first = |name: &str| words.first().is_some_and(|first| first.eq_ignore_ascii_case(name));
        let part = PARTS.iter().find(|(name, _)| is_first(name)).map(|(_, part)| *part);
        let names = if part.is_some() { &words[1..] } else { words };
        Filter { part, words: names.iter().map(|word| word.to_lowercase()).collect() }
    }

    /// Leaves in the status what is wanted. Problems and pauses stay, whatever is.
    pub(crate) fn apply(&self, status: &mut Status) {
        let near = self.near(status);
        let wanted = |part: Part| self.part.is_none_or(|only| only == part);
        let fits = |names: &[&str]| {
            let has = |word: &String| names.iter().any(|name| name.to_lowercase().contains(word));
            self.words.iter().all(has)
        };
        status.node_types.retain(|kind| wanted(Part::Types) && fits(&[kind.name.as_str()]));
        status.servers.retain(|server| {
            let mut names = vec![server.id.as_str(), server.name.as_str(), server.standing.name(), server.rule.name()];
            names.extend(server.nodes.iter().map(|node| node.as_str()));
            names.extend(server.node_type.iter().map(|name| name.as_str()));
            names.extend(server.provider.iter().map(|name| name.as_str()));
            names.extend(server.order.iter().map(|order| order.as_str()));
            names.extend(server.builds.iter().map(|build| build.name.as_str()));
            wanted(Part::Servers) && fits(&names)
        });
        if let Some(nodes) = &mut status.nodes {
            nodes.retain(|node| wanted(Part::Servers) && fits(&[node.name.as_str(), node.rule.name()]));
        }
        if let Some(jobs) = &mut status.jobs {
            jobs.retain(|job| {
                let id = job.queue_id.to_string();
                wanted(Part::Jobs) && fits(&[&job.job, &id, job.needs.as_deref().unwrap_or_default(), job.rule.name()])
            });
        }
        if self.part.is_some() || !self.words.is_empty() {
            status.failures.retain(|failure| wanted(Part::Types) && fits(&[failure.node_type.as_str()]));
            status.leftovers.clear();
        }
        let nothing = status.node_types.is_empty()
            && status.servers.is_empty()
            && status.failures.is_empty()
            && status.nodes.as_ref().is_none_or(Vec::is_empty)
            && status.jobs.as_ref().is_none_or(Vec::is_empty);
        if nothing && !self.words.is_empty() {
            let words = self.words.join(" ");
            let hint = self
                .words
                .first()
                .and_then(|word| part_like(word))
                .map_or_else(String::new, |name| format!("; mita status {name} shows all {name}"));
            status.head.push_str(&format!("nothing here contains \"{words}\"{}{hint}\n\n", similar(&near)));
        }
    }
}

impl Filter {
    /// Names that are similar to the only word.
    fn near(&self, status: &Status) -> Vec<String> {
        let [word] = &self.words[..] else { return Vec::new() };
        let mut known: BTreeSet<&str> = status.node_types.iter().map(|kind| kind.name.as_str()).collect();
        known.extend(status.servers.iter().flat_map(|server| &server.nodes).map(|node| node.as_str()));
        known.extend(status.nodes.iter().flatten().map(|node| node.name.as_str()));
        known.extend(status.jobs.iter().flatten().map(|job| job.job.as_str()));
        closest(&known, word)
    }
}

/// The part whose name is almost this word, as in `job` for `jobs`.
fn part_like(word: &str) -> Option<&'static str> {
    let is_like = |name: &&str| strsim::damerau_levenshtein(name, word) == 1;
    PARTS.iter().map(|(name, _)| *name).find(is_like)
}
