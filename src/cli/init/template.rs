//! The text of a new configuration: the answers, each key with a comment, and the keys that people change first, as
//! comments.

use crate::cli::args::Register;
use crate::provider::{Inventory, Size};
use crate::secret::Secret;
use crate::view::table::wrap;
use crate::view::text::plural;
use wildmatch::WildMatch;

/// The width of a comment.
const WIDTH: usize = 110;

/// A comment lists at most this many names.
const MOST_LISTED: usize = 12;

/// Everything that a configuration is made of.
pub(super) struct Answers {
    pub(super) state_file: String,
    pub(super) owner: String,
    pub(super) jenkins_url: String,
    pub(super) jenkins_user: String,
    pub(super) token: Token,
    pub(super) login: Login,
    pub(super) region: Option<String>,
    pub(super) provider: String,
    pub(super) node: Node,
    pub(super) max: u32,
    pub(super) register: Register,
    pub(super) credentials_id: String,
    pub(super) script_file: String,
    /// What the cloud has to choose from.
    pub(super) inventory: Inventory,
}

/// The first node type.
pub(super) struct Node {
    pub(super) name: String,
    pub(super) image: String,
    pub(super) size: String,
    pub(super) key: Option<String>,
    pub(super) networks: Vec<String>,
    pub(super) labels: Vec<String>,
    pub(super) unlabelled: bool,
}

/// Where the API token is.
pub(super) enum Token {
    File(String),
    Variable(String),
}

/// How the key of a secret is written.
#[derive(Clone)]
pub(super) enum SecretKey {
    File(String),
    Variable(String),
    /// The secret itself, for a log-in before there is a file. It is written nowhere.
    Inline(Secret),
}

impl SecretKey {
    fn line(&self, name: &str) -> String {
        match self {
            SecretKey::File(file) => format!("{name}_file = {}\n", quoted(file)),
            SecretKey::Variable(variable) => format!("{name}_env = {}\n", quoted(variable)),
            SecretKey::Inline(secret) => format!("{name} = {}\n", quoted(secret.expose())),
        }
    }
}

/// The cloud, and who logs in.
#[derive(Clone)]
pub(super) enum Login {
    /// A cloud of clouds.yaml, or of the environment.
    Cloud(String),
    Credential {
        auth_url: String,
        id: String,
        secret: SecretKey,
    },
    Password {
        auth_url: String,
        username: String,
        project: String,
        domain: String,
        password: SecretKey,
    },
}

impl Login {
    /// The file of its secret, after the option that names it.
    pub(super) fn secret_file(&self) -> Option<(&'static str, &str)> {
        match self {
            Login::Credential { secret: SecretKey::File(file), .. } => {
                Some(("--application-credential-secret-file", file))
            }
            Login::Password { password: SecretKey::File(file), .. } => Some(("--password-file", file)),
            Login::Cloud(_) | Login::Credential { .. } | Login::Password { .. } => None,
        }
    }

    /// What its secret is called.
    pub(super) fn secret_name(&self) -> Option<String> {
        match self {
            Login::Cloud(_) => None,
            Login::Credential { .. } => Some("Secret of the application credential".to_owned()),
            Login::Password { username, .. } => Some(format!("Password of {username}")),
        }
    }

    /// The same with its secret elsewhere.
    pub(super) fn with_secret(&self, key: Option<SecretKey>) -> Login {
        let mut login = self.clone();
        if let (Some(key), Login::Credential { secret, .. } | Login::Password { password: secret, .. }) =
            (key, &mut login)
        {
            *secret = key;
        }
        login
    }
}

/// The table of Jenkins, without comments.
pub(super) fn jenkins(url: &str, user: &str, token: &SecretKey) -> String {
    format!("[jenkins]\nurl = {}\nuser = {}\n{}", quoted(url), quoted(user), token.line("token"))
}

