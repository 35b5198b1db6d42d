//! The questions about Jenkins. The log-in is tried at once.

use super::dialogue::{Dialogue, Question};
use super::files::Kept;
use super::session::Session;
use super::template::{self, SecretKey, Token};
use crate::cli::args::Init;
use crate::cli::check::unfinished;
use crate::cli::process::failure::Failure;
use crate::config;
use crate::domain::address::above_page;
use crate::jenkins;
use crate::jenkins::Jenkins;
use crate::provider::Network;
use crate::secret::Secret;

/// The option that names the file of the token.
const FILE_OPTION: &str = "--jenkins-token-file";

/// Where the token is kept if no option names another file.
const TOKEN_FILE: &str = "jenkins.token";

pub(super) struct JenkinsAnswers {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) token: Token,
    /// A token that is not in its file yet.
    pub(super) kept: Option<Kept>,
}

/// Where the token comes from.
enum Source {
    Typed(Secret),
    /// The first line of standard input.
    Piped(Secret),
    /// An environment variable.
    Variable(String),
    /// A file that is already there.
    File(String),
    /// A person adds it later.
    Later,
}

impl Source {
    /// What to log in with.
    fn key(&self) -> Option<SecretKey> {
        match self {
            Source::Typed(secret) | Source::Piped(secret) => Some(SecretKey::Inline(secret.clone())),
            Source::Variable(name) => Some(SecretKey::Variable(name.clone())),
            Source::File(file) => Some(SecretKey::File(file.clone())),
            Source::Later => None,
        }
    }

    /// Which token was tried, for a message about a failed log-in.
    fn told(&self) -> String {
        match self {
            Source::Piped(_) => "; the token is the first line of standard input".to_owned(),
            Source::Variable(name) => format!("; the token is that of the variable {name}"),
            Source::File(file) => format!("; the token is that of {file}"),
            Source::Typed(_) | Source::Later => String::new(),
        }
    }
}

/// Asks for the URL, the user and the token until Jenkins answers. Without a token, Jenkins is not asked.
pub(super) fn ask(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<String>,
) -> Result<JenkinsAnswers, Failure> {
    let piped = piped.map(Secret::new);
    if let Some(token) = &piped {
        // Before anything is asked: what would be refused at the end is refused now.
        session.place.keep((FILE_OPTION, &token_file(session)), token.clone(), dialogue)?;
    }
    let mut last = Last::new(session.args);
    loop {
        let (url, user) = last.ask(session, dialogue)?;
        let mut source = source(session, dialogue, &last, piped.as_ref())?;
        // Until the log-in succeeds, or the person wants to correct another answer.
        loop {
            let Some(text) = refusal(session, &url, &user, &source) else {
                let (token, kept) = keep(session, dialogue, source)?;
                return Ok(JenkinsAnswers { url, user, token, kept });
            };
            if !dialogue.has_person() {
                let offline = "or write a configuration without asking anybody with --offline";
                return Err(Failure::Refused(format!("jenkins: {text}{}; {offline}", source.told())));
            }
            dialogue.say(&format!("  {text}{}", source.told()))?;
            dialogue.say("")?;
            last.refused = true;
            // A token that is typed once more must not meet a question whose answer is shown.
            let again = format!("API token of {user} in Jenkins (not shown; Enter to correct the URL or the user)");
            let Some(secret) = dialogue.secret(&again)? else { break };
            source = Source::Typed(Secret::new(secret));
        }
    }
}

/// The answers of the last round, which are the defaults of the next.
struct Last {
    url: Option<String>,
    user: String,
    refused: bool,
}

impl Last {
    fn new(args: &Init) -> Self {
        Last {
            url: args.offline.then(|| unfinished::JENKINS.to_owned()),
            user: args.jenkins_user.clone().unwrap_or_else(|| "mita".to_owned()),
            refused: false,
        }
    }

    /// The root URL and the user. What an option names is the answer until Jenkins refuses it; then a person is asked.
    fn ask(&mut self, session: &Session<'_>, dialogue: &mut Dialogue<'_>) -> Result<(String, String), Failure> {
        let args = session.args;
        let question = Question {
            text: "URL of Jenkins",
            option: "--jenkins-url",
            given: args.jenkins_url.as_deref().filter(|_| !self.refused),
            default: self.url.as_deref(),
        };
        let url = dialogue.value(question, |text| reachable(session, text))?;
        let question = Question {
            text: "User in Jenkins",
            option: "--jenkins-user",
            given: args.jenkins_user.as_deref().filter(|_| !self.refused),
            default: Some(&self.user),
        };
        self.user = dialogue.value(question, check_user)?;
        self.url = Some(url.clone());
        Ok((url, self.user.clone()))
    }
}

