//! The questions about Jenkins. The log-in is tried at once.

use super::Session;
use super::dialogue::{Dialogue, Question};
use super::files::Kept;
use super::template::{self, SecretKey, Token};
use crate::cli::process::failure::Failure;
use crate::config;
use crate::jenkins::{ErrorKind, Jenkins, JenkinsError};
use crate::secret::Secret;

/// Where the token is kept if no option names another file.
const TOKEN_FILE: &str = "jenkins.token";

/// The URL of a configuration to fill in.
const PLACEHOLDER: &str = "https://jenkins.example.com/";

pub(super) struct JenkinsAnswers {
    pub(super) url: String,
    pub(super) user: String,
    pub(super) token: Token,
    /// A token that is not in its file yet.
    pub(super) kept: Option<Kept>,
}

/// A log-in that did not work, and which answer is probably wrong.
struct Refusal {
    about: About,
    text: String,
}

#[derive(PartialEq, Eq)]
enum About {
    Url,
    Login,
}

impl From<JenkinsError> for Refusal {
    fn from(error: JenkinsError) -> Self {
        let about = match error.kind {
            ErrorKind::Unauthorized | ErrorKind::Forbidden { .. } => About::Login,
            ErrorKind::Starting
            | ErrorKind::NotFound
            | ErrorKind::Redirected
            | ErrorKind::NotJenkins
            | ErrorKind::Unexpected
            | ErrorKind::Incomplete
            | ErrorKind::Refused { .. }
            | ErrorKind::Failed { .. }
            | ErrorKind::NotSent
            | ErrorKind::Lost => About::Url,
        };
        Refusal { about, text: error.to_string() }
    }
}

/// Asks for the URL, the user and the token until Jenkins answers. Without a token, Jenkins is not asked.
pub(super) fn ask(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<String>,
) -> Result<JenkinsAnswers, Failure> {
    let args = session.args;
    let file = args.jenkins_token_file.clone().unwrap_or_else(|| TOKEN_FILE.to_owned());
    let mut url: Option<String> = None;
    let mut user = args.jenkins_user.clone();
    let mut typed: Option<Secret> = piped.as_deref().map(Secret::new);
    let mut refused: Option<About> = None;
    loop {
        // A wrong address can answer that it does not know the user.
        let default = url.clone().or_else(|| args.offline.then(|| PLACEHOLDER.to_owned()));
        let question = Question {
            text: "URL of Jenkins",
            option: "--jenkins-url",
            given: args.jenkins_url.as_deref(),
            default: default.as_deref(),
        };
        url = Some(dialogue.value(question, config::root_url)?);
        if refused != Some(About::Url) {
            let default = user.clone().unwrap_or_else(|| "mita".to_owned());
            let given = args.jenkins_user.as_deref();
            let question = Question { text: "User in Jenkins", option: "--jenkins-user", given, default: Some(&default) };
            user = Some(dialogue.value(question, check_user)?);
        }
        let (url, user) = (url.clone().unwrap_or_default(), user.clone().unwrap_or_default());
        let in_file = session.place.beside(&file).exists() && refused != Some(About::Login);
        if args.jenkins_token_env.is_none() && !in_file && refused != Some(About::Url) && piped.is_none() {
            let text = format!("API token of {user} in Jenkins (not shown; Enter to add it later)");
            typed = dialogue.secret(&text)?.map(Secret::new);
        }
        let token = match &args.jenkins_token_env {
            Some(variable) => Token::Variable(variable.clone()),
            None => Token::File(file.clone()),
        };
        let kept = typed.clone().map(|text| Kept { file: file.clone(), text });
        let answers = JenkinsAnswers { url: url.clone(), user: user.clone(), token, kept };
        let key = match (&typed, &args.jenkins_token_env) {
            (Some(secret), _) => SecretKey::Inline(secret.clone()),
            (None, Some(variable)) => SecretKey::Variable(variable.clone()),
            (None, None) if in_file => SecretKey::File(file.clone()),
            (None, None) => return Ok(answers),
        };
        if args.offline {
            return Ok(answers);
        }
        let Err(refusal) = session.waiting("asking Jenkins", || log_in(session, &url, &user, &key)) else {
            return Ok(answers);
        };
        let can_change = match refusal.about {
            About::Url => args.jenkins_url.is_none(),
            About::Login => args.jenkins_token_env.is_none(),
        };
        if !dialogue.has_person() || !can_change {
            let offline = "or write a configuration without asking anybody with --offline";
            return Err(Failure::Refused(format!("jenkins: {}; {offline}", refusal.text)));
        }
        dialogue.say(&format!("  {}\n", refusal.text))?;
        refused = Some(refusal.about);
    }
}

fn check_user(user: &str) -> Result<String, String> {
    // HTTP Basic authentication ends the user's name at the first colon (RFC 7617).
    if user.contains(':') { Err("no user has a colon in the name".to_owned()) } else { Ok(user.to_owned()) }
}

/// Asks Jenkins who this is.
fn log_in(session: &Session<'_>, url: &str, user: &str, token: &SecretKey) -> Result<(), Refusal> {
    let login = |text: String| Refusal { about: About::Login, text };
    let text = template::jenkins(url, user, token);
    let config = config::jenkins_of(&session.place.path, &text).map_err(login)?;
    let who = Jenkins::new(&config, session.deadline())?.current_user()?;
    match who.value {
        Some(_) => Ok(()),
        None => Err(login(
            "Jenkins treats mita as anonymous: are user and token right, and does a proxy in front of Jenkins remove the \
             Authorization header?"
                .to_owned(),
        )),
    }
}