/// The table of the provider, with the region if there is one.
pub(super) fn provider(name: &str, login: &Login, region: Option<&str>) -> String {
    let login = match login {
        Login::Cloud(cloud) if cloud == "envvars" => "\
# The OS_* variables of the environment. cron does not have yours: name a cloud of clouds.yaml before you put mita in
# cron, or set the variables in the crontab.
cloud = \"envvars\"
"
        .to_owned(),
        Login::Cloud(cloud) => format!(
            "# A cloud of clouds.yaml, which the user of mita must be able to read.\ncloud = {}\n",
            quoted(cloud)
        ),
        Login::Credential { auth_url, id, secret } => format!(
            "\
auth_url = {}
# `openstack application credential create mita` prints the id and the secret.
application_credential_id = {}
# The secret, alone in a file that only the user of mita can read.
{}",
            quoted(auth_url),
            quoted(id),
            secret.line("application_credential_secret")
        ),
        Login::Password { auth_url, username, project, domain, password } => format!(
            "\
auth_url = {}
username = {}
# Alone in a file that only the user of mita can read.
{}project_name = {}
domain_name = {}
",
            quoted(auth_url),
            quoted(username),
            password.line("password"),
            quoted(project),
            quoted(domain)
        ),
    };
    let region = region.map_or_else(String::new, |region| format!("service_region = {}\n", quoted(region)));
    format!("[provider.{}]\n{login}{region}", key(name))
}

/// How many images have this name, or match it as a pattern.
pub(super) fn images_named(inventory: &Inventory, name: &str) -> usize {
    let named = inventory.images.iter().filter(|image| image.name == name).count();
    let pattern = WildMatch::new(name);
    if named > 0 { named } else { inventory.images.iter().filter(|image| pattern.matches(&image.name)).count() }
}

impl Answers {
    /// What was chosen, a line each.
    pub(super) fn chosen(&self) -> String {
        let Node { name, image, size, key, networks, labels, unlabelled } = &self.node;
        let of_image = match images_named(&self.inventory, image) {
            0 | 1 => String::new(),
            several => format!(" (the newest of {several})"),
        };
        let size_of = self.inventory.sizes.iter().find(|known| known.name == *size);
        let of_size = size_of.map_or_else(String::new, |size| format!(": {}", described(size)));
        let network = match (&networks[..], &self.inventory.networks[..]) {
            ([chosen], _) => chosen.clone(),
            (_, [only]) => format!("{} (the only one)", only.name),
            _ => "the cloud chooses".to_owned(),
        };
        let jobs = if *unlabelled { ", and for jobs without a label" } else { "" };
        let label = if labels.len() == 1 { "label" } else { "labels" };
        [
            ("owner", self.owner.clone()),
            (
                "node type",
                format!("{name}, at most {}", plural(usize::try_from(self.max).unwrap_or(usize::MAX), "server")),
            ),
            ("image", format!("{image}{of_image}")),
            ("size", format!("{size}{of_size}")),
            ("key pair", key.clone().unwrap_or_else(|| "none".to_owned())),
            ("network", network),
            ("for jobs", format!("with the {label} {}{jobs}", labels.join(" "))),
            (
                "idle",
                "some servers stay ready for the next jobs: see idle_grace, spare and ahead in the file".to_owned(),
            ),
        ]
        .iter()
        .map(|(what, chosen)| format!("  {what:<9}  {chosen}\n"))
        .collect()
    }
}

