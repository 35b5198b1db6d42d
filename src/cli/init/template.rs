//! The text of a new configuration: what was answered, each key with a word on it, and the keys that people change
//! first, ready to be set free.

use crate::cli::args::Register;
use crate::provider::{Inventory, Size};
use crate::view::table::wrap;
use std::fmt::Write;

/// How wide a comment is.
const WIDTH: usize = 110;

/// How many names a comment lists.
const MOST_LISTED: usize = 12;

/// Everything that a configuration is made of.
pub(crate) struct Answers {
    pub(crate) state_file: String,
    pub(crate) owner: Option<String>,
    pub(crate) jenkins_url: String,
    pub(crate) jenkins_user: String,
    pub(crate) token: Token,
    pub(crate) login: Login,
    pub(crate) region: Option<String>,
    pub(crate) provider: String,
    pub(crate) node: String,
    pub(crate) image: String,
    pub(crate) size: String,
    pub(crate) key: Option<String>,
    pub(crate) networks: Vec<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) max: u32,
    pub(crate) register: Register,
    pub(crate) credentials_id: Option<String>,
    pub(crate) script_file: String,
    /// What there was to choose from.
    pub(crate) inventory: Inventory,
}

/// Where the API token is.
#[derive(Clone)]
pub(crate) enum Token {
    File(String),
    Variable(String),
}

/// Where the cloud is, and who logs in.
#[derive(Clone)]
pub(crate) enum Login {
    /// A cloud of clouds.yaml, or of the environment.
    Cloud(String),
    /// An application credential.
    Credential { auth_url: String, id: String, secret_file: String },
}

/// The table of the provider, and of the region where it is said.
pub(crate) fn provider(name: &str, login: &Login, region: Option<&str>) -> String {
    let mut text = format!("[provider.{}]\n", key(name));
    match login {
        Login::Cloud(cloud) if cloud == "envvars" => text.push_str(
            "# The OS_* variables of the environment. cron has none of yours: name a cloud of clouds.yaml before cron runs\n\
             # mita, or set the variables in the crontab.\ncloud = \"envvars\"\n",
        ),
        Login::Cloud(cloud) => {
            line(&mut text, "# A cloud of clouds.yaml, which the user of mita must be able to read.");
            line(&mut text, &format!("cloud = {}", quoted(cloud)));
        }
        Login::Credential { auth_url, id, secret_file } => {
            line(&mut text, &format!("auth_url = {}", quoted(auth_url)));
            line(&mut text, "# `openstack application credential create mita` prints the id and the secret.");
            line(&mut text, &format!("application_credential_id = {}", quoted(id)));
            line(&mut text, "# The secret, alone in a file that only the user of mita can read.");
            line(&mut text, &format!("application_credential_secret_file = {}", quoted(secret_file)));
        }
    }
    if let Some(region) = region {
        line(&mut text, &format!("service_region = {}", quoted(region)));
    }
    text
}

