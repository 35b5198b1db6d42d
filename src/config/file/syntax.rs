//! Errors of a file that is not TOML, with line and column.
//!
//! A message quotes a line only as far as it cannot contain a secret: all of it if it sets one harmless key, else up to the
//! `=` of a known key, else nothing. The line after an unclosed text may be the rest of a password.

use super::reading::{ConfigErrors, Reading};
use super::{suggest, words};
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
    let mut second_table = None;
    found.retain(|(offset, error)| {
        // The keys below the header of a table that is written twice are those of the first, which is told already.
        let table = text.get(..*offset).unwrap_or(text).lines().filter(|line| line.starts_with('[')).count();
        let line = text.lines().nth(reading.line_at(*offset) - 1).unwrap_or_default();
        let duplicate = error.message() == "duplicate key";
        if duplicate && line.starts_with('[') {
            second_table = Some(table);
            return true;
        }
        !(duplicate && second_table == Some(table))
    });
    let mut found: Vec<(usize, &str)> = found.into_iter().map(|(offset, error)| (offset, error.message())).collect();
    // All that comes after an unclosed list or table is read as a part of it.
    let unclosed = found.iter().enumerate().find_map(|(index, found)| Some((index, unclosed(text, *found)?)));
    if let Some((index, first)) = unclosed {
        found.truncate(index);
        found.push(first);
    }
    let more = found.len().saturating_sub(MOST);
    let mut lines: Vec<_> =
        found.iter().take(MOST).map(|(offset, message)| describe(reading, path, text, *offset, message)).collect();
    if more > 0 {
        lines.push(format!("{}: {more} more lines are not TOML; correct the first ones first", path.display()));
    }
    ConfigErrors::of_lines(lines)
}

/// Where a list or an inline table begins that does not end before the line of this error, and the parser's message for it.
fn unclosed(text: &str, (offset, message): (usize, &str)) -> Option<(usize, &'static str)> {
    let begin = text.get(..offset)?.rfind('\n')? + 1;
    let line = text[begin..].lines().next()?;
    let is_key = line.split_once('=').is_some_and(|(key, _)| {
        !key.trim().is_empty() && key.trim().chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
    });
    let is_header = line.starts_with('[') && line.trim_end().ends_with(']') && !line.contains(['"', ',']);
    if !message.starts_with("missing comma") || !is_key && !is_header {
        return None;
    }
    let opener = |line: &str| line.split_once('=').and_then(|(_, value)| value.trim_start().chars().next());
    let (mut at, mut is_within_list) = (begin, true);
    for before in text[..begin].split_inclusive('\n').rev() {
        at -= before.len();
        match opener(before) {
            Some('[') if is_within_list && !text[at..begin].contains(']') => {
                return Some((at + before.trim_end().len(), "unclosed array"));
            }
            Some('{') if !text[at..].contains('}') => {
                return Some((at + before.trim_end().len(), "unclosed inline table"));
            }
            // A list holds no keys.
            Some(_) => is_within_list = false,
            None => {}
        }
    }
    None
}

