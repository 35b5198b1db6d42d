//! `mita init`: writes a first configuration, from what the cloud has and a person answers.
//!
//! Every question has an option, and nobody is asked without a terminal. The configuration contains no secret: it names the
//! file or the variable of each. Nothing that exists is overwritten.

mod dialogue;
mod suggest;
mod template;

use crate::cli::args::{Init, Register};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use crate::config::{Config, ConfigErrors};
use crate::progress::Progress;
use crate::provider;
use crate::provider::{Access, Inventory, Network, Size};
use crate::reconcile::Moment;
use crate::view::exit::Exit;
use dialogue::{Choice, Dialogue};
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;
use template::{Answers, Login, Token};

/// The name and the text of the boot script that is written beside the configuration.
fn boot_script(register: Register) -> (&'static str, &'static str) {
    match register {
        Register::Inbound => {
            ("boot-inbound-registered.sh", include_str!("../../../examples/boot-inbound-registered.sh"))
        }
        Register::Ssh => ("boot-ssh.sh", include_str!("../../../examples/boot-ssh.sh")),
        Register::None => ("boot-inbound.sh", include_str!("../../../examples/boot-inbound.sh")),
    }
}

/// How long the cloud may take to list what it has.
const LONGEST: Duration = Duration::from_secs(50);

/// Asks, chooses and writes.
pub(crate) fn run(args: &Init, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let place = Place::of(&args.output)?;
    if place.path.exists() && !args.force {
        let path = place.path.display();
        return Err(Failure::Refused(format!(
            "{path} already exists: name another file with --output, or use --force"
        )));
    }
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut dialogue =
        if person { Dialogue::with_person(io::stdin().lock(), io::stderr()) } else { Dialogue::without_person() };
    let answers = answers(args, &place, moment, &progress, &mut dialogue)?;
    drop(progress);
    if dialogue.has_person() {
        keep_token(&place, &answers)?;
    }
    write(&place, args, &answers)
}

/// Where to write the configuration.
struct Place {
    path: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn of(output: &Path) -> Result<Place, Failure> {
        let folder = match output.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::new(),
        };
        if output.file_name().is_none() || !Path::new(".").join(&folder).is_dir() {
            return Err(Failure::Refused(format!("{} is not a file in an existing folder", output.display())));
        }
        Ok(Place { path: output.to_owned(), folder })
    }

    /// Reads this text as if it were the configuration there.
    fn load(&self, text: &str) -> io::Result<Result<Config, ConfigErrors>> {
        let mut file = tempfile::Builder::new().prefix(".mita-init").tempfile_in(Path::new(".").join(&self.folder))?;
        file.write_all(text.as_bytes())?;
        Ok(Config::load(file.path()).map(|loaded| loaded.config))
    }
}

