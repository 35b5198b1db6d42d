//! What `mita explain` found, as its document and its text.

use crate::domain::format::in_shell;
use crate::domain::journal::Entry;
use crate::domain::names::{NodeName, Owner};
use crate::domain::rule::Rule;
use crate::domain::subject::Subject;
use crate::plan::model::{Problem, Verdict};
use crate::plan::text::display::Detail;
use crate::record::clean;
use crate::view::document::{Time, VERSION, named};
use crate::view::history;
use crate::view::history::{select, story};
use crate::view::overview::Overview;
use crate::view::table::{Table, problems, wrap};
use crate::view::text::{NOT_RUN, closest, one_line, plural, similar};
use schemars::JsonSchema;
use serde::Serialize;

/// Everything that is known about what a subject names.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita explain --output json")]
pub(crate) struct Explanation {
    #[schemars(extend("const" = VERSION))]
    pub(super) version: u32,
    pub(super) owner: Owner,
    pub(super) now: Time,
    pub(super) subject: String,
    pub(super) found: Vec<Finding>,
    /// The number of queue items that the subject names and that `found` leaves out; they are younger.
    pub(super) more_queue_items: usize,
    /// What is wrong with it as a label expression, if nothing is found.
    pub(super) mistake: Option<String>,
    /// Similar names, if nothing is found.
    pub(super) near: Vec<String>,
    /// What the journal tells of it, the oldest first.
    pub(super) history: Vec<Entry>,
    #[serde(skip)]
    #[schemars(skip)]
    pub(super) has_not_run: bool,
    pub(super) problems: Vec<Problem>,
}

/// One thing that the subject names.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Finding {
    kind: Kind,
    id: String,
    name: String,
    /// The rule of its verdict; null for a label expression.
    pub(super) rule: Option<Rule>,
    pub(super) reason: Option<String>,
    facts: Vec<Fact>,
    answers: Vec<Answer>,
}

/// What sort of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Job,
    QueueItem,
    Node,
    Server,
    Label,
    Provider,
    NodeType,
}

/// A piece of evidence.
#[derive(Debug, Serialize, JsonSchema)]
struct Fact {
    what: What,
    text: String,
}

named!(
    /// What a piece of evidence is about.
    What {
        Seen = "seen",
        JenkinsSays = "jenkins_says",
        WaitsSince = "waits_since",
        PendingSince = "pending_since",
        RefusedBy = "refused_by",
        Needs = "needs",
        KnownFrom = "known_from",
        NodeType = "node_type",
        Order = "order",
        Nodes = "nodes",
        CouldBe = "could_be",
        Remembered = "remembered",
        Retirement = "retirement",
        Asked = "asked",
        Fault = "fault",
        Failed = "failed",
        Console = "console",
        Next = "next",
        OfflineCause = "offline_cause",
        Labels = "labels",
        Is = "is",
        SetOfflineBy = "set_offline_by",
        Runs = "runs",
        Held = "held",
        Idle = "idle",
        Offline = "offline",
        Lacks = "lacks",
        AtHand = "at_hand",
        Budget = "budget",
        Learned = "learned",
        Reachable = "reachable",
        Servers = "servers",
        Quota = "quota",
        Paused = "paused",
    }
);

/// Whether something fits what is needed, and why.
#[derive(Debug, Serialize, JsonSchema)]
struct Answer {
    of: Candidate,
    name: String,
    fits: bool,
    reason: String,
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Candidate {
    /// One label of an expression: does anything have it?
    Atom,
    NodeType,
    /// A server of this installation that is on its way.
    Server,
    Node,
    /// A row of the rules that decide about a server.
    Rule,
    /// A provider of a node type: is it ordered there now?
    Provider,
}

/// At most this many entries of the journal are shown, the latest; `mita history` and the JSON have all.
const MOST_ENTRIES: usize = 20;

/// The tables of answers, with their titles.
const TABLES: [(Candidate, &str); 6] = [
    (Candidate::Provider, "Providers: is it ordered there now?"),
    (Candidate::Atom, "Labels in it"),
    (Candidate::NodeType, "Node types"),
    (Candidate::Server, "On their way"),
    (Candidate::Node, "Nodes"),
    (Candidate::Rule, "Rules, until the first that fits"),
];

impl Explanation {
    /// Whether the subject names anything.
    pub(crate) fn has_found_anything(&self) -> bool {
        !self.found.is_empty() || !self.history.is_empty()
    }

    /// Adds what the journal tells of the subject.
    #[must_use]
    pub(crate) fn with_history(mut self, entries: Vec<Entry>) -> Self {
        if self.found.is_empty() {
            let known = history::names(&entries).into_iter().chain(self.near.iter().map(String::as_str));
            self.near = closest(&known.collect(), &self.subject);
        }
        let subject = Subject::read(&self.subject);
        // Of a former node type or provider, the journal is all that is left.
        self.history = if self.found.is_empty() { select(&subject, entries).0 } else { story(&subject, entries) };
        self.history.iter_mut().for_each(|entry| entry.reason = entry.reason.as_deref().map(clean::text));
        self
    }

    /// Whether the subject names nothing because it is a label expression with a mistake.
    pub(crate) fn has_mistake(&self) -> bool {
        self.mistake.is_some() && !self.has_found_anything()
    }

    /// Before what is concluded from something that is not there.
    fn as_far_as_seen(&self) -> &'static str {
        if self.problems.is_empty() { "" } else { "as far as could be seen, " }
    }

