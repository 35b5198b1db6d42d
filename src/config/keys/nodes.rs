//! The keys of `[nodes.NAME]`.

use super::budget::BUDGET;
use super::key::{Key, Kind, MOST, key, same};

/// Those that only OpenStack has.
pub(crate) const OF_OPENSTACK: &[&str] = &[
    "min_cores",
    "min_ram",
    "keyname",
    "storage",
    "boot_volume",
    "networks",
    "ports",
    "floating_ip_pool",
    "security_groups",
    "availability_zone",
    "config_drive",
    "server_group",
    "scheduler_hints",
    "tags",
    "description",
];

/// `[nodes.NAME]`
pub(crate) const NODES: &[Key] = &[
    key(
        "provider",
        Kind::Texts,
        "required",
        "the name of a provider, or a list of names; each order goes to the first that has room",
    ),
    key(
        "image_name",
        Kind::Text,
        "required",
        "the image, by name, id or a pattern with * and ?; if several match, mita takes the newest active one",
    ),
    same("image", "image_name"),
    key("size", Kind::Text, "required without min_cores and min_ram", "the flavor, by name or id"),
    same("flavor", "size"),
    key("min_cores", Kind::Number(1, MOST), "", "in place of size: the smallest flavor with at least this many cores"),
    key("min_ram", Kind::Memory, "", "in place of size: the smallest flavor with at least this much memory, as in 8G"),
    key("keyname", Kind::Text, "none", "the key pair that may log in to the servers"),
    key(
        "labels",
        Kind::Words,
        "none",
        "the labels of the nodes in Jenkins: a list, or one text with blanks between them; a label that contains a blank needs a list",
    ),
    key(
        "storage",
        Kind::Number(1, MOST),
        "none",
        "the size in GB of an additional empty volume, attached at the first boot and deleted with the server",
    ),
    key(
        "boot_volume",
        Kind::Table(BOOT_VOLUME),
        "none",
        "boot from a volume, as in { size = 20, type = \"ssd\" }; it is deleted with the server",
    ),
    key(
        "script",
        Kind::Lines,
        "none",
        "the boot script, passed as user data; mita replaces ${MITA_NODE}, ${MITA_ID}, ${MITA_SERVER_NAME}, ${MITA_LABELS} and ${JENKINS_URL}, and leaves any other ${...} to the shell",
    ),
    key("script_file", Kind::Path, "none", "a file that contains the boot script"),
    key("executors", Kind::Number(1, 1000), "1", "the number of executors of each node, as registered in Jenkins"),
    key("max", Kind::Number(0, MOST), "none", "the maximum number of servers of this type at a time; 0: order none"),
    key(
        "budget",
        Kind::Table(BUDGET),
        "none",
        "the machine-hours that servers of this type may use, as in { hours = 400, per = \"week\" }: then nothing more is ordered",
    ),
    key(
        "min_idle",
        Kind::NumberOrTables(MIN_IDLE),
        "0",
        "how many idle nodes to keep ready: a number, or a list by the hours of the week, as in [{ days = \"mon-fri\", hours = \"8-18\", count = 3 }]",
    ),
    key(
        "spare",
        Kind::Decimal(100),
        "0",
        "more idle nodes while builds run: this number times the square root of the executors in use, as in 0.7",
    ),
    key(
        "ahead",
        Kind::OneOf(&["daily", "weekly"]),
        "off",
        "have as many servers ready as were needed at this time of the last two days, or of the same day of the last two weeks",
    ),
    key(
        "single_use",
        Kind::Flag,
        "false",
        "whether a node is retired after its first build; needs executors = 1; builds that start there before the next run of mita still run",
    ),
    key("unlabelled", Kind::Flag, "false", "whether the nodes also serve jobs without a label"),
    key("networks", Kind::Texts, "the cloud chooses", "networks, by name or id"),
    key("ports", Kind::Texts, "none", "existing ports, by name or id; needs max = 1"),
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
    key("scheduler_hints", Kind::Hints, "none", "scheduler hints: texts, or lists of texts"),
    key("tags", Kind::Texts, "none", "the tags of the servers"),
    key("description", Kind::Text, "none", "the description of the servers"),
    key("metadata", Kind::Metadata, "none", "more metadata of the servers; keys that begin with mita_ are reserved"),
    key(
        "server_name",
        Kind::Text,
        "{node}",
        "the names of the servers, made of {node} and {id}; with {id} each name is unique, and the node in Jenkins may have the same name in place of base+IP",
    ),
    key(
        "register",
        Kind::OneOf(&["none", "ssh", "inbound"]),
        "none",
        "who creates the nodes in Jenkins: the boot script (none), or mita, for agents that Jenkins connects to (ssh) or that connect to Jenkins (inbound)",
    ),
    key("remote_fs", Kind::Text, "/home/jenkins", "the remote root directory of the nodes"),
    key(
        "mode",
        Kind::OneOf(&["normal", "exclusive"]),
        "normal",
        "which jobs the nodes accept; exclusive: only jobs that ask for their labels",
    ),
    key("environment", Kind::Metadata, "none", "environment variables of the builds on the nodes"),
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
        "how Jenkins verifies the host key of a server; manually-trusted: trust the first key, then refuse any other",
    ),
    key("host_key", Kind::Text, "", "the host key for manually-provided, as in ssh-ed25519 AAAA..."),
    key("ssh_port", Kind::Number(1, 65_535), "22", "the port of sshd on the servers"),
    key("java_path", Kind::Text, "found by Jenkins", "the java command on the servers"),
    key("jvm_options", Kind::Text, "none", "JVM options of the agent"),
    key(
        "web_socket",
        Kind::Flag,
        "true",
        "for inbound: whether the agent connects by WebSocket; if not, it uses the TCP port of Jenkins for inbound agents",
    ),
    key(
        "stuck_after",
        Kind::Time,
        "as at the top",
        "how long a job must wait in the queue before mita orders a server for it",
    ),
    key(
        "idle_grace",
        Kind::TimeOrAuto,
        "as at the top",
        "how long a node may be idle before it is retired; auto: as long as past gaps between uses make it worth it",
    ),
    key(
        "wait_cost",
        Kind::Number(0, 100_000),
        "20",
        "for idle_grace = \"auto\": how many idle seconds of a server a second of waiting is worth",
    ),
    key("boot_timeout", Kind::Time, "as at the top", "the maximum time from the order until the server is ACTIVE"),
    key(
        "join_timeout",
        Kind::Time,
        "as at the top",
        "the maximum time from ACTIVE until the node is online in Jenkins; also how long a node may be offline",
    ),
    key(
        "order_timeout",
        Kind::Time,
        "as at the top",
        "how long an order counts if its answer was lost, or if its server is not listed yet",
    ),
    key(
        "max_age",
        Kind::Time,
        "as at the top",
        "the age, counted from the order, at which a server takes no further build; it is retired once it is idle",
    ),
];

/// `boot_volume`
pub(crate) const BOOT_VOLUME: &[Key] = &[
    key("size", Kind::Number(1, MOST), "required", "the size in GB"),
    key("type", Kind::Text, "the cloud's own", "the volume type, by name or id"),
];

/// An entry of `min_idle`
pub(crate) const MIN_IDLE: &[Key] = &[
    key("days", Kind::Text, "every day", "the days of the week, as in mon-fri or sat,sun"),
    key("hours", Kind::Text, "the whole day", "the hours of the day, as in 8-18 or 22-6"),
    key("count", Kind::Number(0, MOST), "required", "how many idle nodes to keep ready"),
];
