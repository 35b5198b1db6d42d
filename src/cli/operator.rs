//! `mita hold`, `mita release` and `mita retire`: what a person wants with one node.

use crate::cli::args::{Format, Hold, Release, Retire};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::names::NodeName;
use crate::operator::{Answer, Ended, Request, execute};
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError};
use crate::view::document::operator::OperatorDocument;
use crate::view::exit::Exit;

/// One of the three commands.
pub(crate) struct Command {
    pub(crate) node: NodeName,
    pub(crate) request: Request,
    output: Format,
}

impl From<Hold> for Command {
    fn from(Hold { node, reason, format }: Hold) -> Self {
        Command { node: node.into(), request: Request::Hold { reason }, output: format.output }
    }
}

impl From<Release> for Command {
    fn from(Release { node, format }: Release) -> Self {
        Command { node: node.into(), request: Request::Release, output: format.output }
    }
}

impl From<Retire> for Command {
    fn from(Retire { node, when_idle, format }: Retire) -> Self {
        Command { node: node.into(), request: Request::Retire { when_idle }, output: format.output }
    }
}

impl Command {
    pub(crate) fn execute(&self, config: &Config, moment: Moment, progress: &Progress) -> Result<Answer, RunError> {
        execute(config, &self.node, &self.request, &config::person(), moment, progress)
    }
}

pub(crate) fn run(command: &Command, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let answer = command.execute(&loaded.config, moment, &progress)?;
    drop(progress);
    let Command { node, request, output } = command;
    let document = OperatorDocument::of(&loaded.config.owner, moment.now, node, request, &answer);
    let exit = exit(&answer.ended);
    if output.is_json() {
        output::print_document(&document)?;
    } else if exit == Exit::Done {
        output::print(&format!("{}\n", document.sentence()))?;
    }
    if exit != Exit::Done {
        log::error!("{}", document.sentence());
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