    /// That the subject names nothing, in a sentence.
    pub(crate) fn nothing(&self) -> String {
        if let Some(mistake) = &self.mistake {
            return format!("{:?} names nothing, and as a label expression: {mistake}", self.subject);
        }
        let seen = self.as_far_as_seen();
        format!(
            "{seen}nothing is called {:?}: no job in the queue, no node, no server of ours, no node type, no provider, no label that a node type or a \
             node has, and nothing in the journal{}",
            self.subject,
            similar(&self.near)
        )
    }

    /// The explanation as text, for lines of this width; with all rules if everything is wanted.
    pub(crate) fn render(&self, width: usize, detail: Detail) -> String {
        let mut text: String = self.found.iter().map(|finding| finding.render(width, detail)).collect();
        if self.found.is_empty() {
            let subject = one_line(&self.subject);
            let seen = self.as_far_as_seen();
            text.push_str(&format!("{seen}{subject} is neither queued nor there now; the journal tells of it:\n\n"));
        }
        if self.more_queue_items > 0 {
            let more = plural(self.more_queue_items, "younger queue item");
            text.push_str(&format!("and {more} of this name: explain one by its id\n\n"));
        }
        let older = self.history.len().saturating_sub(MOST_ENTRIES);
        text.push_str(&history::text::table("History, times in UTC", &self.history[older..]).render(width));
        if older > 0 {
            text.push_str(&format!(
                "{} of earlier times: mita history {}\n\n",
                plural(older, "line"),
                in_shell(&self.subject)
            ));
        }
        text.push_str(&problems(&self.problems).render(width));
        text.truncate(text.trim_end().len());
        text.push('\n');
        if self.has_not_run {
            text.push_str(&format!("\n{NOT_RUN}: no run has seen or done any of this\n"));
        }
        text
    }
}

impl Finding {
    /// A thing without a verdict.
    pub(super) fn new(kind: Kind, id: impl ToString, name: impl Into<String>) -> Self {
        let (facts, answers) = (Vec::new(), Vec::new());
        Finding { kind, id: id.to_string(), name: name.into(), rule: None, reason: None, facts, answers }
    }

    /// What this verdict is about.
    pub(super) fn of(kind: Kind, overview: &Overview<'_>, verdict: &Verdict) -> Self {
        Finding::new(kind, &verdict.id, &verdict.name).decided(verdict.rule, &overview.reason(verdict))
    }

    /// Adds the rule that decided about it.
    pub(super) fn decided(self, rule: Rule, reason: &str) -> Self {
        Finding { rule: Some(rule), reason: Some(clean::text(reason)), ..self }
    }

    /// Adds a piece of evidence.
    pub(super) fn fact(&mut self, what: What, text: impl AsRef<str>) {
        self.facts.push(Fact { what, text: clean::text(text.as_ref()) });
    }

    /// Adds whether something fits what is needed.
    pub(super) fn answer(&mut self, of: Candidate, name: impl ToString, fits: bool, reason: impl AsRef<str>) {
        self.answers.push(Answer { of, name: name.to_string(), fits, reason: clean::text(reason.as_ref()) });
    }

    fn render(&self, width: usize, detail: Detail) -> String {
        let Finding { kind, id, name, rule, reason, facts, answers } = self;
        let (word, names) = match kind {
            Kind::Job => ("Job", name.clone()),
            Kind::QueueItem => ("Job", format!("{name}, queue item {id}")),
            Kind::Node => ("Node", name.clone()),
            Kind::Server => ("Server", format!("{name}, {id}")),
            Kind::Provider => ("Provider", name.clone()),
            Kind::NodeType => ("Node type", name.clone()),
            Kind::Label => ("Label expression", name.clone()),
        };
        let mut text = format!("{word} {}\n", one_line(&names));
        let column = What::ALL.iter().map(|what| what.name().len()).max().unwrap_or(0);
        let mut line = |key: &str, words: &str| {
            let parts = words.lines().flat_map(|words| wrap(words, width.saturating_sub(column + 4)));
            for (index, part) in parts.enumerate() {
                text.push_str(&format!("  {:<column$}  {part}\n", if index == 0 { key } else { "" }));
            }
        };
        if let Some(rule) = rule {
            line("rule", &rule.because(reason.as_deref().unwrap_or_default()));
        }
        // A hold says it all: by whom, since when and why.
        let is_held = facts.iter().any(|fact| fact.what == What::Held);
        let is_told = |what| is_held && matches!(what, What::OfflineCause | What::SetOfflineBy);
        for Fact { what, text } in facts.iter().filter(|fact| !is_told(fact.what)) {
            line(&what.name().replace('_', " "), text);
        }
        text.push('\n');
        for (candidate, title) in TABLES {
            if candidate == Candidate::Rule && detail == Detail::Terse {
                continue;
            }
            let asks = match (candidate, kind) {
                (Candidate::Provider, _) | (Candidate::NodeType, Kind::Provider) => "OPEN",
                _ => "FITS",
            };
            let mut table = Table::new(title, &["NAME", asks]);
            for Answer { name, fits, reason, .. } in answers.iter().filter(|answer| answer.of == candidate) {
                table.row(vec![name.clone(), if *fits { "yes" } else { "no" }.to_owned()], reason.clone());
            }
            text.push_str(&table.render_within(width, 2));
        }
        text
    }
}

/// Names in a row, for a sentence.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a NodeName>) -> String {
    names.into_iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