fn token_file(session: &Session<'_>) -> String {
    session.args.jenkins_token_file.clone().unwrap_or_else(|| TOKEN_FILE.to_owned())
}

/// Asks for the token, unless there is one.
fn source(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    last: &Last,
    piped: Option<&Secret>,
) -> Result<Source, Failure> {
    let file = token_file(session);
    if let Some(secret) = piped {
        return Ok(Source::Piped(secret.clone()));
    }
    if let Some(variable) = &session.args.jenkins_token_env {
        return Ok(Source::Variable(variable.clone()));
    }
    if session.place.beside(&file).exists() && !last.refused {
        dialogue.say(&session.place.using("the token", &file))?;
        return Ok(Source::File(file));
    }
    let text = format!("API token of {} in Jenkins (not shown; Enter to add it later)", last.user);
    Ok(dialogue.secret(&text)?.map_or(Source::Later, |text| Source::Typed(Secret::new(text))))
}

/// What the configuration says of the token, and the token if it is not in its file yet.
fn keep(session: &Session<'_>, dialogue: &mut Dialogue<'_>, source: Source) -> Result<(Token, Option<Kept>), Failure> {
    let file = token_file(session);
    let secret = match source {
        Source::Typed(secret) | Source::Piped(secret) => secret,
        Source::Variable(name) => return Ok((Token::Variable(name), None)),
        Source::File(_) | Source::Later => return Ok((Token::File(file), None)),
    };
    let kept = session.place.keep((FILE_OPTION, &file), secret, dialogue)?;
    if let Some(variable) = &session.args.jenkins_token_env {
        dialogue.say(&format!("  kept in {}, in place of the variable {variable}", kept.file))?;
    }
    Ok((Token::File(kept.file.clone()), Some(kept)))
}

/// Why Jenkins cannot be used with these answers.
fn refusal(session: &Session<'_>, url: &str, user: &str, source: &Source) -> Option<String> {
    let key = source.key().filter(|_| !session.args.offline)?;
    session.waiting("asking Jenkins", || log_in(session, url, user, &key)).err()
}

/// The root URL, if Jenkins answers there. Nothing secret is sent.
fn reachable(session: &Session<'_>, text: &str) -> Result<String, String> {
    let url = config::root_url(text)?;
    if session.args.offline {
        return above_page(&url).map_or(Ok(url.clone()), |root| Err(unfinished::of_page(root)));
    }
    if let Some(told) = session.waiting("asking Jenkins", || jenkins::page_of_jenkins(&url, session.deadline())) {
        return Err(told);
    }
    let answered = session.waiting("asking Jenkins", || jenkins::probe(&url, session.deadline()));
    // The URL is before it.
    answered.map_err(|error| without_table(&error.text))?;
    Ok(url)
}

fn check_user(user: &str) -> Result<String, String> {
    // HTTP Basic authentication ends the user's name at the first colon (RFC 7617).
    if user.contains(':') { Err("no user has a colon in the name".to_owned()) } else { Ok(user.to_owned()) }
}

/// The words about an error, for a person who answers questions and has no table to look into yet.
fn without_table(words: &str) -> String {
    words.replace(" of [jenkins]", "")
}

/// Asks Jenkins who this is.
fn log_in(session: &Session<'_>, url: &str, user: &str, token: &SecretKey) -> Result<(), String> {
    let config = config::jenkins_of(&session.place.path, &template::jenkins(url, user, token))?;
    let jenkins = Jenkins::new(&config, session.deadline(), &Network::default()).map_err(|error| error.to_string())?;
    let odd = config::oddity(&config.token).map_or_else(String::new, |what| format!("; the token {what}"));
    match jenkins.current_user().map_err(|error| without_table(&format!("{error}{odd}")))?.value {
        Some(_) => Ok(()),
        None => Err(
            "Jenkins treats mita as anonymous: are user and token right, and does a proxy in front of Jenkins remove \
             the Authorization header?"
                .to_owned(),
        ),
    }
}
