//! `mita init`: a first configuration, from what the clouds have and a person answers.
//!
//! Everything that is asked has an option, and nobody is asked where there is no terminal. No secret is written into the
//! configuration: it names the file or the variable that holds it. Nothing that exists is overwritten.

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
use crate::provider::{Access, Inventory};
use crate::reconcile::Moment;
use crate::view::exit::Exit;
use dialogue::{Choice, Dialogue};
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::NamedTempFile;
use template::{Answers, Login, Token};

/// The boot script that is put beside the configuration, and its name.
fn boot_script(register: Register) -> (&'static str, &'static str) {
    match register {
        Register::Inbound => {
            ("boot-inbound-registered.sh", include_str!("../../../examples/boot-inbound-registered.sh"))
        }
        Register::Ssh => ("boot-ssh.sh", include_str!("../../../examples/boot-ssh.sh")),
        Register::None => ("boot-inbound.sh", include_str!("../../../examples/boot-inbound.sh")),
    }
}

/// How long the clouds may take to tell what they have.
const LONGEST: Duration = Duration::from_secs(50);

/// Asks, chooses and writes.
pub(crate) fn run(args: &Init, moment: Moment, progress: Progress) -> Result<Exit, Failure> {
    let place = Place::of(&args.output)?;
    if place.path.exists() && !args.force {
        let path = place.path.display();
        return Err(Failure::Refused(format!(
            "{path} is there already: name another file with --output, or use --force"
        )));
    }
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    let mut dialogue = if person { Dialogue::Person(io::stdin().lock(), io::stderr()) } else { Dialogue::Nobody };
    let answers = answers(args, &place, moment, &progress, &mut dialogue)?;
    drop(progress);
    if dialogue.is_with_a_person() {
        keep_token(&place, &answers)?;
    }
    write(&place, args, &answers)
}

/// Where the configuration is to be.
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
            return Err(Failure::Refused(format!("{} is no file in a folder that is there", output.display())));
        }
        Ok(Place { path: output.to_owned(), folder })
    }

    /// A configuration of this text, read as if it stood there.
    fn load(&self, text: &str) -> io::Result<Result<Config, ConfigErrors>> {
        let mut file = tempfile::Builder::new().prefix(".mita-init").tempfile_in(Path::new(".").join(&self.folder))?;
        file.write_all(text.as_bytes())?;
        Ok(Config::load(file.path()).map(|loaded| loaded.config))
    }
}

fn answers<R: BufRead, W: Write>(
    args: &Init,
    place: &Place,
    moment: Moment,
    progress: &Progress,
    dialogue: &mut Dialogue<R, W>,
) -> Result<Answers, Failure> {
    let jenkins_url = given(&args.jenkins_url, dialogue, "URL of Jenkins", None)?;
    let jenkins_url = match (jenkins_url, args.offline) {
        (Some(url), _) => url,
        (None, true) => "https://jenkins.example.com/".to_owned(),
        (None, false) => {
            return Err(Failure::Refused(
                "which Jenkins? Name its URL with --jenkins-url, or write a configuration to be filled in with --offline"
                    .to_owned(),
            ));
        }
    };
    let jenkins_user = given(&args.jenkins_user, dialogue, "User in Jenkins", Some("mita"))?;
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
    let chosen = Chosen::of(args, &inventory, dialogue)?;
    let node = match &args.node {
        Some(node) => node.clone(),
        None => {
            let suggested = suggest::node_type_name(&chosen.image);
            dialogue.ask("Name of the node type", Some(&suggested))?.unwrap_or(suggested)
        }
    };
    let labels = match &args.labels {
        Some(labels) => labels.clone(),
        None => dialogue.ask("Labels of its nodes", Some("linux"))?.unwrap_or_default(),
    };
    let in_etc = place.path.starts_with("/etc");
    Ok(Answers {
        state_file: if in_etc { "/var/lib/mita/state.json" } else { "state.json" }.to_owned(),
        owner: args.owner.clone(),
        jenkins_url,
        jenkins_user: jenkins_user.unwrap_or_default(),
        token,
        login,
        region: args.region.clone(),
        provider,
        node,
        image: chosen.image,
        size: chosen.size,
        key: chosen.key,
        networks: chosen.networks,
        labels: labels.split([' ', ',']).filter(|label| !label.is_empty()).map(str::to_owned).collect(),
        max: args.max,
        register: args.register,
        credentials_id: args.credentials_id.clone(),
        script_file: args.script_file.clone().unwrap_or_else(|| boot_script(args.register).0.to_owned()),
        inventory,
    })
}

/// The option's value, else the answer to the question.
fn given<R: BufRead, W: Write>(
    option: &Option<String>,
    dialogue: &mut Dialogue<R, W>,
    question: &str,
    default: Option<&str>,
) -> io::Result<Option<String>> {
    match option {
        Some(value) => Ok(Some(value.clone())),
        None => dialogue.ask(question, default),
    }
}

