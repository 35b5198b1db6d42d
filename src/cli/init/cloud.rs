//! The questions about the cloud. The log-in is tried at once, and reads what the node type can name.

use super::dialogue::{Choice, Dialogue, Question};
use super::files::Kept;
use super::session::Session;
use super::template::{self, Login, SecretKey};
use crate::cli::check::unfinished;
use crate::cli::process::failure::Failure;
use crate::config;
use crate::provider;
use crate::provider::{Access, Inventory, Network, openstack};
use crate::secret::Secret;

/// The cloud that the OS_* variables describe.
const ENVIRONMENT: &str = "envvars";

/// The answer for a cloud that clouds.yaml does not have.
const ANOTHER: &str = "another";

/// What a configuration to fill in says.
const PLACEHOLDER: (&str, &str) = (unfinished::KEYSTONE, unfinished::CREDENTIAL);

/// Requests of one listing at a time.
const CONCURRENCY: u32 = 8;

pub(super) struct CloudAnswers {
    pub(super) login: Login,
    /// The name of the provider.
    pub(super) provider: String,
    pub(super) region: Option<String>,
    /// A secret that is not in its file yet.
    pub(super) kept: Option<Kept>,
    pub(super) inventory: Inventory,
}

/// The answers of the last round, which are the defaults of the next.
#[derive(Default)]
struct Last {
    auth_url: Option<String>,
    credential_id: Option<String>,
    username: Option<String>,
    project: Option<String>,
    domain: Option<String>,
    refused: bool,
}

/// Asks for the cloud and its credentials until Keystone accepts them.
pub(super) fn ask(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<String>,
) -> Result<CloudAnswers, Failure> {
    let args = session.args;
    let mut last = Last::default();
    let piped = piped.map(Secret::new);
    loop {
        // What an option names is the answer until the cloud refuses it; then a person is asked.
        let region_given = args.region.clone().filter(|_| !last.refused);
        let (login, typed) = login(session, dialogue, piped.as_ref(), &mut last)?;
        let listed = match &login {
            Login::Cloud(cloud) if region_given.is_none() && (dialogue.has_person() || !args.offline) => {
                config::regions_of_cloud(cloud)
            }
            Login::Cloud(_) | Login::Credential { .. } | Login::Password { .. } => Ok(Vec::new()),
        };
        let region = match listed {
            Ok(listed) if listed.len() > 1 => Some(choose_region(dialogue, &listed)?),
            Ok(_) => region_given,
            Err(text) => {
                refuse(dialogue, &mut last, text)?;
                continue;
            }
        };
        if let Some(answers) = log_in(session, dialogue, &mut last, login, typed, region)? {
            return Ok(answers);
        }
    }
}

/// Logs in until it succeeds; `None` if the person wants to correct another answer than the secret.
fn log_in(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    last: &mut Last,
    login: Login,
    mut typed: Option<Secret>,
    mut region: Option<String>,
) -> Result<Option<CloudAnswers>, Failure> {
    let provider = match &login {
        Login::Cloud(cloud) if cloud != ENVIRONMENT => cloud.clone(),
        Login::Cloud(_) | Login::Credential { .. } | Login::Password { .. } => "openstack".to_owned(),
    };
    loop {
        let tried = login.with_secret(typed.clone().map(SecretKey::Inline));
        let read = if session.args.offline {
            Ok(Inventory::default())
        } else {
            let stage = "asking the cloud what it has";
            session.waiting(stage, || inventory(session, &provider, &tried, region.as_deref()))
        };
        match read {
            Ok(inventory) if !inventory.regions.is_empty() => {
                region = Some(choose_region(dialogue, &inventory.regions)?);
            }
            Ok(inventory) => {
                let kept = match (typed, login.secret_file()) {
                    (Some(text), Some(file)) => Some(session.place.keep(file, text, dialogue)?),
                    _ => None,
                };
                let login = login.with_secret(kept.as_ref().map(|kept| SecretKey::File(kept.file.clone())));
                return Ok(Some(CloudAnswers { login, provider, region, kept, inventory }));
            }
            Err(text) => {
                refuse(dialogue, last, text)?;
                // A secret that is typed once more must not meet a question whose answer is shown.
                let Some(what) = login.secret_name() else { return Ok(None) };
                let question = format!("{what} (not shown; Enter to correct another answer)");
                typed = dialogue.secret(&question)?.map(Secret::new);
                if typed.is_none() {
                    return Ok(None);
                }
            }
        }
    }
}