fn answers(
    args: &Init,
    place: &Place,
    moment: Moment,
    progress: &Progress,
    dialogue: &mut Dialogue<'_>,
) -> Result<Answers, Failure> {
    let jenkins_url = match dialogue.value(&args.jenkins_url, "URL of Jenkins", None)? {
        Some(url) => url,
        None if args.offline => "https://jenkins.example.com/".to_owned(),
        None => {
            return Err(Failure::Refused(
                "which Jenkins? Name its URL with --jenkins-url, or write a configuration to fill in with --offline"
                    .to_owned(),
            ));
        }
    };
    let jenkins_user = dialogue.value(&args.jenkins_user, "User in Jenkins", Some("mita"))?.unwrap_or_default();
    let token = match (&args.jenkins_token_env, &args.jenkins_token_file) {
        (Some(variable), _) => Token::Variable(variable.clone()),
        (None, file) => Token::File(file.clone().unwrap_or_else(|| "jenkins.token".to_owned())),
    };
    let login = login(args, dialogue)?;
    let provider = match &login {
        Login::Cloud(cloud) if cloud != "envvars" => cloud.clone(),
        Login::Cloud(_) | Login::Credential { .. } => "openstack".to_owned(),
    };
    let inventory = if args.offline {
        Inventory::default()
    } else {
        progress.now("asking the cloud what it has");
        inventory(place, &provider, &login, args.region.as_deref(), moment)?
    };
    let names = |names: &[String]| names.iter().map(Choice::plain).collect::<Vec<_>>();
    let image = dialogue
        .choice(&args.image, "Image", &images_to_choose(&inventory), suggest::image(&inventory.images))?
        .unwrap_or_else(|| "Ubuntu 24.04".to_owned());
    let sizes: Vec<Choice> = inventory.sizes.iter().map(size_to_choose).collect();
    let suggested = suggest::size(&inventory.sizes, suggest::image_named(&inventory, &image));
    let size = dialogue.choice(&args.flavor, "Size", &sizes, suggested)?.unwrap_or_else(|| "m1.small".to_owned());
    let key = dialogue.choice(&args.key, "Key pair", &names(&inventory.key_pairs), None)?;
    let network = match &args.network {
        // The cloud takes the only network that there is.
        None if inventory.networks.len() < 2 => None,
        option => dialogue.choice(option, "Network", &names(&inventory.networks), None)?,
    };
    let node = dialogue.value(&args.node, "Name of the node type", Some(&suggest::node_type_name(&image)))?;
    let labels = dialogue.value(&args.labels, "Labels of its nodes", Some("linux"))?.unwrap_or_default();
    let in_etc = place.path.starts_with("/etc");
    Ok(Answers {
        state_file: if in_etc { "/var/lib/mita/state.json" } else { "state.json" },
        owner: args.owner.clone(),
        jenkins_url,
        jenkins_user,
        token,
        login,
        region: args.region.clone(),
        provider,
        node: node.unwrap_or_default(),
        image,
        size,
        key,
        networks: network.into_iter().collect(),
        labels: labels.split([' ', ',']).filter(|label| !label.is_empty()).map(str::to_owned).collect(),
        max: args.max,
        register: args.register,
        credentials_id: args.credentials_id.clone().unwrap_or_default(),
        script_file: args.script_file.clone().unwrap_or_else(|| boot_script(args.register).0.to_owned()),
        inventory,
    })
}

/// The images, each name once.
fn images_to_choose(inventory: &Inventory) -> Vec<Choice> {
    let mut images: Vec<Choice> = Vec::new();
    for image in &inventory.images {
        let choice = Choice::plain(&image.name);
        if !images.contains(&choice) {
            images.push(choice);
        }
    }
    images
}

fn size_to_choose(size: &Size) -> Choice {
    Choice { text: size.name.clone(), about: format!("  {}", template::described(size)) }
}

/// The cloud and its credentials: from the options, else one of clouds.yaml or the environment.
fn login(args: &Init, dialogue: &mut Dialogue<'_>) -> Result<Login, Failure> {
    if let Some(auth_url) = &args.auth_url {
        return Ok(Login::Credential {
            auth_url: auth_url.clone(),
            id: args.application_credential_id.clone().unwrap_or_default(),
            secret_file: args
                .application_credential_secret_file
                .clone()
                .unwrap_or_else(|| "openstack.secret".to_owned()),
        });
    }
    if let Some(cloud) = &args.cloud {
        return Ok(Login::Cloud(cloud.clone()));
    }
    let clouds = config::available_clouds().map_err(Failure::Refused)?;
    let choices: Vec<Choice> = clouds.iter().map(Choice::plain).collect();
    if clouds.len() > 1 && !dialogue.has_person() && !args.offline {
        let clouds = clouds.join(", ");
        return Err(Failure::Refused(format!("which cloud? Name one with --cloud: there are {clouds}")));
    }
    match dialogue.choice(&None, "Cloud", &choices, None)? {
        Some(cloud) => Ok(Login::Cloud(cloud)),
        None if args.offline => Ok(Login::Credential {
            auth_url: "https://openstack.example.com:5000/v3".to_owned(),
            id: "ID".to_owned(),
            secret_file: "openstack.secret".to_owned(),
        }),
        None => Err(Failure::Refused(
            "no cloud found: there is no clouds.yaml, and OS_AUTH_URL is not set. Name one with --cloud, or with --auth-url \
             and --application-credential-id, or write a configuration to fill in with --offline"
                .to_owned(),
        )),
    }
}

