//! What is wrong with a line that is not TOML, in the words of a person: the parser knows what it expects next, and not what
//! somebody meant.

/// Quotes of word processors and of web pages.
const TYPOGRAPHIC: &[char] = &['“', '”', '„', '‟', '‘', '’', '‚', '«', '»', '″', '′'];

/// Blanks and marks that nobody sees, and that are none for TOML.
const INVISIBLE: &[char] =
    &['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}'];

fn is_invisible(c: char) -> bool {
    let is_blank = |c: char| c.is_whitespace() && !c.is_ascii();
    INVISIBLE.contains(&c) || is_blank(c) || c.is_control() && !matches!(c, '\t' | '\r')
}

/// How other languages write yes and no.
const FLAGS: [&str; 6] = ["true", "false", "yes", "no", "on", "off"];

/// The sentence for a message of the parser, about this line, which goes on like that from the error on.
pub(super) fn sentence(message: &str, line: &str, rest: &str) -> String {
    by_line(line).or_else(|| by_message(message, line.trim(), rest)).map_or_else(
        || {
            let message = message.split(", expected").next().unwrap_or(message);
            format!("is not TOML ({message})")
        },
        str::to_owned,
    )
}

/// What the line shows, whatever the parser stumbled over.
fn by_line(line: &str) -> Option<&'static str> {
    let begins = |marks: &[&str]| marks.iter().any(|mark| line.trim_start().starts_with(mark));
    let before_value = || line.split(['=', '"', '\'']).next().unwrap_or_default();
    if begins(&["<<<<<<<", "=======", ">>>>>>>", "|||||||"]) {
        Some("is the mark of a conflict of git; keep one of the two versions")
    } else if begins(&["```", "~~~"]) {
        Some("is a fence of Markdown, around the text and no part of it; remove it")
    } else if begins(&["//", ";", "/*", "--"]) {
        Some("is not TOML; a comment begins with #")
    } else if begins(&["export "]) {
        Some("is a line of a shell; write the key without export")
    } else if line.contains(TYPOGRAPHIC) {
        Some("has typographic quotes; write straight ones, as in \"text\"")
    } else if line.contains(is_invisible) {
        Some("has an invisible character, as pasted text often has; type the line anew")
    } else if !line.trim_start().starts_with('[') && !line.contains('=') && before_value().contains(':') {
        Some("has a colon; write key = value")
    } else {
        None
    }
}

fn by_message(message: &str, line: &str, rest: &str) -> Option<&'static str> {
    let is = |known: &[&str]| known.iter().any(|known| message.starts_with(known));
    let is_table = line.starts_with('[');
    Some(if is(&["duplicate key"]) {
        "is written twice; keep one of the two"
    } else if is(&["string values must be quoted", "invalid boolean"]) {
        if rest.trim_start_matches([' ', '\t']).chars().next().is_none_or(|c| "\r\n#".contains(c)) {
            return Some("has no value after the =");
        }
        let value = rest.lines().next().unwrap_or_default();
        if value.contains(" //") {
            return Some("a comment begins with #");
        }
        if value.trim_end().ends_with(';') {
            return Some("has a comma or semicolon after the value; remove it");
        }
        let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
        if FLAGS.contains(&word.as_str()) {
            "write true or false, in small letters and without quotes"
        } else {
            "a text or a time must be in quotes, as in \"text\""
        }
    } else if is(&["invalid unquoted key", "unquoted keys", "unclosed table", "unclosed array table"]) && is_table {
        "write a table as in [nodes.ubuntu]; a name with other characters than letters, digits, - and _ needs quotes, as in \
         [nodes.\"my name\"]"
    } else if is(&["key with no value", "missing value", "invalid unquoted key", "unquoted keys", "missing key"]) {
        "is not a key with a value; write key = value"
    } else if is(&["unclosed array"]) {
        "lacks the ] that ends the list"
    } else if is(&["unclosed inline table"]) {
        "lacks the } that ends the table"
    } else if is(&["missing comma"]) {
        "lacks a comma between two values"
    } else if is(&["unexpected key or value", "unexpected content"]) {
        match rest.chars().next() {
            Some(',' | ';') => "has a comma or semicolon after the value; remove it",
            _ => "has something after the value; a comment begins with #",
        }
    } else if is(&["invalid multi-line"]) {
        "lacks the three quotes that end the text"
    } else if is(&["invalid basic string", "invalid literal string"]) {
        "lacks the quote that ends the text"
    } else if is(&["missing escaped value", "too few unicode", "invalid escape"]) {
        "has a backslash in double quotes; write it twice, or write the text in single quotes, as in 'text'"
    } else if is(&["unexpected leading zero"]) {
        "a number does not begin with 0"
    } else if is(&["carriage return"]) {
        "has a line end that is none; save the file with the line ends of Unix"
    } else if is(&["extra `=`", "extra assignment", "unexpected `=`"]) {
        "has an = too many"
    } else if is(&["extra comma"]) {
        "has a comma too many"
    } else {
        return None;
    })
}
