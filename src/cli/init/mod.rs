//! `mita init`: writes a first configuration, from what Jenkins and the cloud answer and what a person chooses.
//!
//! Every question has an option, and nobody is asked without a terminal. Each answer is tried at once: the log-ins against
//! Jenkins and Keystone, the names against the lists of the cloud. The configuration contains no secret: it names the file
//! or the variable of each. Nothing is written before the last answer.

mod choices;
mod cloud;
mod cron;
mod dialogue;
mod files;
mod jenkins;
mod keys;
mod session;
mod shown;
mod suggest;
mod template;

use crate::cli::args::{Init, Register};
use crate::cli::check;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::cli::process::terminal::Silence;
use crate::config;
use crate::domain::names::Owner;
use crate::progress::Progress;
use crate::reconcile::Moment;
use crate::view::exit::Exit;
use dialogue::{Dialogue, Question};
use files::{Kept, Place};
use session::Session;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use template::Answers;

/// Asks, tries, writes and checks.
pub(crate) fn run(args: &Init, moment: Moment, progress: impl Fn() -> Progress) -> Result<Exit, Failure> {
    let place = Place::of(&args.file, args.force)?;
    let piped = Piped::read(args)?;
    // Standard input with secrets has no answers.
    let person = io::stdin().is_terminal() && io::stderr().is_terminal() && !piped.any();
    // Also between the questions: what is pasted there may be a secret.
    let silence = person.then(Silence::new).transpose()?;
    let mut dialogue = if person {
        Dialogue::with_person(io::stdin().lock(), io::stderr(), keys::ask)
    } else {
        Dialogue::without_person()
    };
    let session = Session { args, place: &place, moment, progress: &progress };
    let (answers, kept) = answers(&session, &mut dialogue, piped)?;
    drop((dialogue, silence));
    let written = files::write(&place, args, &answers, &kept)?;
    output::print(&format!("{written}\n\n{}\n", answers.chosen()))?;
    conclude(&session, &answers)
}

/// Secrets from standard input, a line each.
struct Piped {
    token: Option<String>,
    cloud: Option<String>,
}

impl Piped {
    fn read(args: &Init) -> Result<Piped, Failure> {
        let mut lines = io::stdin().lock().lines();
        let mut line = |option: &str| match lines.next().transpose() {
            // What Windows writes may begin with a mark (U+FEFF).
            Ok(Some(line)) if !line.trim().is_empty() => Ok(line.trim_start_matches('\u{feff}').trim().to_owned()),
            Ok(line) => Err(Failure::Refused(format!(
                "{option}: {}; write each secret on a line of its own, the token first",
                if line.is_some() {
                    "its line of standard input is empty"
                } else {
                    "standard input has no line for it"
                }
            ))),
            Err(error) => Err(Failure::Refused(format!("{option}: cannot read standard input: {error}"))),
        };
        let token = args.jenkins_token_stdin.then(|| line("--jenkins-token-stdin")).transpose()?;
        let of_cloud = [
            (args.application_credential_secret_stdin, "--application-credential-secret-stdin"),
            (args.password_stdin, "--password-stdin"),
        ];
        let cloud = of_cloud.iter().find(|(wanted, _)| *wanted).map(|(_, option)| line(option)).transpose()?;
        Ok(Piped { token, cloud })
    }

    fn any(&self) -> bool {
        self.token.is_some() || self.cloud.is_some()
    }
}

fn answers(session: &Session<'_>, dialogue: &mut Dialogue<'_>, piped: Piped) -> Result<(Answers, Vec<Kept>), Failure> {
    let args = session.args;
    dialogue.say("Enter takes the value in brackets; of a list, answer with a number or a name.")?;
    dialogue.say("Ctrl-C ends; nothing is written before the last answer.")?;
    dialogue.say("")?;
    let owner = args.owner.as_ref().map(Owner::new).transpose();
    let owner = owner.map_err(|error| Failure::Refused(format!("--owner: {error}")))?;
    let jenkins = jenkins::ask(session, dialogue, piped.token)?;
    let owner = match owner {
        Some(owner) => owner,
        None => Owner::from_jenkins_url(&jenkins.url).or_else(|_| {
            let text = "Owner, the mark of this installation on its servers";
            let question = Question { text, option: "--owner", given: None, default: None };
            dialogue.value(question, |owner| Owner::new(owner).map_err(|error| error.to_string()))
        })?,
    };
    let cloud = cloud::ask(session, dialogue, piped.cloud)?;
    let node = choices::ask(args, dialogue, &cloud.inventory)?;
    let kept = [jenkins.kept, cloud.kept].into_iter().flatten().collect();
    let answers = Answers {
        state_file: state_file(&session.place.path),
        owner: owner.as_str().to_owned(),
        jenkins_url: jenkins.url,
        jenkins_user: jenkins.user,
        token: jenkins.token,
        login: cloud.login,
        region: cloud.region,
        provider: cloud.provider,
        node,
        max: args.max,
        register: args.register,
        credentials_id: args.credentials_id.clone().unwrap_or_default(),
        script_file: args.script_file.clone().unwrap_or_else(|| files::boot_script(args.register).0.to_owned()),
        inventory: cloud.inventory,
    };
    Ok((answers, kept))
}

/// One state belongs to one configuration: that of another one beside `mita.toml` has its name.
fn state_file(config: &Path) -> String {
    let folder = if config.starts_with("/etc") { "/var/lib/mita/" } else { "" };
    let stem = config.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = if stem == "mita" { String::new() } else { format!("{stem}.") };
    format!("{folder}{name}state.json")
}

/// Shows what `mita check` finds and what to do next.
fn conclude(session: &Session<'_>, answers: &Answers) -> Result<Exit, Failure> {
    let (args, place) = (session.args, session.place);
    let (path, mita) = (place.path.display(), cron::mita());
    let missing = place.missing_files(answers);
    let mut exit = Exit::Done;
    let mut next: Vec<String> = missing;
    if args.register == Register::None {
        next.push(format!("set the values at the top of {}", place.beside(&answers.script_file).display()));
    }
    if args.offline || !next.is_empty() {
        next.push(format!("read {path}, which explains each key, and correct what does not fit"));
        next.push(format!("{mita} check --online --config {path}"));
    } else {
        let checked = session
            .waiting("asking Jenkins and the clouds", || check::examine(&place.path, true, session.moment.again()));
        exit = check::show(&checked)?;
    }
    if exit == Exit::Done {
        next.push(format!("{mita} reconcile --dry-run --config {path}"));
    } else {
        next.push("correct the errors above".to_owned());
        next.push(format!("{mita} check --online --config {path}"));
    }
    match (&answers.login, config::clouds_file_of_this_folder()) {
        (template::Login::Cloud(cloud), _) if cloud == "envvars" => {
            next.push("before you put mita in cron: cron does not have your OS_* variables (see the file)".to_owned());
        }
        (template::Login::Cloud(_), Some(file)) if exit == Exit::Done => next.push(format!(
            "before you put mita in cron, which starts in another folder: move {} to ~/.config/openstack/ of the user of \
             mita",
            file.display()
        )),
        _ => {}
    }
    if exit == Exit::Done {
        next.push(cron::next(&place.path));
    }
    let lines: String = next.iter().map(|line| format!("  {line}\n")).collect();
    output::print(&format!("next:\n{lines}"))?;
    Ok(exit)
}