/// The whole text.
pub(super) fn text(answers: &Answers) -> String {
    let Answers { inventory, node, .. } = answers;
    let (token_comment, token_key, token) = match &answers.token {
        Token::File(file) => ("alone in a file that only the user of mita can read", "token_file", file),
        Token::Variable(name) => ("in this environment variable", "token_env", name),
    };
    let keyname =
        node.key.as_ref().map_or("#keyname = \"NAME\"".to_owned(), |key| format!("keyname = {}", quoted(key)));
    let names: Vec<String> = inventory.networks.iter().map(|network| network.name.clone()).collect();
    let networks = match &node.networks[..] {
        [] => String::new(),
        networks => format!("{}networks = [{}]\n\n", listed(&names), list(networks)),
    };
    let images: Vec<String> = inventory.images.iter().map(|image| image.name.clone()).collect();
    let sizes: Vec<String> =
        inventory.sizes.iter().map(|size| format!("{} ({})", size.name, described(size))).collect();
    format!(
        "\
# The configuration of mita. `mita check` shows what is wrong with it, `mita check --online` also what Jenkins and the
# clouds do not agree with, and `mita man mita.toml | man -l -` explains every key.

# The state, kept from run to run; a lock file is beside it.
state_file = {state_file}

# The mark of this installation in the metadata of its servers: mita deletes nothing without it. Two installations in one
# project need two owners.
owner = {owner}

# The maximum duration of a run: shorter than the time until cron starts the next one.
deadline = \"25s\"

# The maximum number of servers at a time, at all providers.
#max_servers = 50

# How long a node may be idle before it and its server are removed: as long as past gaps between its uses make it worth it,
# and 40 minutes until enough of them are known. Write a time for a fixed one.
idle_grace = \"auto\"


[jenkins]
# With the path, if Jenkins has one.
url = {url}
# Needs Overall/Read, Job/Read, Agent/Disconnect, Agent/Connect, Agent/Delete and, if mita creates the nodes, Agent/Create.
user = {user}
# The API token of that user, {token_comment}.
{token_key} = {token}


{provider_table}# The maximum number of servers here at a time.
#max = 20


# A kind of server. The names of its servers and of their nodes in Jenkins begin with its name.
[nodes.{node}]
provider = {provider}

# By name or id; if several have the name, the newest active one.
{images}image_name = {image}

{sizes}size = {size}

# The key pair that may log in to the servers.
{key_pairs}{keyname}

{networks}# The labels of the nodes in Jenkins: they decide which jobs a server is ordered for.
labels = [{labels}]

# Whether jobs without a label run here as well.
{unlabelled}

# The maximum number of servers of this type at a time.
max = {max}

# More idle nodes while builds run: this number times the square root of the executors in use. Jobs wait less, and these nodes
# cost money: without spare and ahead, and with a short idle_grace, servers are there only while jobs need them.
spare = 0.7

# How many idle seconds of a server a second of waiting is worth.
wait_cost = 20

# Have as many servers ready as were needed at this time of the last two days.
ahead = \"daily\"

{registration}script_file = {script_file}
",
        state_file = quoted(&answers.state_file),
        owner = quoted(&answers.owner),
        url = quoted(&answers.jenkins_url),
        user = quoted(&answers.jenkins_user),
        token = quoted(token),
        provider_table = provider(&answers.provider, &answers.login, answers.region.as_deref()),
        node = key(&node.name),
        provider = quoted(&answers.provider),
        images = listed(&images),
        image = quoted(&node.image),
        sizes = listed(&sizes),
        size = quoted(&node.size),
        key_pairs = listed(&inventory.key_pairs),
        labels = list(&node.labels),
        unlabelled = if node.unlabelled { "unlabelled = true" } else { "#unlabelled = true" },
        max = answers.max,
        registration = registration(answers),
        script_file = quoted(&answers.script_file),
    )
}

/// Who creates the nodes, and a comment on the boot script.
fn registration(answers: &Answers) -> String {
    match answers.register {
        Register::Inbound => "\
# mita creates the node in Jenkins, and the agent on the server connects to Jenkins.
register = \"inbound\"

# The script of the first boot: it installs Java and starts the agent.
"
        .to_owned(),
        Register::Ssh => format!(
            "\
# mita creates the node in Jenkins, and Jenkins connects to the server with these credentials.
register = \"ssh\"
credentials_id = {}

# The script of the first boot: it installs Java.
",
            quoted(&answers.credentials_id)
        ),
        Register::None => {
            "# The script of the first boot: it registers the server in Jenkins. Set the values at its top.\n"
                .to_owned()
        }
    }
}

/// A size, as a person reads it.
pub(super) fn described(size: &Size) -> String {
    let cores = plural(usize::try_from(size.cores).unwrap_or(usize::MAX), "core");
    let ram = match size.ram_mib {
        mib if mib % 1024 == 0 => format!("{} GiB of RAM", mib / 1024),
        mib => format!("{mib} MiB of RAM"),
    };
    let disk = if size.disk_gb == 0 { String::new() } else { format!(", {} GB of disk", size.disk_gb) };
    format!("{cores}, {ram}{disk}")
}

/// A comment that lists what there is to choose from; empty if there is no choice.
fn listed(names: &[String]) -> String {
    let mut seen: Vec<String> = Vec::new();
    for name in names {
        // A line break in a name would end the comment.
        let name = name.replace(char::is_control, " ");
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    if seen.len() < 2 {
        return String::new();
    }
    let more = if seen.len() > MOST_LISTED { ", ..." } else { "" };
    seen.truncate(MOST_LISTED);
    let lines = wrap(&format!("There are: {}{more}", seen.join(", ")), WIDTH);
    lines.iter().map(|line| format!("# {line}\n")).collect()
}

fn list(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A name in the header of a table.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}