/// The language of a file that is not TOML, where its beginning shows it.
fn other_language(text: &str) -> Option<&'static str> {
    let first = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let is_yaml = |line: &str| {
        let key =
            line.split_once(": ").map_or_else(|| line.strip_suffix(':'), |(key, _)| Some(key)).unwrap_or_default();
        let colon_for_equals = line.contains(": ") && text.lines().any(|line| line.starts_with('['));
        !key.is_empty() && !colon_for_equals && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    match first {
        json if json.starts_with('{') => Some("JSON"),
        "---" => Some("YAML"),
        yaml if is_yaml(yaml) => Some("YAML"),
        xml if xml.starts_with('<') && !xml.starts_with("<<") => Some("XML or HTML"),
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
    let sentence = words::sentence(message, line, text.get(offset..).unwrap_or_default());
    format!("{}:{number}:{column}: {sentence}{shown}", path.display())
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
            ["mita.toml:2:8: a text or a time must be in quotes, as in \"text\": size = m3.xlarge"]
        );
        assert_eq!(
            reported("[nodes.ubuntu+1]\n"),
            [
                "mita.toml:1:14: write a table as in [nodes.ubuntu]; a name with other characters than letters, digits, - and _ \
              needs quotes, as in [nodes.\"my name\"]: [nodes.ubuntu+1]"
            ]
        );
    }

    #[test]
    fn what_is_not_toml_is_told_in_the_words_of_a_person() {
        for (text, told) in [
            ("size = “m1”\n", "1:8: has typographic quotes; write straight ones"),
            ("size\u{a0}= \"m1\"\n", "1:5: has an invisible character"),
            ("<<<<<<< HEAD\nsize = \"m1\"\n=======\n", "is the mark of a conflict of git"),
            ("# mine\n; theirs\n", "2:1: is not TOML; a comment begins with #"),
            ("export size=\"m1\"\n", "is a line of a shell; write the key without export"),
            ("[jenkins]\nuser: \"mita\"\n", "2:5: has a colon; write key = value"),
            ("unlabelled = True\n", "1:14: write true or false, in small letters"),
            ("unlabelled = yes\n", "1:14: write true or false, in small letters"),
            ("idle_grace = 40m\n", "1:14: a text or a time must be in quotes"),
            ("size = \"m1\u{1}\"\n", "has an invisible character"),
            ("size =\n", "has no value after the ="),
            ("size\n", "1:5: is not a key with a value; write key = value"),
            ("[nodes.ubuntu 22]\n", "1:14: write a table as in [nodes.ubuntu]; a name with other characters"),
            ("[nodes.ubuntu\n", "1:14: write a table as in [nodes.ubuntu]"),
            ("labels = [\"a\" \"b\"]\n", "lacks a comma between two values"),
            ("labels = [\"a\"\n", "lacks the ] that ends the list"),
            ("boot_volume = { size = 3\n", "lacks the } that ends the table"),
            ("size = \"m1\",\n", "1:12: has a comma or semicolon after the value; remove it"),
            ("size = \"m1\" \"m2\"\n", "1:13: has something after the value"),
            ("max = 1,000\n", "1:8: has a comma or semicolon after the value"),
            ("size = 'm1\n", "1:11: lacks the quote that ends the text"),
            ("script = \"\"\"#!/bin/sh\n", "lacks the three quotes that end the text"),
            ("state_file = \"C:\\mita\"\n", "has a backslash in double quotes"),
            ("max = 05\n", "1:7: a number does not begin with 0"),
            ("size == \"m1\"\n", "has an = too many"),
            ("```toml\nmax = 3\n", "1:1: is a fence of Markdown"),
            ("html\u{ad}_file = \"m1\"\n", "has an invisible character"),
            ("size\u{2009}= \"m1\"\n", "has an invisible character"),
            ("max = 4;\n", "has a comma or semicolon after the value; remove it"),
            ("max = 4 // four\n", "a comment begins with #"),
        ] {
            let shown = reported(text).join("\n");
            assert!(shown.contains(told), "{text:?}: {shown}");
            assert!(!shown.contains("expected"), "{text:?}: {shown}");
        }
    }

    #[test]
    fn a_list_or_a_table_that_does_not_end_is_one_error_where_it_begins() {
        let rest = "max = 4\n\n[nodes.centos]\nprovider = \"a\"\nsize = \"m1\"\n";
        for (text, told) in [
            ("labels = [\"a\", \"b\"\n", "mita.toml:1:19: lacks the ] that ends the list: labels = [\"a\", \"b\""),
            ("labels = [\n  \"a\",\n  \"b\"\n", "mita.toml:1:11: lacks the ] that ends the list: labels = ["),
            ("jenkins = {\nurl = \"x\"\n", "mita.toml:1:12: lacks the } that ends the table: jenkins = ..."),
        ] {
            assert_eq!(reported(&format!("{text}{rest}")), [told], "{text}");
        }
        // One that ends, and lacks a comma.
        for text in ["labels = [\n  \"a\"\n  \"b\"\n]\n", "boot_volume = {\nsize = 3\ntype = \"x\" }\n"] {
            assert!(reported(text).iter().all(|told| told.contains("lacks a comma")), "{:?}", reported(text));
        }
    }

    #[test]
    fn s9_a_torn_secret_is_not_shown() {
        let shown = reported("[jenkins]\ntoken = \"hunter2\nhunter3==\"\npasword = hunter4\nhunter5\n").join("\n");
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.contains("mita.toml:2:17: lacks the quote that ends the text: token = ..."), "{shown}");
        assert!(shown.contains("mita.toml:4:11: a text or a time must be in quotes, as in \"text\": pasword = ..."));
    }

    #[test]
    fn s9_a_harmless_key_followed_by_another_on_its_line_is_not_shown_whole() {
        let shown = reported("size = \"m1\" token = \"hunter2\"\n").join("\n");
        assert!(!shown.contains("hunter"), "{shown}");
    }

    #[test]
    fn a_table_that_is_written_twice_is_reported_in_the_line_of_the_second() {
        assert_eq!(
            reported("[nodes.a]\n[nodes.a]\n"),
            ["mita.toml:2:8: is written twice; keep one of the two: [nodes.a]"]
        );
    }

    #[test]
    fn a_file_in_another_language_is_one_error() {
        for (text, language) in [
            ("{\"jenkins\": {\"token\": \"hunter2\"}}", "JSON"),
            ("# mine\njenkins:\n  token: hunter2\n", "YAML"),
            ("---\njenkins:\n", "YAML"),
            ("state_file: s.json\njenkins:\n  token: hunter2\n", "YAML"),
            ("<!DOCTYPE html>", "XML or HTML"),
        ] {
            let shown = reported(text);
            assert!(matches!(&shown[..], [one] if one.contains(&format!("is {language}, and"))), "{shown:?}");
            assert!(!shown[0].contains("hunter"));
        }
    }

    #[test]
    fn a_cascade_of_errors_is_cut_short() {
        let shown = reported(&"= =\n".repeat(30));
        assert_eq!(shown.len(), MOST + 1);
        assert_eq!(shown[MOST], "mita.toml: 25 more lines are not TOML; correct the first ones first");
    }
}
