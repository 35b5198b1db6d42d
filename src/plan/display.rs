//! A plan as text for an operator at a terminal: one line for each thing, told by its first character.

use super::{Action, Job, Plan, Problem, Subject, Verdict};
use crate::naming::ServerId;
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
}

impl Plan {
    /// The plan as lines of text, the last of which counts. Warnings are not among them: they are for the log.
    pub fn display(&self, detail: Detail) -> PlanText<'_> {
        PlanText { plan: self, detail }
    }
}

impl fmt::Display for PlanText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { owner: _, now: _, actions, verdicts, problems, warnings: _, held_back, memory: _ } = self.plan;
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
        writeln!(f, "{}", Counts(self.plan))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::CreateServer { node_type, provider, name, id, jobs, rule, reason } => {
                write!(f, "{CREATE} {node_type}  {provider}  {id}  ")?;
                if name != node_type.as_str() {
                    write!(f, "{}  ", OneLine(name))?;
                }
                match jobs.as_slice() {
                    [] => write!(f, "{rule}: {}", OneLine(reason)),
                    [first] => write!(f, "{first}"),
                    [first, others @ ..] => write!(f, "{first}, and {} more", others.len()),
                }
            }
            Action::CreateNode { node, node_type: _, provider, server_id, id, address: _, rule, reason } => {
                let server = OneLine(server_id.as_ref().map_or(id.as_str(), ServerId::as_str));
                let node = OneLine(node.as_str());
                write!(f, "{CREATE} node {node}  {provider}  {server}  {rule}: {}", OneLine(reason))
            }
            Action::DrainNode { node, nodes: _, node_type: _, provider, server_id, id: _, rule, reason } => {
                let (node, server) = (OneLine(node.as_str()), OneLine(server_id.as_str()));
                write!(f, "{DRAIN} {node}  {provider}  {server}  {rule}: {}", OneLine(reason))
            }
            Action::RetireNode { node, nodes, node_type: _, provider, server_id, id: _, rule, reason } => {
                write!(f, "{REMOVE} {}", OneLine(node.as_str()))?;
                for other in nodes.iter().filter(|other| *other != node) {
                    write!(f, ", {}", OneLine(other.as_str()))?;
                }
                write!(f, "  {provider}  {}  {rule}: {}", OneLine(server_id.as_str()), OneLine(reason))
            }
            Action::DeleteServer { server_id, name, node_type: _, provider, id: _, rule, reason } => {
                let server = OneLine(server_id.as_str());
                write!(f, "{REMOVE} {}  {provider}  {server}  {rule}: {}", OneLine(name), OneLine(reason))
            }
            Action::RestoreNode { node, node_type: _, provider, server_id, id: _, rule, reason } => {
                let (node, server) = (OneLine(node.as_str()), OneLine(server_id.as_str()));
                write!(f, "{RESTORE} {node}  {provider}  {server}  {rule}: {}", OneLine(reason))
            }
            Action::DeleteVolume { volume_id, provider, server_id: _, rule, reason } => {
                write!(f, "{REMOVE} volume {}  {provider}  {rule}: {}", OneLine(volume_id.as_str()), OneLine(reason))
            }
            Action::AssignFloatingIp {
                node_type,
                provider,
                server_id,
                id: _,
                pool: _,
                floating_ip_id,
                rule,
                reason,
            } => {
                let server = OneLine(server_id.as_str());
                write!(f, "{CREATE} floating ip for {node_type}  {provider}  {server}  ")?;
                if let Some(known) = floating_ip_id {
                    write!(f, "{}  ", OneLine(known.as_str()))?;
                }
                write!(f, "{rule}: {}", OneLine(reason))
            }
            Action::ReleaseFloatingIp { floating_ip_id, provider, server_id: _, rule, reason } => {
                let address = OneLine(floating_ip_id.as_str());
                write!(f, "{REMOVE} floating ip {address}  {provider}  {rule}: {}", OneLine(reason))
            }
            // The reason names the server that is no more, or the order that never had one.
            Action::DeleteNode { node, proof: _, rule, reason } => {
                write!(f, "{REMOVE} {}  {rule}: {}", OneLine(node.as_str()), OneLine(reason))
            }
        }
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
        write!(f, "  {rule}: {}", OneLine(reason))
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
struct Counts<'a>(&'a Plan);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan { owner: _, now: _, actions, verdicts, problems, warnings: _, held_back, memory: _ } = self.0;
        let mut parts = Vec::new();
        let doing = |wanted: fn(&Action) -> bool| actions.iter().filter(|action| wanted(action)).count();
        let created = doing(|action| matches!(action, Action::CreateServer { .. } | Action::AssignFloatingIp { .. }));
        let registered = doing(|action| matches!(action, Action::CreateNode { .. }));
        let drained = doing(|action| matches!(action, Action::DrainNode { .. }));
        let restored = doing(|action| matches!(action, Action::RestoreNode { .. }));
        let done = [
            (created, "to order"),
            (registered, "to register"),
            (restored, "to bring back"),
            (drained, "to drain"),
            (actions.len() - created - registered - drained - restored, "to remove"),
            (held_back.len(), "held back"),
        ];
        parts.extend(done.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
        if parts.is_empty() {
            parts.push("nothing to do".to_owned());
        }
        let seen = |subject| verdicts.iter().filter(|verdict| verdict.subject == subject).count();
        let (jobs, nodes, servers) = (seen(Subject::QueueItem), seen(Subject::Node), seen(Subject::Server));
        let list = [many(jobs, "job"), many(nodes, "node"), many(servers, "server") + " of ours"].join(", ");
        write!(f, "{}; seen: {list}", parts.join(", "))?;
        if !problems.is_empty() {
            write!(f, "; {}", many(problems.len(), "problem"))?;
        }
        Ok(())
    }
}

fn many(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
