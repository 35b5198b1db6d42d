//! A plan as text for an operator at a terminal: one line for each thing. The first character of a line says what sort
//! of line it is.

use super::waiting::{pauses, waiting};
use crate::domain::names::ServerId;
use crate::domain::rule::Rule;
use crate::domain::world::World;
use crate::plan::model::{
    Action, Change, FloatingIpToAssign, Job, NodeToRegister, Order, Plan, Problem, Subject, Target, Verdict,
};
use std::collections::BTreeSet;
use std::fmt;

/// A server is ordered, or a node made.
const CREATE: char = '+';
/// A node is brought back online.
const RESTORE: char = '^';
/// A node takes no further build.
const DRAIN: char = 'v';
/// A node, a server or both are removed.
const REMOVE: char = '-';
/// A removal that the brake holds back.
const HELD_BACK: char = '~';
/// Something went wrong.
const PROBLEM: char = '!';
/// Nothing is done about it.
const LEFT_ALONE: char = ' ';

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What is done, what is held back, and what went wrong.
    Terse,
    /// That, and what is thought of everything else that was seen.
    Full,
}

/// A plan, ready to be written.
#[derive(Clone, Copy, Debug)]
pub struct PlanText<'a> {
    plan: &'a Plan,
    detail: Detail,
    /// The actions that were done, by their indices; none before anything is done.
    done: Option<&'a BTreeSet<usize>>,
    /// What was seen; without it, everything was.
    world: Option<&'a World>,
}

impl<'a> PlanText<'a> {
    /// The same, where what could not be read of this world is not counted.
    #[must_use]
    pub fn of_world(self, world: &'a World) -> Self {
        PlanText { world: Some(world), ..self }
    }
}

impl Plan {
    /// The plan as lines of text, the last of which counts. Warnings are not among them: they are for the log.
    pub fn display(&self, detail: Detail) -> PlanText<'_> {
        PlanText { plan: self, detail, done: None, world: None }
    }

    /// The same after a run that did these actions, by their indices.
    pub fn display_done<'a>(&'a self, detail: Detail, done: &'a BTreeSet<usize>) -> PlanText<'a> {
        PlanText { plan: self, detail, done: Some(done), world: None }
    }
}

impl fmt::Display for PlanText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { actions, verdicts, problems, held_back, .. } = self.plan;
        for action in actions {
            writeln!(f, "{action}")?;
        }
        for action in held_back {
            writeln!(f, "{HELD_BACK}{}", OneLine(&action.to_string()[REMOVE.len_utf8()..]))?;
        }
        for problem in problems {
            writeln!(f, "{problem}")?;
        }
        if self.detail == Detail::Full {
            for verdict in verdicts {
                writeln!(f, "{verdict}")?;
            }
        }
        writeln!(f, "{}", Counts { plan: self.plan, done: self.done, world: self.world })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Action { change, rule, reason } = self;
        match change {
            Change::CreateServer(Order { node_type, provider, id, name, jobs }) => {
                write!(f, "{CREATE} {node_type}  {provider}  {id}  ")?;
                if name != node_type.as_str() {
                    write!(f, "{}  ", OneLine(name))?;
                }
                match jobs.as_slice() {
                    [] => {}
                    [first] => return write!(f, "{first}"),
                    [first, others @ ..] => return write!(f, "{first}, and {} more", others.len()),
                }
            }
            Change::CreateNode(NodeToRegister { node, provider, server_id, id, .. }) => {
                let server = server_id.as_ref().map_or(id.as_str(), ServerId::as_str);
                write!(f, "{CREATE} node {}  {provider}  {}  ", OneLine(node.as_str()), OneLine(server))?;
            }
            Change::AssignFloatingIp(FloatingIpToAssign { target, known, .. }) => {
                let server = OneLine(target.server_id.as_str());
                write!(f, "{CREATE} floating ip for {}  {}  {server}  ", target.node_type, target.provider)?;
                if let Some(known) = known {
                    write!(f, "{}  ", OneLine(known.as_str()))?;
                }
            }
            Change::RestoreNode(target) => write!(f, "{RESTORE} {}", OnNode(target))?,
            Change::DrainNode(target) => write!(f, "{DRAIN} {}", OnNode(target))?,
            Change::RetireNode(target) => write!(f, "{REMOVE} {}", OnNode(target))?,
            Change::DeleteServer(Target { name, provider, server_id, .. }) => {
                write!(f, "{REMOVE} {}  {provider}  {}  ", OneLine(name), OneLine(server_id.as_str()))?;
            }
            // The reason names the server that is no more, or the order that never had one.
            Change::DeleteNode { node, .. } => write!(f, "{REMOVE} {}  ", OneLine(node.as_str()))?,
            Change::DeleteVolume { volume_id, left_by } => {
                write!(f, "{REMOVE} volume {}  {}  ", OneLine(volume_id.as_str()), left_by.provider)?;
            }
            Change::ReleaseFloatingIp { floating_ip_id, left_by } => {
                write!(f, "{REMOVE} floating ip {}  {}  ", OneLine(floating_ip_id.as_str()), left_by.provider)?;
            }
        }
        write!(f, "{}", OneLine(&rule.because(reason)))
    }
}

