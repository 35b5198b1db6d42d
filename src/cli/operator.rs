//! `mita hold`, `mita release` and `mita retire`: what a person wants with one node.

use crate::cli::args::{Format, Hold, Release, Retire};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::{Config, Loaded};
use crate::domain::names::NodeName;
use crate::operator::{Answer, Ended, Request, builds_on, execute};
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError};
use crate::secret::redact;
use crate::view::document::operator::OperatorDocument;
use crate::view::exit::Exit;
use crate::view::table::folded;
use crate::view::text::one_line;
use std::io::{IsTerminal, Write, stderr, stdin};

/// One of the three commands.
pub(crate) struct Command {
    pub(crate) node: NodeName,
    pub(crate) request: Request,
    output: Format,
    asks: bool,
}

impl From<Hold> for Command {
    fn from(Hold { node, reason, format }: Hold) -> Self {
        Command { node: node.into(), request: Request::Hold { reason }, output: format.output, asks: false }
    }
}

impl From<Release> for Command {
    fn from(Release { node, format }: Release) -> Self {
        Command { node: node.into(), request: Request::Release, output: format.output, asks: false }
    }
}

impl From<Retire> for Command {
    fn from(Retire { node, when_idle, force, yes, format }: Retire) -> Self {
        let request = if force { Request::EndBuild } else { Request::Retire { when_idle } };
        Command { node: node.into(), request, output: format.output, asks: force && !yes }
    }
}

impl Command {
    pub(crate) fn execute(&self, config: &Config, moment: Moment, progress: &Progress) -> Result<Answer, RunError> {
        execute(config, &self.node, &self.request, &config::person(), moment, progress)
    }
}

pub(crate) fn run(command: &Command, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    if command.asks {
        drop(progress);
        if !confirm(&command.node, &loaded.config, moment)? {
            log::error!("nothing is done");
            return Ok(Exit::HeldBack);
        }
        return answer(command, loaded, moment, Progress::silent());
    }
    answer(command, loaded, moment, progress)
}

/// Names what would be ended, and asks. Without a terminal nobody answers.
fn confirm(node: &NodeName, config: &Config, moment: Moment) -> Result<bool, Failure> {
    let builds = builds_on(config, node, moment).map_err(Failure::Refused)?;
    if builds.is_empty() {
        return Ok(true);
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        let builds = builds.join(", ");
        return Err(Failure::Refused(format!("{node} runs {builds}: add --yes to end that without a question")));
    }
    let mut line = String::new();
    for build in builds {
        let line = one_line(&redact(&format!("{node} runs {build}"))).into_owned();
        write!(stderr(), "{}", folded(&line, output::width()))?;
    }
    write!(stderr(), "End it, and delete the node? [y/N] ")?;
    if stdin().read_line(&mut line)? == 0 {
        // The end of the input leaves the question's line open.
        writeln!(stderr())?;
    }
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn answer(command: &Command, loaded: &Loaded, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let answer = command.execute(&loaded.config, moment, &progress)?;
    drop(progress);
    let Command { node, request, output, .. } = command;
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
