//! `mita explain`: everything about one thing, evidence included. Reads only, like a dry run.
//!
//! A text can be the name of several things at once (a server is called like its node type, a job like a label): all of
//! them are told. A text that nothing is called is read as a label expression.

mod failure;
mod job;
mod label;
mod machine;
mod near;
mod rows;

pub(crate) use near::closest;

use crate::cli::args::{Explain, Shape};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::{DOCUMENT_VERSION, one_line};
use crate::cli::{dry_report, tell_what_was_seen};
use crate::config::Loaded;
use crate::domain::names::{NodeName, Owner};
use crate::domain::rule::Rule;
use crate::plan::model::{Problem, Verdict};
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::document::{clean, clean_problem, to_the_second};
use crate::view::picture::{ItemView, Picture, ServerView};
use crate::view::table::{Table, many, width, wrap};
use serde::Serialize;

/// A job that is queued more often than this is told of its oldest items only: the others wait for the same.
const ITEMS: usize = 10;

/// The beginning of a server's id is enough from this length on.
const ID_PREFIX: usize = 8;

pub(crate) fn run(wish: &Explain, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let report = dry_report(loaded, moment, progress)?;
    let explanation = Explanation::of(&Picture::of(&loaded.config, &report), &wish.subject);
    let Shape { output } = wish.shape;
    if output.is_json() {
        output::print_document(&explanation)?;
    } else if explanation.has_found_anything() {
        output::print(&explanation.render(width()))?;
    }
    let exit = tell_what_was_seen(&report, output);
    if explanation.has_found_anything() {
        return Ok(exit);
    }
    log::error!("{}", explanation.nothing());
    Ok(exit.and(Exit::Failed))
}

/// What is known of a subject, as its document and its text tell it.
#[derive(Debug, Serialize)]
pub(crate) struct Explanation {
    version: u32,
    owner: Owner,
    now: String,
    subject: String,
    found: Vec<Finding>,
    /// Further items of the queue that it names, younger than those that are told of.
    more_queue_items: usize,
    /// Where nothing is found: names that are like it.
    near: Vec<String>,
    problems: Vec<Problem>,
}

/// One thing that the subject names.
#[derive(Debug, Serialize)]
struct Finding {
    kind: Kind,
    id: String,
    name: String,
    rule: Option<Rule>,
    reason: Option<String>,
    facts: Vec<Fact>,
    answers: Vec<Answer>,
}

/// The sorts of things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    QueueItem,
    Node,
    Server,
    Label,
}

/// A piece of evidence.
#[derive(Debug, Serialize)]
struct Fact {
    what: &'static str,
    text: String,
}

/// Whether something fits what is needed, and why.
#[derive(Debug, Serialize)]
struct Answer {
    of: Of,
    name: String,
    fits: bool,
    reason: String,
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Of {
    /// One label of an expression: does anything carry it?
    Atom,
    NodeType,
    /// A server of ours that is on its way.
    Server,
    Node,
    /// A row of the rules that decide on a server.
    Rule,
}

impl Explanation {
    pub(crate) fn of(picture: &Picture<'_>, subject: &str) -> Self {
        let mut found: Vec<Finding> = Vec::new();
        let is_job = |job: &str| job == subject || job.rsplit('/').next() == Some(subject);
        let items = picture.items();
        let items: Vec<&ItemView<'_>> =
            items.iter().filter(|view| is_job(&view.item.job) || view.verdict.id == subject).collect();
        found.extend(items.iter().take(ITEMS).map(|view| job::tell(picture, view)));
        let nodes = picture.nodes();
        let nodes = nodes.iter().filter(|view| view.node.name.as_str() == subject);
        found.extend(nodes.map(|view| machine::tell_node(picture, view)));
        let servers = picture.servers();
        found.extend(servers.iter().filter(|view| is_server(view, subject)).map(|view| machine::tell(picture, view)));
        found.extend(failure::tell(picture, subject));
        found.extend(label::tell(picture, subject, found.is_empty()));
        let near = if found.is_empty() { near::names(picture, subject) } else { Vec::new() };
        Explanation {
            version: DOCUMENT_VERSION,
            owner: picture.plan().owner.clone(),
            now: to_the_second(picture.now()),
            subject: subject.to_owned(),
            found,
            more_queue_items: items.len().saturating_sub(ITEMS),
            near,
            problems: picture.plan().problems.iter().map(clean_problem).collect(),
        }
    }

