//! Errors of a file that is not TOML, with line and column.
//!
//! A message quotes a line only as far as it cannot contain a secret: all of it if it sets one harmless key, else up to the
//! `=` of a known key, else nothing. The line after an unclosed text may be the rest of a password.

use super::reading::{ConfigErrors, Reading};
use super::suggest;
use crate::config::keys;
use crate::config::keys::Kind;
use std::path::Path;
use toml::de::Error;

/// One unclosed text causes errors in every line after it; more of them than these do not help.
const MOST: usize = 5;

/// Texts and lists that are never secret and never have several lines.
const HARMLESS_TEXTS: &str = "availability_zone description flavor floating_ip_pool image image_name keyname labels \
    min_idle networks owner provider region region_name security_groups server_group server_name service_region size \
    state_file";

/// Whether the value of a key can be shown.
fn is_harmless(name: &str) -> bool {
    let harmless_kind =
        |kind| matches!(kind, Kind::Time | Kind::Number(..) | Kind::Flag | Kind::OneOf(_) | Kind::Memory);
    let known = keys::TABLES.iter().flat_map(|(keys, _)| keys.iter()).filter(|key| key.name == name);
    HARMLESS_TEXTS.split(' ').any(|harmless| harmless == name) || known.map(|key| key.kind).any(harmless_kind)
}

/// The errors of the text, the first one of each line.
pub(crate) fn errors(reading: &Reading<'_>, path: &Path, text: &str, errors: &[Error]) -> ConfigErrors {
    if let Some(language) = other_language(text) {
        let path = path.display();
        let line = format!(
            "{path}: is {language}, and a configuration is TOML: write [jenkins] and url = \"...\"; mita init writes a first \
             one"
        );
        return ConfigErrors::of_lines(vec![line]);
    }
    let mut found: Vec<_> =
        errors.iter().map(|error| (error.span().map_or(text.len(), |span| span.start), error)).collect();
    found.sort_by_key(|(offset, _)| *offset);
    found.dedup_by_key(|(offset, _)| reading.line_at(*offset));
    let more = found.len().saturating_sub(MOST);
    let mut lines: Vec<_> = found
        .iter()
        .take(MOST)
        .map(|(offset, error)| describe(reading, path, text, *offset, error.message()))
        .collect();
    if more > 0 {
        lines.push(format!("{}: {more} more lines are not TOML; correct the first ones first", path.display()));
    }
    ConfigErrors::of_lines(lines)
}

/// The language of a file that is not TOML, where its beginning shows it.
fn other_language(text: &str) -> Option<&'static str> {
    let first = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let is_yaml = |line: &str| {
        let key = line.strip_suffix(':').unwrap_or_default();
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    match first {
        json if json.starts_with('{') => Some("JSON"),
        "---" => Some("YAML"),
        yaml if is_yaml(yaml) => Some("YAML"),
        xml if xml.starts_with('<') => Some("XML or HTML"),
        _ => None,
    }
}

fn describe(reading: &Reading<'_>, path: &Path, text: &str, offset: usize, message: &str) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = reading.line_at(offset);
    let line = text.lines().nth(number - 1).unwrap_or_default();
    let shown = match shown(line) {
        Some(shown) => format!(": {shown}"),
        None => String::new(),
    };
    // The parser says in words of its own that a table or a key is there already.
    let message = if message == "duplicate key" { "is written twice; keep one of the two" } else { message };
    format!("{}:{number}:{column}: {message}{shown}", path.display())
}

/// The part of the line that can be shown.
fn shown(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(header) = line.strip_prefix('[') {
        let name = |c: char| c.is_alphanumeric() || " ._-+[]'\"".contains(c);
        let table =
            ["jenkins", "provider", "nodes"].iter().any(|table| header.trim_start_matches('[').starts_with(table));
        return (table && header.chars().all(name)).then(|| line.to_owned());
    }
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    if is_harmless(key) && !value.contains('=') {
        return Some(line.to_owned());
    }
    let known = keys::TABLES.iter().flat_map(|(keys, _)| keys::names(keys));
    suggest::nearest(key, known).map(|_| format!("{key} = ..."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(text: &str) -> Vec<String> {
        let path = Path::new("mita.toml");
        let (_, found) = toml::de::DeTable::parse_recoverable(text);
        errors(&Reading::new(path, text, &|_| None), path, text, &found).lines().to_vec()
    }

    #[test]
    fn a_line_that_can_hold_no_secret_is_shown_whole() {
        assert_eq!(
            reported("[nodes.ubuntu]\nsize = m3.xlarge\n"),
            ["mita.toml:2:8: string values must be quoted, expected literal string: size = m3.xlarge"]
        );
        assert_eq!(
            reported("[nodes.ubuntu+1]\n"),
            ["mita.toml:1:14: invalid unquoted key, expected letters, numbers, `-`, `_`: [nodes.ubuntu+1]"]
        );
    }

    #[test]
    fn s9_a_torn_secret_is_not_shown() {
        let shown = reported("[jenkins]\ntoken = \"hunter2\nhunter3==\"\npasword = hunter4\nhunter5\n").join("\n");
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.contains("mita.toml:2:17: invalid basic string, expected `\"`: token = ..."), "{shown}");
        assert!(shown.contains("mita.toml:4:11: string values must be quoted, expected literal string: pasword = ..."));
    }

    #[test]
    fn s9_a_harmless_key_followed_by_another_on_its_line_is_not_shown_whole() {
        let shown = reported("size = \"m1\" token = \"hunter2\"\n").join("\n");
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn a_table_that_is_written_twice_is_reported_in_the_line_of_the_second() {
        assert_eq!(reported("[nodes.a]\n[nodes.a]\n"), ["mita.toml:2:8: duplicate key: [nodes.a]"]);
    }

    #[test]
    fn a_cascade_of_errors_is_cut_short() {
        let shown = reported(&"= =\n".repeat(30));
        assert_eq!(shown.len(), MOST + 1);
        assert_eq!(shown[MOST], "mita.toml: 25 more lines are not TOML; correct the first ones first");
    }
}