/// The whole text.
pub(crate) fn text(answers: &Answers) -> String {
    let Answers { inventory, .. } = answers;
    let mut text = String::from(
        "# The configuration of mita. `mita check` tells what is wrong with it, `mita check --online` also what Jenkins and\n\
         # the clouds think of it, and `mita man mita.toml | man -l -` explains every key.\n\n",
    );
    let out = &mut text;
    line(out, "# What mita remembers from run to run; a lock file is kept beside it.");
    line(out, &format!("state_file = {}\n", quoted(&answers.state_file)));
    line(
        out,
        "# The mark of this installation in the metadata of its servers: nothing without it is ever deleted. Two",
    );
    line(out, "# installations in one project need two owners. Default: host and path of jenkins.url.");
    match &answers.owner {
        Some(owner) => line(out, &format!("owner = {}\n", quoted(owner))),
        None => line(out, "#owner = \"my-ci\"\n"),
    }
    line(out, "# The most servers at a time, over all providers.");
    line(out, "#max_servers = 50\n");
    line(out, "# How long a node may stand idle before it and its server are removed.");
    line(out, "#idle_grace = \"40m\"\n");
    line(out, "\n[jenkins]");
    line(out, "# With the path, where Jenkins has one.");
    line(out, &format!("url = {}", quoted(&answers.jenkins_url)));
    line(
        out,
        "# Needs Overall/Read, Job/Read, Agent/Disconnect, Agent/Connect, Agent/Delete and, where mita makes the nodes,",
    );
    line(out, "# Agent/Create.");
    line(out, &format!("user = {}", quoted(&answers.jenkins_user)));
    match &answers.token {
        Token::File(file) => {
            line(out, "# The API token of that user, alone in a file that only the user of mita can read.");
            line(out, &format!("token_file = {}\n", quoted(file)));
        }
        Token::Variable(name) => {
            line(out, "# The API token of that user is in this environment variable.");
            line(out, &format!("token_env = {}\n", quoted(name)));
        }
    }
    out.push('\n');
    out.push_str(&provider(&answers.provider, &answers.login, answers.region.as_deref()));
    line(out, "# The most servers here at a time.");
    line(out, "#max = 20\n");
    line(out, "\n# A kind of server. Its name is the name of its servers and, with +IP, of their nodes in Jenkins.");
    line(out, &format!("[nodes.{}]", key(&answers.node)));
    line(out, &format!("provider = {}\n", quoted(&answers.provider)));
    line(out, "# By name or id; of several with one name the newest active one.");
    listed(out, inventory.images.iter().map(|image| image.name.clone()));
    line(out, &format!("image_name = {}\n", quoted(&answers.image)));
    listed(out, inventory.sizes.iter().map(|size| format!("{} ({})", size.name, described(size))));
    line(out, &format!("size = {}\n", quoted(&answers.size)));
    line(out, "# The key pair that may log in to the servers.");
    listed(out, inventory.key_pairs.iter().cloned());
    match &answers.key {
        Some(key) => line(out, &format!("keyname = {}\n", quoted(key))),
        None => line(out, "#keyname = \"NAME\"\n"),
    }
    if !answers.networks.is_empty() {
        listed(out, inventory.networks.iter().cloned());
        line(out, &format!("networks = [{}]\n", list(&answers.networks)));
    }
    line(out, "# The labels that the nodes carry in Jenkins: they decide which jobs a server is ordered for.");
    line(out, &format!("labels = [{}]\n", list(&answers.labels)));
    line(out, "# Jobs that ask for no label run here as well.");
    line(out, "unlabelled = true\n");
    line(out, "# The most servers of this type at a time.");
    line(out, &format!("max = {}\n", answers.max));
    registration(out, answers);
    text
}

/// Who makes the nodes, and what runs on the servers.
fn registration(out: &mut String, answers: &Answers) {
    let script = match answers.register {
        Register::Inbound => {
            line(out, "# mita makes the node in Jenkins, and the agent on the server calls in.");
            line(out, "register = \"inbound\"\n");
            "# What runs at the first boot: it installs Java and starts the agent."
        }
        Register::Ssh => {
            line(out, "# mita makes the node in Jenkins, which then connects to the server with these credentials.");
            line(out, "register = \"ssh\"");
            line(out, &format!("credentials_id = {}\n", quoted(answers.credentials_id.as_deref().unwrap_or_default())));
            "# What runs at the first boot: it installs Java."
        }
        Register::None => {
            "# What runs at the first boot: it registers the server in Jenkins. Set the values at its top."
        }
    };
    line(out, script);
    line(out, &format!("script_file = {}", quoted(&answers.script_file)));
}

/// What a person wants to know of a size.
pub(crate) fn described(size: &Size) -> String {
    let cores = if size.cores == 1 { "1 core".to_owned() } else { format!("{} cores", size.cores) };
    let ram = match size.ram_mib {
        mib if mib % 1024 == 0 => format!("{} GiB of RAM", mib / 1024),
        mib => format!("{mib} MiB of RAM"),
    };
    let disk = if size.disk_gb == 0 { String::new() } else { format!(", {} GB of disk", size.disk_gb) };
    format!("{cores}, {ram}{disk}")
}

fn line(text: &mut String, line: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{line}");
}

/// A comment with what there is, where there is a choice.
fn listed(text: &mut String, names: impl Iterator<Item = String>) {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        // A line break in a name would end the comment.
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    if seen.len() < 2 {
        return;
    }
    let more = if seen.len() > MOST_LISTED { ", ..." } else { "" };
    seen.truncate(MOST_LISTED);
    for part in wrap(&format!("There are: {}{more}", seen.join(", ")), WIDTH) {
        line(text, &format!("# {part}"));
    }
}

fn list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A name as a part of a table's header.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}