    /// Whether anything is called so.
    pub(crate) fn has_found_anything(&self) -> bool {
        !self.found.is_empty()
    }

    pub(crate) fn nothing(&self) -> String {
        let near = if self.near.is_empty() { String::new() } else { format!("; similar: {}", self.near.join(", ")) };
        let seen = if self.problems.is_empty() { "" } else { "as far as could be seen, " };
        format!(
            "{seen}nothing is called {:?}: no job in the queue, no node, no server of ours, and no label that a node type or \
             a node has{near}",
            self.subject
        )
    }

    pub(crate) fn render(&self, width: usize) -> String {
        let mut text: String = self.found.iter().map(|finding| finding.render(width)).collect();
        if self.more_queue_items > 0 {
            let more = many(self.more_queue_items, "younger queue item");
            text.push_str(&format!("and {more} of this name: explain one by its id\n\n"));
        }
        let mut table = Table::new("Problems", &["WHERE"]);
        for problem in &self.problems {
            table.row(vec![problem.place.clone()], problem.error.clone());
        }
        text.push_str(&table.render(width));
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

impl Finding {
    fn of(kind: Kind, verdict: &Verdict) -> Self {
        let Verdict { subject: _, id, name, rule, reason } = verdict;
        Finding {
            kind,
            id: id.clone(),
            name: name.clone(),
            rule: Some(*rule),
            reason: Some(clean(reason)),
            facts: Vec::new(),
            answers: Vec::new(),
        }
    }

    fn fact(&mut self, what: &'static str, text: impl AsRef<str>) {
        self.facts.push(Fact { what, text: clean(text.as_ref()) });
    }

    fn answer(&mut self, of: Of, name: impl ToString, fits: bool, reason: impl AsRef<str>) {
        self.answers.push(Answer { of, name: name.to_string(), fits, reason: clean(reason.as_ref()) });
    }

    fn render(&self, width: usize) -> String {
        let Finding { kind, id, name, rule, reason, facts, answers } = self;
        let (word, names) = match kind {
            Kind::QueueItem => ("Job", format!("{name}, queue item {id}")),
            Kind::Node => ("Node", name.clone()),
            Kind::Server => ("Server", format!("{name}, {id}")),
            Kind::Label => ("Label expression", name.clone()),
        };
        let mut text = format!("{word} {}\n", one_line(&names));
        let mut line = |key: &str, words: &str| {
            let parts = words.lines().flat_map(|words| wrap(words, width.saturating_sub(18)));
            for (index, part) in parts.enumerate() {
                text.push_str(&format!("  {:<14}  {part}\n", if index == 0 { key } else { "" }));
            }
        };
        if let Some(rule) = rule {
            line("verdict", &format!("{rule}: {}", reason.as_deref().unwrap_or_default()));
        }
        for Fact { what, text } in facts {
            line(&what.replace('_', " "), text);
        }
        text.push('\n');
        let groups = [
            (Of::Atom, "Labels in it"),
            (Of::NodeType, "Node types"),
            (Of::Server, "On their way"),
            (Of::Node, "Nodes"),
            (Of::Rule, "Rules, until the first that fits"),
        ];
        for (group, title) in groups {
            let mut table = Table::new(title, &["NAME", "FITS"]);
            for Answer { name, fits, reason, .. } in answers.iter().filter(|answer| answer.of == group) {
                table.row(vec![name.clone(), if *fits { "yes" } else { "no" }.to_owned()], reason.clone());
            }
            text.push_str(&table.render_within(width, 2));
        }
        text
    }
}

fn is_server(view: &ServerView<'_>, subject: &str) -> bool {
    let id = view.verdict.id.as_str();
    id == subject
        || subject.len() >= ID_PREFIX && id.starts_with(subject)
        || view.verdict.name == subject
        || view.order().is_some_and(|order| order.as_str() == subject)
}

/// Names in a row, for a sentence.
fn listed<'a>(names: impl IntoIterator<Item = &'a NodeName>) -> String {
    names.into_iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}
