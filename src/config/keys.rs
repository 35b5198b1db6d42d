//! The keys of each table: the one list behind the errors for unknown keys, the JSON Schema, the manual and the reference.
//!
//! Not derived with `schemars`: types that only describe the file would take 460 lines and 138 KB of program, and this
//! table would stay, since the errors, the manual and the reference need it.

/// A key, its values and its meaning.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// The default, or that it is required; empty if other keys decide.
    pub(super) default: &'static str,
    /// Its meaning, in one line for operators.
    pub(super) about: &'static str,
}

/// The values of a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// One line of text, not empty.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Text with any number of lines.
    Lines,
    /// The root URL of a service.
    Url,
    /// The URL of a proxy, which may hold user and password.
    Proxy,
    /// A file, relative to the configuration file.
    Path,
    /// A time with units.
    Time,
    /// A whole number within these bounds.
    Number(u32, u32),
    /// `true` or `false`.
    Flag,
    /// One text or a list of them.
    Texts,
    /// Words separated by spaces, or a list of them.
    Words,
    /// An amount of memory with its unit, as `8G`.
    Memory,
    /// A whole number, or a list of tables with these keys.
    NumberOrTables(&'static [Key]),
    /// A table of texts under any keys.
    Metadata,
    /// A table of texts and lists of texts under any keys.
    Hints,
    /// One table.
    Table(&'static [Key]),
    /// Tables under any names.
    Tables(&'static [Key]),
    /// Another name of this key of the same table; only one of the two may be written.
    Same(&'static str),
    /// Never allowed; known so that the error can say why.
    Refused,
}

const MOST: u32 = u32::MAX;

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

const fn same(name: &'static str, other: &'static str) -> Key {
    Key { name, kind: Kind::Same(other), default: "", about: "the same under another name" }
}

const fn refused(name: &'static str) -> Key {
    Key { name, kind: Kind::Refused, default: "", about: "certificates are always verified" }
}

/// At the top of the file, above the first table.
pub(super) const TOP: &[Key] = &[
    key("state_file", Kind::Path, "/var/lib/mita/state.json", "what mita remembers; a lock file is kept beside it"),
    key("metrics_file", Kind::Path, "none", "where each run writes metrics for node_exporter's textfile collector"),
    key("html_file", Kind::Path, "none", "where each run writes a status page"),
    key(
        "owner",
        Kind::Text,
        "host and path of jenkins.url",
        "the mark of this installation in the metadata of its servers; two installations in one project need two owners; letters, digits and ._:/-",
    ),
    key("deadline", Kind::Time, "50s", "how long one whole run may take"),
    key("max_servers", Kind::Number(0, MOST), "50", "the most servers at a time, over all providers"),
    key("concurrency", Kind::Number(1, 64), "24", "the most requests under way at a time at one service"),
    key("stuck_after", Kind::Time, "0s", "how long a job has to wait before a server is ordered for it"),
    key("idle_grace", Kind::Time, "40m", "how long a node may stand idle"),
    key("boot_timeout", Kind::Time, "15m", "from the order until the server is ACTIVE"),
    key("join_timeout", Kind::Time, "15m", "from ACTIVE until its node is online; also how long a node may be away"),
    key(
        "order_timeout",
        Kind::Time,
        "5m",
        "how long an order counts whose answer was lost, or whose server no listing shows yet",
    ),
    key(
        "max_age",
        Kind::Time,
        "none",
        "the age, from the order on, from which a server takes no further build: it goes once it is idle",
    ),
    key("time_zone", Kind::Text, "UTC", "whose hours min_idle means, by a name of the IANA database"),
    key("jenkins", Kind::Table(JENKINS), "", "which controller, and who logs in"),
    key("provider", Kind::Tables(PROVIDER), "", "one table for each cloud project, under a name of your own"),
    key(
        "nodes",
        Kind::Tables(NODES),
        "",
        "one table for each node type: its name is the name of its servers and, with +IP, of their nodes in Jenkins; where several fit, the first in the file is taken",
    ),
];

/// `[jenkins]`
pub(super) const JENKINS: &[Key] = &[
    key("url", Kind::Url, "required", "the root of Jenkins, with its path where it has one"),
    key("user", Kind::Text, "required", "who logs in"),
    key("token", Kind::Lines, "required", "the API token of that user"),
    key("token_file", Kind::Path, "", "the token in a file of its own"),
    key("token_env", Kind::Text, "", "the token in an environment variable"),
    same("password", "token"),
    same("password_file", "token_file"),
    same("password_env", "token_env"),
    key("cacert", Kind::Path, "the system's", "a certificate authority in PEM form, in place of the system's"),
    refused("insecure"),
];

/// `[provider.NAME]`
pub(super) const PROVIDER: &[Key] = &[
    key("type", Kind::OneOf(&["openstack"]), "openstack", "the kind of cloud"),
    key("max", Kind::Number(0, MOST), "none", "the most servers here at a time; 0: none is ordered"),
    key(
        "cloud",
        Kind::Text,
        "",
        "a cloud of clouds.yaml and secure.yaml, in place of all keys that say where the cloud is and who logs in; envvars takes the OS_* variables",
    ),
    key("auth_url", Kind::Url, "required without cloud", "Keystone, with or without /v3 or /v2.0"),
    key(
        "auth_version",
        Kind::OneOf(&["3.x_password", "3.x_appcred", "3.x_token", "2.0_password"]),
        "by the keys that are there",
        "how to log in",
    ),
    key("username", Kind::Text, "", "who logs in"),
    key("user_id", Kind::Text, "", "the user's id in place of the name; needs no domain"),
    key("password", Kind::Lines, "", "the user's password"),
    key("password_file", Kind::Path, "", "the password in a file of its own"),
    key("password_env", Kind::Text, "", "the password in an environment variable"),
    key("tenant_name", Kind::Text, "the user's default project", "the project that the servers are made in"),
    same("project_name", "tenant_name"),
    key("tenant_id", Kind::Text, "", "the project's id in place of the name"),
    same("project_id", "tenant_id"),
    key("user_domain_name", Kind::Text, "Default", "the user's domain"),
    key("user_domain_id", Kind::Text, "", "the user's domain, by id"),
    key("project_domain_name", Kind::Text, "Default", "the project's domain"),
    key("project_domain_id", Kind::Text, "", "the project's domain, by id"),
    key("domain_name", Kind::Text, "", "the domain of both the user and the project"),
    key("application_credential_id", Kind::Text, "", "the application credential"),
    key("application_credential_name", Kind::Text, "", "its name in place of its id; needs username or user_id"),
    key("application_credential_secret", Kind::Lines, "", "its secret"),
    key("application_credential_secret_file", Kind::Path, "", "the secret in a file of its own"),
    key("application_credential_secret_env", Kind::Text, "", "the secret in an environment variable"),
    key("token", Kind::Lines, "", "a token of Keystone's in place of user and password"),
    key("token_file", Kind::Path, "", "the token in a file of its own"),
    key("token_env", Kind::Text, "", "the token in an environment variable"),
    key("service_region", Kind::Text, "the only one", "the region in Keystone's catalogue"),
    same("region", "service_region"),
    same("region_name", "service_region"),
    key(
        "interface",
        Kind::OneOf(&["public", "internal", "admin", "publicURL", "internalURL", "adminURL"]),
        "public",
        "which addresses of the catalogue",
    ),
    key(
        "compute_endpoint_override",
        Kind::Url,
        "the catalogue's",
        "the address of the compute service; %(project_id)s stands for the project's id",
    ),
    key("image_endpoint_override", Kind::Url, "the catalogue's", "the same of the image service"),
    key("network_endpoint_override", Kind::Url, "the catalogue's", "the same of the network service"),
    key("volume_endpoint_override", Kind::Url, "the catalogue's", "the same of the volume service"),
    key(
        "proxy",
        Kind::Proxy,
        "the environment's",
        "the proxy, http://[USER:PASSWORD@]HOST:PORT; default: that of HTTPS_PROXY, NO_PROXY and their like",
    ),
    key("cacert", Kind::Path, "the system's", "a certificate authority in PEM form, in place of the system's"),
    key("cert", Kind::Path, "none", "the client certificate in PEM form, for a cloud that asks for one"),
    key("key", Kind::Path, "cert", "its key, where cert does not hold it"),
    refused("insecure"),
];

/// `[nodes.NAME]`
pub(super) const NODES: &[Key] = &[
    key(
        "provider",
        Kind::Texts,
        "required",
        "a provider's name, or a list: the first that can take one more server gets it",
    ),
    key(
        "image_name",
        Kind::Text,
        "required",
        "the image, by name or id, or by a pattern with * and ?; of several that fit the newest active one",
    ),
    same("image", "image_name"),
    key("size", Kind::Text, "required without min_cores and min_ram", "the flavor, by name or id"),
    same("flavor", "size"),
    key("min_cores", Kind::Number(1, MOST), "", "in place of size: the smallest flavor that has so many cores"),
    key("min_ram", Kind::Memory, "", "in place of size: the smallest flavor that has so much memory, as in 8G"),
    key("keyname", Kind::Text, "none", "the key pair that may log in"),
    key("labels", Kind::Words, "none", "the labels that the nodes carry in Jenkins; a list, or one text with blanks"),
    key(
        "storage",
        Kind::Number(1, MOST),
        "none",
        "an empty extra volume of so many GB: there at the first boot, gone with the server",
    ),
    key(
        "boot_volume",
        Kind::Table(BOOT_VOLUME),
        "none",
        "boots from a volume of its own, as in { size = 20, type = \"ssd\" }",
    ),
    key(
        "script",
        Kind::Lines,
        "none",
        "user data: runs at the first boot; ${MITA_NODE}, ${MITA_ID}, ${MITA_SERVER_NAME}, ${MITA_LABELS} and ${JENKINS_URL} are filled in, any other ${...} is left to the shell",
    ),
    key("script_file", Kind::Path, "none", "the same, in a file of its own"),
    key("executors", Kind::Number(1, 1000), "1", "executors of each node, as its registration sets them"),
    key("max", Kind::Number(0, MOST), "none", "the most servers of this type; 0: none is ordered"),
    key(
        "min_idle",
        Kind::NumberOrTables(MIN_IDLE),
        "0",
        "idle nodes to keep at hand while no job waits: a number, or a list by the hours of the week, as in [{ days = \"mon-fri\", hours = \"8-18\", count = 3 }]",
    ),
    key("single_use", Kind::Flag, "false", "whether a node goes after its first build; needs executors = 1"),
    key("unlabelled", Kind::Flag, "false", "whether the nodes serve jobs that ask for no label"),
    key("networks", Kind::Texts, "the cloud chooses", "networks, by name or id"),
    key("ports", Kind::Texts, "none", "ports that were made beforehand, by name or id; needs max = 1"),
    key(
        "floating_ip_pool",
        Kind::Text,
        "none",
        "the external network, by name or id, from which each server gets a floating IP",
    ),
    key("security_groups", Kind::Texts, "the project's default", "security groups, by name or id"),
    key("availability_zone", Kind::Text, "the cloud chooses", "the availability zone"),
    key("config_drive", Kind::Flag, "false", "whether the cloud attaches a configuration drive"),
    key("server_group", Kind::Text, "none", "the server group, by name or id"),
    key("scheduler_hints", Kind::Hints, "none", "hints to the scheduler's filters: texts, or lists of them"),
    key("tags", Kind::Texts, "none", "tags of the servers"),
    key("description", Kind::Text, "none", "description of the servers"),
    key("metadata", Kind::Metadata, "none", "metadata beside the mark; keys that begin with mita_ are the mark's own"),
    key(
        "server_name",
        Kind::Text,
        "{node}",
        "the servers' names, from {node} and {id}; with {id} each name is unique, and a node may carry it in Jenkins in place of base+IP",
    ),
    key(
        "register",
        Kind::OneOf(&["none", "ssh", "inbound"]),
        "none",
        "who makes the nodes in Jenkins: none (the boot script), or mita, for agents that Jenkins connects to (ssh) or that call in (inbound)",
    ),
    key("remote_fs", Kind::Text, "/home/jenkins", "their remote root directory"),
    key(
        "mode",
        Kind::OneOf(&["normal", "exclusive"]),
        "normal",
        "which jobs they take; exclusive: only those that ask for their labels",
    ),
    key("environment", Kind::Metadata, "none", "environment variables of their builds"),
    key(
        "credentials_id",
        Kind::Text,
        "required for ssh",
        "the id of the credentials in Jenkins that log in to the servers",
    ),
    key(
        "host_key_verification",
        Kind::OneOf(&["known-hosts", "manually-provided", "manually-trusted", "non-verifying"]),
        "manually-trusted",
        "how Jenkins checks a server's host key; manually-trusted: the first one is trusted, another one then refused",
    ),
    key("host_key", Kind::Text, "", "the host key of manually-provided, as in ssh-ed25519 AAAA..."),
    key("ssh_port", Kind::Number(1, 65_535), "22", "where sshd listens"),
    key("java_path", Kind::Text, "found by Jenkins", "the java command on the servers"),
    key("jvm_options", Kind::Text, "none", "options of the agent's Java"),
    key(
        "web_socket",
        Kind::Flag,
        "true",
        "for inbound: whether the agent connects by WebSocket, else to Jenkins' TCP port for inbound agents",
    ),
    key("stuck_after", Kind::Time, "as at the top", "how long a job has to wait before a server is ordered for it"),
    key("idle_grace", Kind::Time, "as at the top", "how long a node may stand idle"),
    key("boot_timeout", Kind::Time, "as at the top", "from the order until the server is ACTIVE"),
    key(
        "join_timeout",
        Kind::Time,
        "as at the top",
        "from ACTIVE until its node is online; also how long a node may be away",
    ),
    key("order_timeout", Kind::Time, "as at the top", "how long an order counts whose answer was lost"),
    key("max_age", Kind::Time, "as at the top", "the age from which a server takes no further build"),
];

/// `boot_volume`
pub(super) const BOOT_VOLUME: &[Key] = &[
    key("size", Kind::Number(1, MOST), "required", "how many GB it has"),
    key("type", Kind::Text, "the cloud's own", "the type of volume, by name or id"),
];

/// An entry of `min_idle`
pub(super) const MIN_IDLE: &[Key] = &[
    key("days", Kind::Text, "every day", "days of the week, as in mon-fri or sat,sun"),
    key("hours", Kind::Text, "the whole day", "hours of the day, as in 8-18 or 22-6"),
    key("count", Kind::Number(0, MOST), "required", "how many idle nodes to keep"),
];

/// Every table with its header; the top of the file has none.
pub(super) const TABLES: [(&[Key], &str); 4] =
    [(TOP, ""), (JENKINS, "[jenkins]"), (PROVIDER, "[provider.NAME]"), (NODES, "[nodes.NAME]")];

/// The names of these keys.
pub(super) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|key| key.name)
}

/// Whether a table has a key of this name.
pub(super) fn has(keys: &[Key], name: &str) -> bool {
    keys.iter().any(|key| key.name == name)
}
