//! `script` and `script_file`: user data.

use crate::config::file;
use crate::config::file::{Found, Place, Reading, Table};
use crate::config::types::Registration;

/// Nova takes 64 KiB of user data; the provider checks that once the variables are filled in. This only limits what is read.
const LARGEST_SCRIPT: u64 = 1024 * 1024;

/// How the user data begins that cloud-init (cloudinit/handlers/__init__.py), cloudbase-init and Ignition know.
const KNOWN: [&str; 16] = [
    "#!",
    "#cloud-config",
    "#cloud-boothook",
    "#include",
    "#part-handler",
    "#upstart-job",
    "## template:",
    "Content-Type:",
    "MIME-Version:",
    "Content-type:",
    "From ",
    "#ps1",
    "rem cmd",
    "<powershell>",
    "<script>",
    "{",
];

/// The variables that mita fills in for `${...}` in a script; any other `${...}` is left to the shell.
const SCRIPT_VARIABLES: [&str; 4] = ["MITA_NODE", "MITA_ID", "MITA_SERVER_NAME", "MITA_LABELS"];

/// The variables that mita also fills in for an inbound agent.
const AGENT_VARIABLES: [&str; 3] = ["MITA_AGENT_NAME", "MITA_AGENT_SECRET", "MITA_AGENT_OPTIONS"];

/// The user data, from the key or from a file. It may be missing: an image can contain its agent.
pub(crate) fn read(table: &Table<'_>, registration: &Registration) -> String {
    let here = table.lines(&["script"]);
    let file = table.path("script_file");
    let (script, at) = match (here, file) {
        (Some(_), Some(file)) => {
            table.error(&file.at, "script is written as well; keep one of the two");
            return String::new();
        }
        (Some(Found { value, at }), None) => (value, at),
        (None, Some(Found { value: path, at })) => match file::text(&path, LARGEST_SCRIPT) {
            Ok(text) => (text, at),
            Err(error) => {
                let error = file::with_advice(&error, "name a text file that this user can read");
                let text = format!("{} {error}", path.display());
                table.error(&at, text);
                return String::new();
            }
        },
        (None, None) => {
            if registration.is_inbound() {
                let at = table.place_of_missing("script");
                table.error(&at, "is missing; with register = \"inbound\" it has to start the agent");
            }
            return String::new();
        }
    };
    check_script(table.reading, &at, &script, registration);
    script
}

/// Reports a script that nothing on a server of OpenStack would run. Other backends may run any text.
pub(crate) fn check_first_line(table: &Table<'_>, script: &str) {
    let Some(at) = table.has("script").or_else(|| table.has("script_file")) else { return };
    let begins = |text: &str| KNOWN.iter().any(|known| text.starts_with(known));
    let first: String = script.trim_start().lines().next().unwrap_or_default().chars().take(40).collect();
    // cloud-init strips white space before it looks (cloudinit/handlers/__init__.py, `type_from_starts_with`). The kernel, which
    // runs a script, does not.
    let is_config = script.trim_start().starts_with("#cloud-config");
    if first.is_empty() || begins(script) || is_config {
        return;
    }
    let text = if begins(script.trim_start()) {
        "begins with white space, so that it does not run; begin with the # itself".to_owned()
    } else if script.starts_with('\u{feff}') {
        "begins with a byte order mark, so cloud-init does not recognize it; write it as UTF-8 without one".to_owned()
    } else {
        format!("begins with {first:?}, which cloud-init does not know; begin with #!/bin/sh or #cloud-config")
    };
    table.reading.unworkable(&at, text);
}

/// Reports what cloud-init would ignore silently.
fn check_script(reading: &Reading<'_>, at: &Place, script: &str, registration: &Registration) {
    if script.trim().is_empty() {
        reading.error(at, "is empty; write the user data or remove the key");
    } else if script.contains('\0') {
        reading.error(at, "holds a NUL character; write text");
    } else if script.starts_with("#!") && script.split('\n').next().is_some_and(|line| line.ends_with('\r')) {
        reading.unworkable(at, "has Windows line ends, so its interpreter is not found; write it with Unix line ends");
    }
    let secret = "${MITA_AGENT_SECRET}";
    if registration.is_inbound() && !script.trim().is_empty() && !script.contains(secret) {
        reading.error(at, format!("lacks {secret}, without which no agent can connect; start the agent with it"));
    }
    for rest in script.split("${MITA_").skip(1) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let name = format!("MITA_{name}");
        if AGENT_VARIABLES.contains(&name.as_str()) {
            if !registration.is_inbound() {
                reading.warn(at, format!("${{{name}}} is filled in only with register = \"inbound\""));
            }
        } else if !SCRIPT_VARIABLES.contains(&name.as_str()) {
            let known = SCRIPT_VARIABLES.map(|name| format!("${{{name}}}")).join(", ");
            reading.warn(at, format!("${{{name}}} is not filled in; the variables are {known} and ${{JENKINS_URL}}"));
        }
    }
}