/// What the cloud has.
fn inventory(
    place: &Place,
    provider: &str,
    login: &Login,
    region: Option<&str>,
    moment: Moment,
) -> Result<Inventory, Failure> {
    // No request goes to Jenkins.
    let jenkins = "[jenkins]\nurl = \"http://localhost/\"\nuser = \"nobody\"\ntoken = \"none\"\n";
    let config = place.load(&format!("{jenkins}{}", template::provider(provider, login, region)))?;
    // The file is temporary, so its name and lines help nobody.
    let message = |line: &String| line.splitn(4, ": ").last().unwrap_or_default().to_owned();
    let config =
        config.map_err(|errors| Failure::Refused(errors.lines().iter().map(message).collect::<Vec<_>>().join("; ")))?;
    let access =
        Access { deadline: moment.started + LONGEST, concurrency: config.concurrency, network: &Network::default() };
    let Some(only) = config.providers.first() else { return Ok(Inventory::default()) };
    let cloud = provider::open(only, access).map_err(|failure| Failure::Refused(failure.message))?;
    let inventory = cloud.inventory();
    if inventory.images.is_empty() && inventory.sizes.is_empty() && !inventory.problems.is_empty() {
        return Err(Failure::Refused(inventory.problems.join("; ")));
    }
    inventory.problems.iter().for_each(|problem| log::warn!("{problem}"));
    Ok(inventory)
}

/// Asks for the token and writes it to its file, unless that exists.
fn keep_token(place: &Place, answers: &Answers) -> Result<(), Failure> {
    let Token::File(file) = &answers.token else { return Ok(()) };
    let path = place.folder.join(file);
    if path.exists() {
        return Ok(());
    }
    let question = format!("API token of {} (kept in {}, not shown): ", answers.jenkins_user, path.display());
    let token = rpassword::prompt_password(question)?;
    if !token.trim().is_empty() {
        create(&path, &format!("{}\n", token.trim()))?;
    }
    Ok(())
}

/// A complete file without its name yet, which only its owner can read. It belongs to the owner of the folder, if root
/// writes it for mita's own user.
fn draft(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = Path::new(".").join(path.parent().unwrap_or(path));
    let mut file = tempfile::Builder::new().prefix(".mita-init").tempfile_in(&folder)?;
    file.write_all(text.as_bytes())?;
    let folder = folder.metadata()?;
    if folder.uid() != file.as_file().metadata()?.uid()
        && let Err(error) = fchown(&file, Some(folder.uid()), Some(folder.gid()))
    {
        log::debug!("cannot give {} to user {}: {error}", path.display(), folder.uid());
    }
    Ok(file)
}

/// Writes a new file; an existing one stays.
fn create(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Writes a file, in place of an existing one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist(path).map(drop).map_err(|error| error.error)
}

fn write(place: &Place, args: &Init, answers: &Answers) -> Result<Exit, Failure> {
    let failed = |path: &Path, error: io::Error| Failure::Refused(format!("cannot write {}: {error}", path.display()));
    let script = place.folder.join(&answers.script_file);
    let mut written = Vec::new();
    if args.script_file.is_none() && !script.exists() {
        create(&script, boot_script(args.register).1).map_err(|error| failed(&script, error))?;
        written.push(script.display().to_string());
    }
    let put = if args.force { replace } else { create };
    put(&place.path, &template::text(answers)).map_err(|error| failed(&place.path, error))?;
    written.insert(0, place.path.display().to_string());
    let left: Vec<String> = match Config::load(&place.path) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.lines().to_vec(),
    };
    let config = place.path.display();
    let mut text = format!("wrote {}\n", written.join(" and "));
    if !left.is_empty() {
        text.push_str("still to do:\n");
        left.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text.push_str("next:\n");
    if args.register == Register::None {
        text.push_str(&format!("  set the values at the top of {}\n", script.display()));
    }
    text.push_str(&format!(
        "  look at {config}\n  mita check --online --config {config}\n  mita reconcile --dry-run --config {config}\n"
    ));
    output::print(&text)?;
    Ok(Exit::Done)
}
