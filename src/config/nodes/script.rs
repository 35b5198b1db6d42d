//! `script` and `script_file`: user data.

use crate::config::file::{self, Found, Place, Reading, Table};
use crate::config::types::Registration;

/// User data is at most 64 KiB (Nova); the provider checks that, filled in. This only bounds what is read.
const LARGEST_SCRIPT: u64 = 1024 * 1024;

/// What is filled in for `${...}` in a script; anything else is the shell's.
const SCRIPT_VARIABLES: [&str; 4] = ["MITA_NODE", "MITA_ID", "MITA_SERVER_NAME", "MITA_LABELS"];

/// And where mita made the node of the agent that is to call in.
const AGENT_VARIABLES: [&str; 3] = ["MITA_AGENT_NAME", "MITA_AGENT_SECRET", "MITA_AGENT_OPTIONS"];

/// User data, written here or in a file of its own. None at all is fine: an image can bring its agent along.
pub(crate) fn read(table: &Table<'_>, registration: &Registration) -> String {
    let here = table.lines(&["script"]);
    let file = table.path("script_file");
    let (script, at) = match (here, file) {
        (Some(_), Some(file)) => {
            table.reading.fault(&file.at, "script is there as well; keep one of the two");
            return String::new();
        }
        (Some(Found { value, at }), None) => (value, at),
        (None, Some(Found { value: path, at })) => match file::text(&path, LARGEST_SCRIPT) {
            Ok(text) => (text, at),
            Err(error) => {
                let text = format!("{} {error}; name a text file that this user can read", path.display());
                table.reading.fault(&at, text);
                return String::new();
            }
        },
        (None, None) => {
            if registration.is_inbound() {
                let at = table.place_of_missing("script");
                table.reading.fault(&at, "is missing; with register = \"inbound\" it has to start the agent");
            }
            return String::new();
        }
    };
    check_script(table.reading, &at, &script, registration);
    script
}

/// What cloud-init would pass over without a word.
fn check_script(reading: &Reading<'_>, at: &Place, script: &str, registration: &Registration) {
    let begins = |text: &str| text.starts_with("#!") || text.starts_with("#cloud-config");
    if script.trim().is_empty() {
        reading.fault(at, "is empty; write the user data or remove the key");
    } else if script.contains('\0') {
        reading.fault(at, "holds a NUL character; write text");
    } else if !begins(script) && begins(script.trim_start()) {
        reading
            .warn(at, "begins with white space, so that cloud-init does not see what it is; begin with the # itself");
    } else if script.starts_with("#!") && script.split('\n').next().is_some_and(|line| line.ends_with('\r')) {
        reading.warn(at, "has Windows line ends, so that its interpreter is not found; write it with plain line ends");
    }
    let secret = "${MITA_AGENT_SECRET}";
    if registration.is_inbound() && !script.trim().is_empty() && !script.contains(secret) {
        reading.fault(at, format!("lacks {secret}, without which no agent can connect; start the agent with it"));
    }
    for rest in script.split("${MITA_").skip(1) {
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let name = format!("MITA_{name}");
        if AGENT_VARIABLES.contains(&name.as_str()) {
            if !registration.is_inbound() {
                reading.warn(at, format!("${{{name}}} is filled in with register = \"inbound\" only"));
            }
        } else if !SCRIPT_VARIABLES.contains(&name.as_str()) {
            let known = SCRIPT_VARIABLES.map(|name| format!("${{{name}}}")).join(", ");
            reading.warn(at, format!("${{{name}}} is not filled in; there are {known} and ${{JENKINS_URL}}"));
        }
    }
}
