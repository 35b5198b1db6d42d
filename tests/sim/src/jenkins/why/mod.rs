//! What Jenkins says about an item that waits: `Queue.BuildableItem.getCauseOfBlockage`
//! and the refusals of nodes.

pub(crate) mod wording;

use std::collections::{BTreeMap, BTreeSet};

use crate::jenkins::labels::Label;
use crate::jenkins::nodes::{Mode, Node};
use crate::jenkins::queue::{Item, Kind, Stage};
use crate::jenkins::{Jenkins, Version};
use wording::{Language, Wording, time_span};

/// Answers of one request, kept by label, since thousands of items share a few labels.
#[derive(Clone)]
pub(crate) struct WhyCache {
    words: Wording,
    reasons: BTreeMap<String, Reason>,
}

#[derive(Clone)]
struct Reason {
    why: String,
    all_offline: bool,
}

impl Jenkins {
    pub(crate) fn words(&self, language: Language) -> Wording {
        Wording { version: self.options.version, language }
    }

    pub(crate) fn why_cache(&self, language: Language) -> WhyCache {
        WhyCache { words: self.words(language), reasons: BTreeMap::new() }
    }

    /// Whether a node is online and accepts tasks.
    pub(crate) fn takes_tasks(&self, node: &Node) -> bool {
        !node.offline() && node.accepting && !node.removed
    }

    /// The `why` of an item, as the API shows it.
    pub(crate) fn why(&self, item: &Item, cache: &mut WhyCache) -> Option<String> {
        match &item.stage {
            Stage::Waiting(until) => Some(self.quiet_text(*until)),
            Stage::Blocked(why) => Some(why.clone()).filter(|why| !why.is_empty()),
            Stage::Buildable | Stage::Pending => Some(self.reason(item, cache).why),
        }
    }

    /// `BuildableItem.isStuck`: every fitting node is offline, or it waits for a day
    /// (ten estimated durations where there is an estimate, which the simulator never has).
    pub(crate) fn stuck(&self, item: &Item, cache: &mut WhyCache) -> bool {
        matches!(item.stage, Stage::Buildable | Stage::Pending)
            && ((item.label.is_some() && self.reason(item, cache).all_offline)
                || self.now.saturating_sub(item.buildable_start) > 86_400_000)
    }

    fn quiet_text(&self, until: u64) -> String {
        let left = until.saturating_sub(self.now);
        if left == 0 && self.options.version >= Version::new(2, 162) {
            return "Finished waiting".into();
        }
        format!("In the quiet period. Expires in {}", time_span(left))
    }

    fn reason(&self, item: &Item, cache: &mut WhyCache) -> Reason {
        let label = item.label.as_deref().map_or("", Label::name);
        let own = !self.refusals.is_empty() || matches!(item.job.kind, Kind::Resuming(_));
        let key = if own {
            format!("{label}\n{}\n{:?}", item.job.name, item.job.kind)
        } else {
            format!("{}{label}", item.label.is_some())
        };
        let words = cache.words;
        cache.reasons.entry(key).or_insert_with(|| self.compose(item, words)).clone()
    }

    fn compose(&self, item: &Item, words: Wording) -> Reason {
        let fitting: Vec<&Node> = item.label.as_ref().map_or_else(Vec::new, |l| self.nodes_of(l));
        let all_offline = item.label.is_some() && fitting.iter().all(|n| n.offline());
        let why = if self.quieting_down {
            "Jenkins is about to shut down".to_string()
        } else {
            self.blockage(item, &fitting, all_offline, words)
        };
        Reason { why, all_offline }
    }

    fn blockage(&self, item: &Item, fitting: &[&Node], all_offline: bool, words: Wording) -> String {
        let has_agents = self.nodes.iter().any(|n| !n.is_built_in() && !n.removed);
        let Some(label) = item.label.as_ref().filter(|_| has_agents) else {
            if self.idle_executors(self.nodes.iter()) > 0
                && let Some(text) = self.composite(item, words)
            {
                return text;
            }
            return words.waiting();
        };
        if all_offline {
            return match fitting {
                [node] => words.offline(&self.computer_name(node, words)),
                [] => words.no_nodes(label.name()),
                _ => words.all_offline(label.name()),
            };
        }
        if self.idle_executors(fitting.iter().copied()) > 0
            && let Some(text) = self.composite(item, words)
        {
            return text;
        }
        match fitting {
            [node] => words.waiting_on(&self.computer_name(node, words)),
            _ => words.waiting_on(label.name()),
        }
    }

    /// The refusals of all nodes with a parked executor, as one text (since 2.37).
    fn composite(&self, item: &Item, words: Wording) -> Option<String> {
        if self.options.version < Version::new(2, 37) {
            return None;
        }
        let parts: BTreeSet<String> = self
            .nodes
            .iter()
            .filter(|n| n.parked() > 0 && !n.removed)
            .filter_map(|n| self.refusal_in(n, item, words).or_else(|| self.unavailable(n, words)))
            .collect();
        if parts.is_empty() {
            return None;
        }
        let limit = if self.options.version >= Version::new(2, 542) { 5 } else { usize::MAX };
        let more = parts.len().saturating_sub(limit);
        let mut text = parts.into_iter().take(limit).collect::<Vec<_>>().join("; ");
        if more > 0 {
            text.push_str(&format!("; ... and {more} more"));
        }
        Some(text)
    }

    /// `Node.canTake` and the plugins' `QueueTaskDispatcher.canTake`.
    pub(crate) fn refusal(&self, node: &Node, item: &Item) -> Option<String> {
        self.refusal_in(node, item, self.words(Language::English))
    }

    fn refusal_in(&self, node: &Node, item: &Item, words: Wording) -> Option<String> {
        let name = self.node_display_name(node);
        if let Some(label) = &item.label
            && !label.matches(&|atom| node.has_label(atom))
        {
            return Some(words.lacks_label(&name, label.name()));
        }
        if item.label.is_none() && node.mode == Mode::Exclusive {
            return Some(words.reserved(&name));
        }
        if let Kind::Resuming(only) = &item.job.kind
            && *only != node.name
        {
            return Some(format!("Must run on {only} not {}", node.name));
        }
        let rule = self.refusals.iter().find(|r| r.job == item.job.name && r.node == node.name);
        rule.map(|r| r.message.clone())
    }

    /// What a node that fits says while it cannot take anything.
    fn unavailable(&self, node: &Node, words: Wording) -> Option<String> {
        let name = self.computer_name(node, words);
        if node.offline() {
            return Some(words.offline(&name));
        }
        (!node.accepting).then(|| words.not_accepting(&name))
    }

    /// The nodes that a label fits, the built-in node included.
    pub(crate) fn nodes_of(&self, label: &Label) -> Vec<&Node> {
        let fits = |n: &&Node| !n.removed && label.matches(&|atom| n.has_label(atom));
        self.nodes.iter().filter(fits).collect()
    }

    fn idle_executors<'a>(&self, nodes: impl Iterator<Item = &'a Node>) -> usize {
        nodes.filter(|n| self.takes_tasks(n)).map(Node::parked).sum()
    }

    /// The computer's display name, which `Because...` messages print.
    pub(crate) fn computer_name(&self, node: &Node, words: Wording) -> String {
        if node.is_built_in() { words.built_in().into() } else { node.name.clone() }
    }

    /// The node's display name, which the messages of `Node.canTake` print.
    fn node_display_name(&self, node: &Node) -> String {
        if node.is_built_in() { "Jenkins".into() } else { node.name.clone() }
    }
}
