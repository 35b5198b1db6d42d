//! `mita hold`, `mita release` and `mita retire`: what a person wants with one node, and what became of it.

use crate::cli::args::{Hold, Release, Retire, Shape};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::output::DOCUMENT_VERSION;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::names::{NodeName, Owner, ServerId};
use crate::operator::{Answer, Ended, Request, execute};
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError};
use crate::view::document::{clean, to_the_second};
use crate::view::explain::closest;
use serde::Serialize;

/// A wish for a node, as the command line says it.
pub(crate) struct Command {
    name: &'static str,
    node: NodeName,
    wish: Request,
    shape: Shape,
}

impl From<Hold> for Command {
    fn from(Hold { node, reason, shape }: Hold) -> Self {
        let person = config::person().unwrap_or_else(|| "somebody".to_owned());
        Command { name: "hold", node: node.as_str().into(), wish: Request::Hold { person, reason }, shape }
    }
}

impl From<Release> for Command {
    fn from(Release { node, shape }: Release) -> Self {
        Command { name: "release", node: node.as_str().into(), wish: Request::Release, shape }
    }
}

impl From<Retire> for Command {
    fn from(Retire { node, when_idle, shape }: Retire) -> Self {
        Command { name: "retire", node: node.as_str().into(), wish: Request::Retire { when_idle }, shape }
    }
}

impl Command {
    pub(crate) fn carry_out(&self, config: &Config, moment: Moment, progress: &Progress) -> Result<Answer, RunError> {
        execute(config, &self.node, &self.wish, moment, progress)
    }
}

pub(crate) fn run(command: &Command, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let answer = command.carry_out(&loaded.config, moment, &progress)?;
    drop(progress);
    let told = HandDocument::of(command, &loaded.config.owner, moment, &answer);
    let exit = exit(&answer.ended);
    if command.shape.output.is_json() {
        output::print_document(&told)?;
    } else if exit == Exit::Done {
        output::print(&format!("{}\n", told.sentence()))?;
    }
    if exit != Exit::Done {
        log::error!("{}", told.sentence());
    }
    Ok(exit)
}

fn exit(ended: &Ended) -> Exit {
    match ended {
        Ended::Done | Ended::AlreadySo | Ended::Remembered => Exit::Done,
        Ended::Refused => Exit::HeldBack,
        Ended::Failed | Ended::NoSuchNode(_) => Exit::Failed,
    }
}

/// What became of a wish, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct HandDocument<'a> {
    version: u32,
    owner: &'a Owner,
    now: String,
    command: &'static str,
    node: &'a NodeName,
    server_id: Option<&'a ServerId>,
    outcome: &'static str,
    reason: String,
    /// Where Jenkins has no such node: names like it.
    near: Vec<String>,
}

impl<'a> HandDocument<'a> {
    pub(crate) fn of(command: &'a Command, owner: &'a Owner, moment: Moment, answer: &'a Answer) -> Self {
        let Answer { ended, server_id, reason } = answer;
        let (outcome, near) = match ended {
            Ended::Done => ("done", Vec::new()),
            Ended::AlreadySo => ("already_done", Vec::new()),
            Ended::Remembered => ("remembered", Vec::new()),
            Ended::Refused => ("refused", Vec::new()),
            Ended::Failed => ("failed", Vec::new()),
            Ended::NoSuchNode(known) => {
                ("no_such_node", closest(&known.iter().map(NodeName::as_str).collect(), command.node.as_str()))
            }
        };
        HandDocument {
            version: DOCUMENT_VERSION,
            owner,
            now: to_the_second(moment.now),
            command: command.name,
            node: &command.node,
            server_id: server_id.as_ref(),
            outcome,
            reason: clean(reason),
            near,
        }
    }

    fn sentence(&self) -> String {
        let HandDocument { command, node, reason, near, .. } = self;
        let near = if near.is_empty() { String::new() } else { format!("; similar: {}", near.join(", ")) };
        format!("{command} {node}: {reason}{near}")
    }
}
