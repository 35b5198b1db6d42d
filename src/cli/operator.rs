//! `mita hold`, `mita release` and `mita retire`: what a person wants with one node.

use crate::cli::args::{Format, Hold, Release, Retire};
use crate::cli::load::load_for;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::terminal::asked;
use crate::config;
use crate::config::Config;
use crate::operator::{Answer, Consent, Ended, Request, execute};
use crate::progress::Progress;
use crate::reconcile::{Moment, RunError};
use crate::secret::redact;
use crate::view::document::operator::OperatorDocument;
use crate::view::exit::Exit;
use crate::view::table::folded;
use crate::view::text::one_line;
use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::PathBuf;

/// One of the three commands.
pub(crate) struct Command {
    /// As the person names it.
    pub(crate) node: String,
    pub(crate) request: Request,
    output: Format,
}

impl From<Hold> for Command {
    fn from(Hold { node, reason, format }: Hold) -> Self {
        Command { node, request: Request::Hold { reason }, output: format.output }
    }
}

impl From<Release> for Command {
    fn from(Release { node, format }: Release) -> Self {
        Command { node, request: Request::Release, output: format.output }
    }
}

impl From<Retire> for Command {
    fn from(Retire { node, when_idle, force, yes, format }: Retire) -> Self {
        let consent = if yes { Consent::Given } else { Consent::Needed };
        let request = if force { Request::EndBuild(consent) } else { Request::Retire { when_idle } };
        Command { node, request, output: format.output }
    }
}

impl Command {
    pub(crate) fn execute(&self, config: &Config, moment: Moment, progress: &Progress) -> Result<Answer, RunError> {
        execute(config, &self.node, &self.request, &config::person(), moment, progress)
    }
}

pub(crate) fn run(
    command: &Command,
    config: Option<PathBuf>,
    moment: Moment,
    progress: impl Fn() -> Progress,
) -> Result<Exit, Failure> {
    let Command { node: named, request, output, .. } = command;
    let config = &load_for(config, named)?.config;
    let mut answer = command.execute(config, moment, &progress())?;
    if let (Ended::Asks(work), Some(node)) = (&answer.ended, &answer.node) {
        if !confirm(work)? {
            log::error!("nothing is done");
            return Ok(Exit::HeldBack);
        }
        let confirmed = Request::EndBuild(Consent::GivenForThisName);
        // A person took time to answer.
        answer = execute(config, node.as_str(), &confirmed, &config::person(), moment.again(), &progress())?;
    }
    let document = OperatorDocument::of(&config.owner, moment.now, named, request, &answer);
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

/// Names what would be ended, and asks. Without a terminal nobody answers.
fn confirm(work: &[String]) -> Result<bool, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Err(Failure::Refused(format!("{}: add --yes to end that without a question", work.join("; "))));
    }
    for line in work {
        let line = one_line(&redact(line)).into_owned();
        write!(stderr(), "{}", folded(&line, output::width()))?;
    }
    let mut line = String::new();
    let length = asked(|| {
        write!(stderr(), "End it, and delete the node and its server? [y/N] ")?;
        stdin().read_line(&mut line)
    })?;
    if length == 0 {
        // The end of the input leaves the question's line open.
        writeln!(stderr())?;
    }
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn exit(ended: &Ended) -> Exit {
    match ended {
        Ended::Done | Ended::AlreadySo | Ended::Remembered => Exit::Done,
        Ended::Refused | Ended::Asks(_) => Exit::HeldBack,
        Ended::Failed | Ended::NoSuchNode(_) => Exit::Failed,
    }
}