/// The nodes of a server, and the server.
struct OnNode<'a>(&'a Target);

impl fmt::Display for OnNode<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Target { nodes, provider, server_id, .. } = self.0;
        let nodes: Vec<String> = nodes.iter().map(|node| OneLine(node.as_str()).to_string()).collect();
        write!(f, "{}  {provider}  {}  ", nodes.join(", "), OneLine(server_id.as_str()))
    }
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Job { queue_id, job, needs } = self;
        write!(f, "{} ({queue_id}) needs {}", OneLine(job), OneLine(needs))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { subject, id, name, rule, reason } = self;
        write!(f, "{LEFT_ALONE} {subject} {}", OneLine(id))?;
        if name != id {
            write!(f, "  {}", OneLine(name))?;
        }
        write!(f, "  {}", OneLine(&rule.because(reason)))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { place, error } = self;
        write!(f, "{PROBLEM} {}: {}", OneLine(place), OneLine(error))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::QueueItem => "job",
            Subject::Node => "node",
            Subject::Server => "server",
            Subject::Volume => "volume",
            Subject::FloatingIp => "floating ip",
        })
    }
}

/// Text from a service, which may hold line breaks, and sequences that a terminal would obey.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(char::is_control) {
            f.write_str(&rest[..at])?;
            f.write_str(" ")?;
            rest = rest[at..].trim_start_matches(char::is_control);
        }
        f.write_str(rest)
    }
}

/// The last line.
struct Counts<'a> {
    plan: &'a Plan,
    done: Option<&'a BTreeSet<usize>>,
    world: Option<&'a World>,
}

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { actions, verdicts, problems, held_back, .. } = self.plan;
        let mut parts = Vec::new();
        let is_counted = |index: &usize| self.done.is_none_or(|done| done.contains(index));
        let counted =
            || actions.iter().enumerate().filter(|(index, _)| is_counted(index)).map(|(_, action)| &action.change);
        let number = |wanted: fn(&Change) -> bool| counted().filter(|change| wanted(change)).count();
        let created = number(|change| matches!(change, Change::CreateServer(_) | Change::AssignFloatingIp(_)));
        let registered = number(|change| matches!(change, Change::CreateNode(_)));
        let drained = number(|change| matches!(change, Change::DrainNode(_)));
        let restored = number(|change| matches!(change, Change::RestoreNode(_)));
        let removed = counted().count() - created - registered - drained - restored;
        let words = match self.done {
            None => ["to order", "to register", "to bring back", "to drain", "to remove"],
            Some(_) => ["ordered", "registered", "brought back", "drained", "removed"],
        };
        let numbers = [created, registered, restored, drained, removed];
        let rest = [(actions.len() - counted().count(), "not done"), (held_back.len(), "held back")];
        let done: Vec<_> = numbers.into_iter().zip(words).chain(rest).collect();
        parts.extend(done.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
        let unseen = self.world.and_then(World::unseen);
        if parts.is_empty() && unseen.is_none() {
            parts.push("nothing to do".to_owned());
        }
        parts.extend(unseen.clone());
        write!(f, "{}", parts.join(", "))?;
        if unseen.is_none() {
            let is_there = |verdict: &&Verdict| verdict.rule != Rule::Gone;
            let seen = |subject| verdicts.iter().filter(is_there).filter(|verdict| verdict.subject == subject).count();
            let (jobs, nodes, servers) = (seen(Subject::QueueItem), seen(Subject::Node), seen(Subject::Server));
            let is_read = |read: fn(&World) -> bool| self.world.is_none_or(read);
            let list = [
                is_read(|world| world.jenkins.queue.complete().is_some()).then(|| many(jobs, "job")),
                is_read(|world| world.jenkins.nodes.complete().is_some()).then(|| many(nodes, "node")),
                Some(many(servers, "server") + " of ours"),
            ];
            write!(f, "; seen: {}", list.into_iter().flatten().collect::<Vec<_>>().join(", "))?;
        }
        if !problems.is_empty() {
            write!(f, "; {}", many(problems.len(), "problem"))?;
        }
        let is_queue_read = self.world.is_none_or(|world| world.jenkins.queue.complete().is_some());
        let jobs = if is_queue_read { waiting(self.plan) } else { Vec::new() };
        for part in jobs.into_iter().chain(pauses(self.plan)) {
            write!(f, "; {}", OneLine(&part))?;
        }
        Ok(())
    }
}

fn many(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