/// Tells a person why the cloud is asked for once more; without a person, it ends here.
fn refuse(dialogue: &mut Dialogue<'_>, last: &mut Last, text: String) -> Result<(), Failure> {
    if !dialogue.has_person() {
        return Err(Failure::Refused(text));
    }
    dialogue.say(&format!("  {text}"))?;
    dialogue.say("")?;
    last.refused = true;
    Ok(())
}

/// One of the regions of the cloud, which has several.
fn choose_region(dialogue: &mut Dialogue<'_>, regions: &[String]) -> Result<String, Failure> {
    let listed = regions.join(", ");
    if !dialogue.has_person() {
        return Err(Failure::Refused(format!("which region? Name one with --region: there are {listed}")));
    }
    let choices: Vec<Choice> = regions.iter().map(Choice::plain).collect();
    let question = Question { text: "Region", option: "--region", given: None, default: None };
    let chosen = dialogue.choice(question, &choices, |wanted| {
        Err(format!("the cloud has no such region; {}", config::nearest_name(wanted, regions)))
    })?;
    chosen.ok_or_else(|| Failure::Refused(format!("no region was chosen of {listed}")))
}

fn any(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// The cloud and who logs in, and a secret that is in no file yet.
fn login(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<&Secret>,
    last: &mut Last,
) -> Result<(Login, Option<Secret>), Failure> {
    let args = session.args;
    if let Some(cloud) = args.cloud.as_ref().filter(|_| !last.refused) {
        return Ok((Login::Cloud(cloud.clone()), None));
    }
    if args.auth_url.is_none() {
        let clouds = match config::available_clouds() {
            Ok(clouds) => clouds,
            Err(text) => {
                refuse(dialogue, last, text)?;
                Vec::new()
            }
        };
        if let Some(cloud) = known_cloud(dialogue, args.offline, &clouds)? {
            return Ok((Login::Cloud(cloud), None));
        }
        if !dialogue.has_person() && args.offline {
            let (auth_url, id) = PLACEHOLDER;
            let secret = SecretKey::File("openstack.secret".to_owned());
            return Ok((Login::Credential { auth_url: auth_url.to_owned(), id: id.to_owned(), secret }, None));
        }
        if !dialogue.has_person() {
            let file = match config::named_clouds_file() {
                Some(path) if !path.exists() => {
                    format!("OS_CLIENT_CONFIG_FILE names {}, which does not exist", path.display())
                }
                Some(_) | None => "no clouds.yaml names one".to_owned(),
            };
            return Err(Failure::Refused(format!(
                "no cloud found: {file}, and OS_AUTH_URL is not set. Name one with --cloud, or with --auth-url and \
                 --application-credential-id or --username, or write a configuration to fill in with --offline"
            )));
        }
    }
    by_hand(session, dialogue, piped, last)
}

/// A cloud of clouds.yaml or of the environment. A person can choose another one.
fn known_cloud(dialogue: &mut Dialogue<'_>, offline: bool, clouds: &[String]) -> Result<Option<String>, Failure> {
    if clouds.is_empty() {
        return Ok(None);
    }
    if !dialogue.has_person() {
        if clouds.len() > 1 && !offline {
            let clouds = clouds.join(", ");
            return Err(Failure::Refused(format!("which cloud? Name one with --cloud: there are {clouds}")));
        }
        return Ok(clouds.first().cloned());
    }
    let about = |cloud: &String| if cloud == ENVIRONMENT { "  the OS_* variables".to_owned() } else { String::new() };
    let mut choices: Vec<Choice> =
        clouds.iter().map(|cloud| Choice { about: about(cloud), ..Choice::plain(cloud) }).collect();
    choices.push(Choice { about: "  log in to another cloud".to_owned(), ..Choice::plain(ANOTHER) });
    let question = Question { text: "Cloud", option: "--cloud", given: None, default: None };
    let chosen = dialogue.choice(question, &choices, |_| Err(config::nearest_name("", clouds)))?;
    Ok(chosen.filter(|cloud| cloud != ANOTHER))
}

/// The URL of Keystone, and an application credential or a user.
fn by_hand(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<&Secret>,
    last: &mut Last,
) -> Result<(Login, Option<Secret>), Failure> {
    let args = session.args;
    let url = Question {
        text: "URL of Keystone (auth_url)",
        option: "--auth-url",
        given: args.auth_url.as_deref().filter(|_| !last.refused),
        default: last.auth_url.as_deref(),
    };
    let auth_url = dialogue.value(url, |text| keystone(session, text))?;
    last.auth_url = Some(auth_url.clone());
    if args.username.is_none() {
        let given = args.application_credential_id.as_deref().filter(|_| !last.refused);
        let id = credential_id(given, dialogue, last)?;
        last.credential_id = Some(id.clone());
        if !id.is_empty() {
            let file = args.application_credential_secret_file.as_deref().unwrap_or("openstack.secret");
            let login = Login::Credential { auth_url, id, secret: SecretKey::File(file.to_owned()) };
            let typed = secret(session, dialogue, piped, last, &login)?;
            return Ok((login, typed));
        }
    }
    let refused = last.refused;
    let mut ask = |text, option, given: &Option<String>, default: Option<&str>| {
        let given = given.as_deref().filter(|_| !refused);
        dialogue.value(Question { text, option, given, default }, any)
    };
    let username = ask("User", "--username", &args.username, last.username.as_deref())?;
    let project = ask("Project", "--project", &args.project, last.project.as_deref())?;
    let domain = last.domain.clone().unwrap_or_else(|| "Default".to_owned());
    let domain = ask("Domain of user and project", "--domain", &args.domain, Some(&domain))?;
    (last.username, last.project) = (Some(username.clone()), Some(project.clone()));
    last.domain = Some(domain.clone());
    let file = args.password_file.as_deref().unwrap_or("openstack.password");
    let password = SecretKey::File(file.to_owned());
    let login = Login::Password { auth_url, username, project, domain, password };
    let typed = secret(session, dialogue, piped, last, &login)?;
    Ok((login, typed))
}

/// The URL, if Keystone answers there. Nothing secret is sent.
fn keystone(session: &Session<'_>, text: &str) -> Result<String, String> {
    config::root_url(text)?;
    let url = text.trim().to_owned();
    if !session.args.offline {
        let network = Network::default();
        let access = Access { deadline: session.deadline(), concurrency: CONCURRENCY, network: &network };
        session.waiting("asking Keystone", || openstack::probe(&url, access))?;
    }
    Ok(url)
}

/// Empty if a user logs in.
fn credential_id(given: Option<&str>, dialogue: &mut Dialogue<'_>, last: &Last) -> Result<String, Failure> {
    if given.is_none() && !dialogue.has_person() {
        return Err(Failure::Refused(
            "who logs in to the cloud? Name --application-credential-id, or --username and --project".to_owned(),
        ));
    }
    let before = last.credential_id.as_deref().map(|id| if id.is_empty() { "-" } else { id });
    let question = Question {
        text: "Id of the application credential (- to log in as a user)",
        option: "--application-credential-id",
        given,
        default: before,
    };
    dialogue.value(question, |id| Ok(id.trim_start_matches('-').to_owned()))
}

/// A secret from standard input or from the person; `None` if its file has it. A person replaces the secret of a file that
/// the cloud refused.
fn secret(
    session: &Session<'_>,
    dialogue: &mut Dialogue<'_>,
    piped: Option<&Secret>,
    last: &Last,
    login: &Login,
) -> Result<Option<Secret>, Failure> {
    let (Some((option, file)), Some(what)) = (login.secret_file(), login.secret_name()) else { return Ok(None) };
    let path = session.place.beside(file);
    if let Some(piped) = piped {
        // Before the cloud is asked: what would be refused at the end is refused now.
        session.place.keep((option, file), piped.clone(), dialogue)?;
        return Ok(Some(piped.clone()));
    }
    if path.exists() && !last.refused {
        dialogue.say(&session.place.using("the secret", file))?;
        return Ok(None);
    }
    if !dialogue.has_person() {
        return Ok(None);
    }
    loop {
        if let Some(text) = dialogue.secret(&format!("{what} (not shown; kept in {})", path.display()))? {
            return Ok(Some(Secret::new(text)));
        }
        if session.args.offline {
            return Ok(None);
        }
        dialogue.say("  without it, nobody can log in: please answer, or end with Ctrl-C")?;
    }
}

/// What the cloud has.
fn inventory(session: &Session<'_>, provider: &str, login: &Login, region: Option<&str>) -> Result<Inventory, String> {
    let config = config::provider_of(&session.place.path, &template::provider(provider, login, region));
    let config = config.map_err(|error| match login {
        // There is no such key yet.
        Login::Cloud(cloud) => error.replace(&format!("provider.{provider}.cloud:"), &format!("--cloud {cloud}:")),
        Login::Credential { .. } | Login::Password { .. } => error,
    })?;
    let network = Network::default();
    let access = Access { deadline: session.deadline(), concurrency: CONCURRENCY, network: &network };
    let inventory = provider::open(&config, access).map_err(|failure| failure.message)?.inventory();
    if inventory.images.is_empty() && inventory.sizes.is_empty() && !inventory.problems.is_empty() {
        return Err(inventory.problems.join("; "));
    }
    inventory.problems.iter().for_each(|problem| log::warn!("{problem}"));
    Ok(inventory)
}