/// Where the cloud is: by the options, else one of those at hand.
fn login<R: BufRead, W: Write>(args: &Init, dialogue: &mut Dialogue<R, W>) -> Result<Login, Failure> {
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
    let clouds = config::clouds_at_hand().map_err(Failure::Refused)?;
    let choices: Vec<Choice> = clouds.iter().map(Choice::plain).collect();
    if clouds.len() > 1 && !dialogue.is_with_a_person() && !args.offline {
        let clouds = clouds.join(", ");
        return Err(Failure::Refused(format!("which cloud? Name one with --cloud: there are {clouds}")));
    }
    match dialogue.choose("Cloud", &choices, None)? {
        Some(cloud) => Ok(Login::Cloud(cloud)),
        None if args.offline => Ok(Login::Credential {
            auth_url: "https://openstack.example.com:5000/v3".to_owned(),
            id: "ID".to_owned(),
            secret_file: "openstack.secret".to_owned(),
        }),
        None => Err(Failure::Refused(
            "no cloud found: there is no clouds.yaml, and OS_AUTH_URL is not set. Name one with --cloud, or with --auth-url \
             and --application-credential-id, or write a configuration to be filled in with --offline"
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
    // Of Jenkins nothing is asked here.
    let jenkins = "[jenkins]\nurl = \"http://localhost/\"\nuser = \"nobody\"\ntoken = \"none\"\n";
    let config = place.load(&format!("{jenkins}{}", template::provider(provider, login, region)))?;
    // The place in a file that is none tells nobody anything.
    let told = |line: &String| line.splitn(4, ": ").last().unwrap_or_default().to_owned();
    let config =
        config.map_err(|errors| Failure::Refused(errors.lines().iter().map(told).collect::<Vec<_>>().join("; ")))?;
    let access = Access { deadline: moment.started + LONGEST, concurrency: config.concurrency };
    let Some(only) = config.providers.first() else { return Ok(Inventory::default()) };
    let cloud = provider::open(only, access).map_err(|failure| Failure::Refused(failure.message))?;
    let inventory = cloud.inventory();
    if inventory.images.is_empty() && inventory.sizes.is_empty() && !inventory.problems.is_empty() {
        return Err(Failure::Refused(inventory.problems.join("; ")));
    }
    inventory.problems.iter().for_each(|problem| log::warn!("{problem}"));
    Ok(inventory)
}

/// What was chosen of a cloud.
struct Chosen {
    image: String,
    size: String,
    key: Option<String>,
    networks: Vec<String>,
}

impl Chosen {
    fn of<R: BufRead, W: Write>(
        args: &Init,
        inventory: &Inventory,
        dialogue: &mut Dialogue<R, W>,
    ) -> Result<Chosen, Failure> {
        let images: Vec<Choice> = inventory.images.iter().map(|image| Choice::plain(&image.name)).collect();
        let image = match &args.image {
            Some(image) => image.clone(),
            None => dialogue
                .choose("Image", &distinct(images), suggest::image(&inventory.images))?
                .unwrap_or_else(|| "Ubuntu 24.04".to_owned()),
        };
        let described =
            |size| Choice { text: provider::Size::clone(size).name, about: format!("  {}", template::described(size)) };
        let sizes: Vec<Choice> = inventory.sizes.iter().map(described).collect();
        let suggested = suggest::size(&inventory.sizes, suggest::image_named(inventory, &image));
        let size = match &args.flavor {
            Some(size) => size.clone(),
            None => dialogue.choose("Size", &sizes, suggested)?.unwrap_or_else(|| "m1.small".to_owned()),
        };
        let keys: Vec<Choice> = inventory.key_pairs.iter().map(Choice::plain).collect();
        let key = match &args.key {
            Some(key) => Some(key.clone()),
            None => dialogue.choose("Key pair", &keys, None)?,
        };
        let networks: Vec<Choice> = inventory.networks.iter().map(Choice::plain).collect();
        let networks = match &args.network {
            Some(network) => vec![network.clone()],
            // The only one is chosen by the cloud.
            None if networks.len() < 2 => Vec::new(),
            None => dialogue.choose("Network", &networks, None)?.into_iter().collect(),
        };
        Ok(Chosen { image, size, key, networks })
    }
}

/// The choices in their order, those of one name once.
fn distinct(all: Vec<Choice>) -> Vec<Choice> {
    let mut seen: Vec<Choice> = Vec::new();
    for choice in all {
        if !seen.contains(&choice) {
            seen.push(choice);
        }
    }
    seen
}

/// Asks for the token and keeps it in its file, where that is not there yet.
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

/// A file that only its owner can read, whole, and without its name as yet. The owner is that of the folder, where root
/// makes it for a user of mita's own.
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

/// Writes a new file. What is there already stays.
fn create(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// Writes a file in the place of the one that may be there.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    draft(path, text)?.persist(path).map(drop).map_err(|error| error.error)
}

fn write(place: &Place, args: &Init, answers: &Answers) -> Result<Exit, Failure> {
    let text = template::text(answers);
    let told_of = |path: &Path, error: io::Error| Failure::Refused(format!("cannot write {}: {error}", path.display()));
    let script = place.folder.join(&answers.script_file);
    let mut written = Vec::new();
    if args.script_file.is_none() && !script.exists() {
        create(&script, boot_script(args.register).1).map_err(|error| told_of(&script, error))?;
        written.push(script.display().to_string());
    }
    let put = if args.force { replace } else { create };
    put(&place.path, &text).map_err(|error| told_of(&place.path, error))?;
    written.insert(0, place.path.display().to_string());
    let left: Vec<String> = match Config::load(&place.path) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.lines().to_vec(),
    };
    let config = place.path.display();
    let mut told = format!("wrote {}\n", written.join(" and "));
    if !left.is_empty() {
        told.push_str("still to do:\n");
        left.iter().for_each(|line| told.push_str(&format!("  {line}\n")));
    }
    told.push_str("next:\n");
    if args.register == Register::None {
        told.push_str(&format!("  set the values at the top of {}\n", script.display()));
    }
    told.push_str(&format!(
        "  look at {config}\n  mita check --online --config {config}\n  mita reconcile --dry-run --config {config}\n"
    ));
    output::print(&told)?;
    Ok(Exit::Done)
}
