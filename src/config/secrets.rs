//! Secrets: in the configuration, in a file of their own, or in the environment; exactly one of the three.
//!
//! The text goes straight into a [`Secret`], which registers it for redaction, and never into a message.

use super::file::{self, Found, Place, Table};
use crate::secret::{LONG, SHORTEST, Secret};

/// Far more than a token or a password needs.
const LARGEST: u64 = 64 * 1024;

/// What is wrong with a secret that is too short to be found in a text.
const TOO_SHORT: &str =
    "is so short that mita cannot hide it in messages, which may repeat it: is it complete? A longer one is hidden";

/// What is probably wrong with a secret that a service refuses.
pub(super) const QUOTED: &str =
    "begins and ends with a quote, which counts as a part of the secret; remove the quotes unless they are one";

/// What is wrong with a secret that hides a word.
const ORDINARY: &str = "is nothing but a few letters, which can be guessed, and mita then hides that word in messages as well; \
                        choose one of 16 characters or more";

/// Whether somebody wrote the quotes that a shell or TOML needs into a place that needs none.
pub(super) fn is_quoted(secret: &str) -> bool {
    ['"', '\''].iter().any(|quote| secret.len() > 2 && secret.starts_with(*quote) && secret.ends_with(*quote))
}

/// Whether a secret is probably a word.
fn is_ordinary(secret: &str) -> bool {
    secret.len() < LONG && secret.chars().all(|c| c.is_ascii_lowercase())
}

/// What a person should know of a secret that can be used.
pub(super) fn oddity(secret: &str) -> Option<&'static str> {
    match () {
        // No text is searched for it.
        () if secret.len() < SHORTEST => Some(TOO_SHORT),
        () if is_ordinary(secret) => Some(ORDINARY),
        () if is_quoted(secret) => Some(QUOTED),
        () => of_shell(secret),
    }
}

/// What to do about a secret that was copied from a shell, with the name of its variable or in its place.
pub(super) fn of_shell(secret: &str) -> Option<&'static str> {
    let is_name = |name: &str| name.len() > 3 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let variable = secret.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    match () {
        () if variable.is_some_and(is_name) => Some(VARIABLE),
        () if secret.split_once('=').is_some_and(|(name, value)| is_name(name) && !value.is_empty()) => {
            Some(ASSIGNMENT)
        }
        () => None,
    }
}

const VARIABLE: &str =
    "is the name of a variable, which is not filled in here; write its value, or its name under the key in _env";

const ASSIGNMENT: &str =
    "begins with the name of a variable and =, which count as a part of the secret; write the value alone";

/// Where a secret can come from.
#[derive(Clone, Copy)]
enum Origin {
    Inline,
    File,
    Environment,
}

const SUFFIXES: [(&str, Origin); 3] = [("", Origin::Inline), ("_file", Origin::File), ("_env", Origin::Environment)];

/// The secret with this name (`token`, `token_file`, `token_env`) or with one of its aliases.
pub(super) fn secret(table: &Table<'_>, names: &[&str]) -> Option<Found<Secret>> {
    let mut given = Vec::new();
    for name in names {
        for (suffix, origin) in SUFFIXES {
            let key = format!("{name}{suffix}");
            given.extend(table.has(&key).map(|at| (key, origin, at)));
        }
    }
    given.sort_by_key(|(_, _, at)| at.line);
    let mut given = given.into_iter();
    let (key, origin, at) = given.next()?;
    for (_, _, other) in given {
        table.error(&other, format!("gives the same secret as {key} in line {}; keep one of the two", at.line));
    }
    let value = match origin {
        Origin::Inline => inline(table, &key)?,
        Origin::File => from_file(table, &key)?,
        Origin::Environment => from_environment(table, &key, &at)?,
    };
    Some(Found { value, at })
}

/// As [`secret`]; a missing secret is an error.
pub(super) fn required(table: &Table<'_>, names: &[&str]) -> Option<Found<Secret>> {
    let name = names[0];
    let keys: Vec<String> =
        names.iter().flat_map(|name| SUFFIXES.map(|(suffix, _)| format!("{name}{suffix}"))).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    // The first key is the one that the message names.
    table.require(&keys, &format!("give {name}_file with a file's name, {name}_env with a variable's name, or {name}"));
    secret(table, names)
}

fn inline(table: &Table<'_>, key: &str) -> Option<Secret> {
    let found = table.lines(&[key])?;
    table.reading.holds_secret(&found.at);
    checked(table, &found.at, "", without_blanks(key, &found.value).to_owned())
}

fn from_file(table: &Table<'_>, key: &str) -> Option<Secret> {
    let Found { value: path, at } = table.path(key)?;
    let text = match file::text(&path, LARGEST) {
        Ok(text) => text,
        Err(error) => {
            let path = path.display();
            table.error(
                &at,
                match error.as_str() {
                    file::MISSING => format!("{path} {error}; put the secret into it: (umask 077; cat > {path})"),
                    _ => format!("{path} {}", file::with_advice(&error, "name a file that this user can read")),
                },
            );
            return None;
        }
    };
    file::warn_of_readers(table.reading, &at, &path, "");
    let text = without_blanks(key, text.trim_end_matches(['\n', '\r']));
    if text.trim() != text && !text.trim().is_empty() {
        let text = "begins or ends with a blank, which counts as a part of the secret";
        table.reading.warn(&at, format!("{} {text}; remove it unless it is one", path.display()));
    }
    checked(table, &at, &format!("{} ", path.display()), text.to_owned())
}

fn from_environment(table: &Table<'_>, key: &str, at: &Place) -> Option<Secret> {
    let Found { value: name, .. } = table.text(&[key])?;
    let error = |text: String| {
        table.error(at, text);
        None
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        // Somebody may have written the secret itself here.
        return error("is not the name of a variable; write the name and not the value".to_owned());
    }
    match (table.reading.environment)(&name).map(std::ffi::OsString::into_string) {
        None => error(format!("the environment variable {name} is not set; set it where mita is started")),
        Some(Err(_)) => error(format!("the environment variable {name} is not UTF-8 text")),
        Some(Ok(text)) => {
            let text = without_blanks(key, &text).to_owned();
            checked(table, at, &format!("the environment variable {name} "), text)
        }
    }
}

/// A token has no blanks, but what copies it may add some. A password may end in one.
fn without_blanks<'t>(key: &str, text: &'t str) -> &'t str {
    if key.starts_with("token") { text.trim() } else { text }
}

fn checked(table: &Table<'_>, at: &Place, subject: &str, text: String) -> Option<Secret> {
    let error = if text.is_empty() {
        "is empty; write the secret"
    } else if text.chars().any(char::is_control) {
        "holds a line break or another control character; write the secret alone, in one line"
    } else {
        if let Some(what) = oddity(&text) {
            table.reading.warn(at, format!("{subject}{what}"));
        }
        return Some(Secret::new(text));
    };
    table.error(at, format!("{subject}{error}"));
    None
}
