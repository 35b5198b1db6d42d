//! `[provider.NAME]` of type "command": the program, and what it gets from mita's environment.

use crate::config::file::{Found, Table};
use crate::config::types::{CommandConfig, Variable};
use crate::secret::Secret;
use jiff::SignedDuration;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The variables that every program gets.
const COMMON: [&str; 3] = ["PATH", "HOME", "LANG"];

/// Where programs are found if mita itself was started without `PATH`, as some crons do.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const DEFAULT_TIMEOUT: SignedDuration = SignedDuration::from_secs(20);

/// Reads the table; `None` if something was reported.
pub(crate) fn read(table: &Table<'_>) -> Option<CommandConfig> {
    let environment = environment(table);
    let timeout = table.time("timeout", SignedDuration::from_secs(1)).unwrap_or(DEFAULT_TIMEOUT);
    let advice = "write the program, with its arguments, as in [\"/usr/lib/mita/backend\", \"--verbose\"]";
    if !table.require(&["command"], advice) {
        return None;
    }
    let found = table.texts(&["command"])?;
    let mut words = found.value.into_iter().map(|word| word.value);
    let Some(program) = words.next() else {
        table.error(&found.at, format!("is an empty list; {advice}"));
        return None;
    };
    // A path that is not absolute begins in the folder of the configuration, and the program is started there.
    let file = table.reading.resolve(&program);
    match file.metadata() {
        _ if !program.contains('/') => {}
        Ok(there) if !there.is_file() || there.permissions().mode() & 0o111 == 0 => {
            let text = format!("nobody may execute {}; make it a program with chmod +x", file.display());
            table.error(&found.at, text);
        }
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = format!("there is no program {}; write the path of one that is there", file.display());
            table.error(&found.at, text);
        }
        // Another user may see it.
        Err(error) => table.reading.warn(&found.at, format!("{}: {error}", file.display())),
    }
    let program = PathBuf::from(program);
    let arguments = words.collect();
    let folder = table.reading.resolve("").components().collect::<PathBuf>();
    let folder = if folder.as_os_str().is_empty() { Path::new(".").to_owned() } else { folder };
    Some(CommandConfig { program, arguments, folder, environment, timeout })
}

fn environment(table: &Table<'_>) -> Vec<(String, Variable)> {
    let value = |name: &str| (table.reading.environment)(name).and_then(|value| value.into_string().ok());
    let mut variables: Vec<(String, Variable)> = COMMON
        .iter()
        .filter_map(|name| {
            let value = value(name).or_else(|| (*name == "PATH").then(|| DEFAULT_PATH.to_owned()))?;
            Some(((*name).to_owned(), Variable::Common(value)))
        })
        .collect();
    let named = table.texts(&["environment"]).map(|found| found.value).unwrap_or_default();
    for Found { value: name, at } in named {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
            table.error(&at, "is not the name of a variable; write names and no values");
        } else if variables.iter().any(|(other, _)| *other == name) {
            table.reading.warn(&at, format!("the program gets {name} anyway; remove it"));
        } else if let Some(value) = value(&name) {
            variables.push((name, Variable::Named(Secret::new(value))));
        } else {
            let text = format!("the environment variable {name} is not set; set it where mita is started");
            table.error(&at, text);
        }
    }
    variables
}
