//! The questions about Jenkins. The log-in is tried at once.

use super::dialogue::{Dialogue, Question};
use super::files::Kept;
use super::session::Session;
use super::template::{self, SecretKey, Token};
use crate::cli::process::failure::Failure;
use crate::config;
use crate::jenkins;
use crate::jenkins::Jenkins;
use crate::provider::Network;
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

/// Asks for the URL, the user and the token until Jenkins answers. Without a token, Jenkins is not asked.
pub(super) fn ask(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<String>,
) -> Result<JenkinsAnswers, Failure> {
    let args = session.args;
    let file = args.jenkins_token_file.clone().unwrap_or_else(|| TOKEN_FILE.to_owned());
    if let Some(token) = &piped {
        // Before anything is asked: what would be refused at the end is refused now.
        session.place.keep(&file, Secret::new(token), dialogue)?;
    }
    let mut url = args.offline.then(|| PLACEHOLDER.to_owned());
    let mut refused = false;
    let mut user = args.jenkins_user.clone().unwrap_or_else(|| "mita".to_owned());
    loop {
        let question = Question {
            text: "URL of Jenkins",
            option: "--jenkins-url",
            given: args.jenkins_url.as_deref().filter(|_| !refused),
            default: url.as_deref(),
        };
        let root = dialogue.value(question, |text| reachable(session, text))?;
        let given = args.jenkins_user.as_deref().filter(|_| !refused);
        let question = Question { text: "User in Jenkins", option: "--jenkins-user", given, default: Some(&user) };
        user = dialogue.value(question, check_user)?;
        let in_file = session.place.beside(&file).exists() && !refused;
        let mut typed: Option<Secret> = piped.as_deref().map(Secret::new);
        if args.jenkins_token_env.is_none() && !in_file && piped.is_none() {
            let text = format!("API token of {user} in Jenkins (not shown; Enter to add it later)");
            typed = dialogue.secret(&text)?.map(Secret::new);
        }
        if in_file && args.jenkins_token_env.is_none() && piped.is_none() {
            dialogue.say(&session.place.using("the token", &file))?;
        }
        let mut key = match (&typed, &args.jenkins_token_env) {
            (Some(secret), _) => Some(SecretKey::Inline(secret.clone())),
            (None, Some(variable)) => Some(SecretKey::Variable(variable.clone())),
            (None, None) => in_file.then(|| SecretKey::File(file.clone())),
        };
        // Until the log-in succeeds, or the person wants to correct another answer.
        loop {
            let from = match &key {
                Some(SecretKey::Variable(name)) => format!("; the token is that of the variable {name}"),
                Some(SecretKey::File(name)) => format!("; the token is that of {name}"),
                Some(SecretKey::Inline(_)) if piped.is_some() => {
                    "; the token is the first line of standard input".to_owned()
                }
                Some(SecretKey::Inline(_)) | None => String::new(),
            };
            let tried = key.filter(|_| !args.offline);
            let failed =
                tried.and_then(|key| session.waiting("asking Jenkins", || log_in(session, &root, &user, &key)).err());
            let Some(text) = failed else {
                let kept = typed.map(|text| session.place.keep(&file, text, dialogue)).transpose()?;
                let token = match (&kept, &args.jenkins_token_env) {
                    (Some(kept), Some(variable)) => {
                        dialogue.say(&format!("  kept in {}, in place of the variable {variable}", kept.file))?;
                        Token::File(kept.file.clone())
                    }
                    (None, Some(variable)) => Token::Variable(variable.clone()),
                    (kept, None) => Token::File(kept.as_ref().map_or(file, |kept| kept.file.clone())),
                };
                return Ok(JenkinsAnswers { url: root, user, token, kept });
            };
            if !dialogue.has_person() {
                let offline = "or write a configuration without asking anybody with --offline";
                return Err(Failure::Refused(format!("jenkins: {text}{from}; {offline}")));
            }
            dialogue.say(&format!("  {text}{from}"))?;
            dialogue.say("")?;
            refused = true;
            // A token that is typed once more must not meet a question whose answer is shown.
            let again = format!("API token of {user} in Jenkins (not shown; Enter to correct the URL or the user)");
            typed = dialogue.secret(&again)?.map(Secret::new);
            let Some(secret) = &typed else { break };
            key = Some(SecretKey::Inline(secret.clone()));
        }
        url = Some(root);
    }
}

/// The root URL, if Jenkins answers there. Nothing secret is sent.
fn reachable(session: &Session<'_>, text: &str) -> Result<String, String> {
    let url = config::root_url(text)?;
    if !session.args.offline {
        if let Some(told) = session.waiting("asking Jenkins", || jenkins::page_of_jenkins(&url, session.deadline())) {
            return Err(told);
        }
        let answered = session.waiting("asking Jenkins", || jenkins::probe(&url, session.deadline()));
        // The URL is before it.
        answered.map_err(|error| without_table(&error.text))?;
    }
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
