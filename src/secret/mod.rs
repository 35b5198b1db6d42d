//! Secrets, and their removal from text.
//!
//! Every [`Secret`] is registered here, and every text that leaves the program (log lines, errors, documents, the state
//! file) goes through [`redact`]. So a service that repeats a password in an error body, or a library that quotes a header,
//! reveals nothing: neither as it is, nor escaped for JSON, HTML, a URL or source code, nor in Base64 or hexadecimal digits.

mod encodings;
mod patterns;
pub(crate) mod sentences;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use patterns::Patterns;
pub(crate) use patterns::{LONG, SHORTEST};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{PoisonError, RwLock};

/// What replaces a secret in a text.
pub const REDACTED: &str = "[secret]";

/// All secrets, as they are and encoded.
static KNOWN: RwLock<Patterns> = RwLock::new(Patterns::none());

/// A password, token or key. Its `Debug` does not show it, it has no `Display`, and it is registered for redaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Registers the text and keeps it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        // To encode it takes a while, and a configuration is loaded more than once.
        if !KNOWN.read().unwrap_or_else(PoisonError::into_inner).has(&text) {
            KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(&text, encodings::of(&text));
        }
        Self(text)
    }

    /// The text, only for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// HTTP Basic credentials (RFC 7617) of this user with this secret, registered as another secret.
    pub fn basic(&self, user: &str) -> Secret {
        Secret::new(STANDARD.encode(format!("{user}:{}", self.0)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Words that everybody can read, such as the names in the configuration. A short secret that is the same word is left in
/// texts that are mita's own: a gap in place of a well-known name would tell the secret, and nobody could read the text.
pub fn publish<'w>(words: impl IntoIterator<Item = &'w str>) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).publish(words);
}

/// A text of this program without any secret of this process, except for a secret that is a public word.
pub fn redact(text: &str) -> Cow<'_, str> {
    without(text, 0, Words::Shown)
}

/// The words of a service without any secret of this process: it may repeat what it was sent.
pub fn redact_answer(text: &str) -> Cow<'_, str> {
    without(text, 0, Words::Hidden)
}

/// What happens to a secret that is a public word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    Shown,
    Hidden,
}

/// A JSON document without long secrets in its texts and keys, names included. Nothing outside of quotes changes.
pub fn redact_document(json: &str) -> Cow<'_, str> {
    if is_clean(json) {
        return Cow::Borrowed(json);
    }
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, quoted)) = rest.split_once('"') {
        let inside = &quoted[..closing_quote(quoted)];
        clean.extend([before, "\"", &without(inside, LONG, Words::Hidden), "\""]);
        rest = quoted.get(inside.len() + 1..).unwrap_or_default();
    }
    clean.push_str(rest);
    Cow::Owned(clean)
}

/// Whether a JSON document has no long secret, for sure: as it is, which one search of the whole document shows, or in a
/// text with escapes.
fn is_clean(json: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let has_long = |text: &[u8]| !known.find(text, LONG).is_empty();
    if has_long(json.as_bytes()) {
        return false;
    }
    // A plus may mean a space, and nothing else.
    let space = |byte| if byte == b'+' { b' ' } else { byte };
    let with_spaces: Vec<u8> = if known.have_spaces { json.bytes().map(space).collect() } else { Vec::new() };
    // Most parts of a document mean what they show.
    if ![json.as_bytes(), &with_spaces].into_iter().any(encodings::has_escapes) && !has_long(&with_spaces) {
        return true;
    }
    let mut rest = json.as_bytes();
    while let Some(quote) = memchr::memchr(b'"', rest) {
        let quoted = &json[json.len() - rest.len() + quote + 1..];
        let inside = &quoted[..closing_quote(quoted)];
        let may_differ = encodings::has_escapes(inside.as_bytes()) || (known.have_spaces && inside.contains('+'));
        if may_differ && encodings::views(inside).any(|view| has_long(view.bytes())) {
            return false;
        }
        rest = quoted.as_bytes().get(inside.len() + 1..).unwrap_or_default();
    }
    true
}

/// Where the closing quote of a JSON text is.
fn closing_quote(text: &str) -> usize {
    let escaped = |quote: usize| text[..quote].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    memchr::memchr_iter(b'"', text.as_bytes()).find(|quote| !escaped(*quote)).unwrap_or(text.len())
}

/// The text without secrets of at least this length. Redacting it again changes nothing.
fn without(text: &str, shortest: usize, words: Words) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut clean = Cow::Borrowed(text);
    // What replaces a secret can be a part of another one. Each time fewer characters are left that replace nothing.
    while let Some(cleaner) = replaced(&known, &clean, shortest, words) {
        clean = Cow::Owned(cleaner);
    }
    clean
}

/// The text with each secret replaced; `None` if it has none.
fn replaced(known: &Patterns, text: &str, shortest: usize, words: Words) -> Option<String> {
    let mut found = found(known, text, shortest);
    if words == Words::Shown {
        found.retain(|range| !known.is_public_word(text, range));
    }
    if !found.is_empty() {
        let markers: Vec<Range<usize>> =
            text.match_indices(REDACTED).map(|(start, marker)| start..start + marker.len()).collect();
        found.retain_mut(|range| !is_replaced(range, &markers));
        let own = sentences::places(text);
        found.retain(|range| !own.iter().any(|own| own.start <= range.start && range.end <= own.end));
    }
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut clean = String::with_capacity(text.len());
    let mut kept_to = 0;
    for Range { start, end } in found {
        // An overlap means that one secret is part of another.
        if start >= kept_to {
            clean.extend([&text[kept_to..start], REDACTED]);
        }
        kept_to = kept_to.max(end);
    }
    clean.push_str(&text[kept_to..]);
    Some(clean)
}

/// Whether all of it is what replaced a secret. If only a part is, it grows to all of that.
fn is_replaced(range: &mut Range<usize>, markers: &[Range<usize>]) -> bool {
    let touched = markers.iter().filter(|marker| marker.start < range.end && range.start < marker.end);
    let mut covered = 0;
    let mut whole = range.clone();
    for marker in touched {
        covered += marker.end.min(range.end) - marker.start.max(range.start);
        whole = whole.start.min(marker.start)..whole.end.max(marker.end);
    }
    let is_covered = covered == range.len();
    *range = whole;
    is_covered
}

fn found(known: &Patterns, text: &str, shortest: usize) -> Vec<Range<usize>> {
    let mut found = known.find(text.as_bytes(), shortest);
    for view in encodings::views(text) {
        found.extend(known.find(view.bytes(), shortest).into_iter().map(|range| view.original(range)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("hunter2-debug")), REDACTED);
    }

    #[test]
    fn s9_redaction_finds_the_text_its_json_form_and_its_basic_credentials() {
        let secret = Secret::new("pa\"ss-4711");
        let basic = secret.basic("adeza").expose().to_owned();
        assert_eq!(redact("wrong: pa\"ss-4711"), "wrong: [secret]");
        assert_eq!(redact(r#"{"pw":"pa\"ss-4711"}"#), r#"{"pw":"[secret]"}"#);
        assert_eq!(redact(&format!("Authorization: Basic {basic}")), "Authorization: Basic [secret]");
    }

    #[test]
    fn a_secret_within_a_longer_one_does_not_split_it() {
        let _short = Secret::new("token-abc");
        let _long = Secret::new("token-abc-def");
        assert_eq!(redact("x token-abc-def y"), "x [secret] y");
    }

    /// What [`without`] does with secrets that no other test knows.
    fn clean(secrets: &[String], text: &str) -> String {
        let mut known = Patterns::none();
        secrets.iter().for_each(|secret| known.insert(secret, encodings::of(secret)));
        let mut text = text.to_owned();
        while let Some(cleaner) = replaced(&known, &text, 0, Words::Shown) {
            text = cleaner;
        }
        text
    }

    #[test]
    fn s9_a_secret_that_is_a_part_of_what_replaces_it_is_replaced_once() {
        let secrets = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let word = secrets(&["secret"]);
        assert_eq!(clean(&word, "my secret"), "my [secret]");
        assert_eq!(clean(&word, &clean(&word, "my secret")), "my [secret]");
        assert_eq!(clean(&secrets(&["ab[sec", "token"]), "abtoken"), REDACTED);
        assert_eq!(clean(&secrets(&["x[secret]y"]), "is x[secret]y"), "is [secret]");
        assert_eq!(clean(&secrets(&["t][s"]), "[secret][secret]"), "[secret][secret]");
    }

    #[test]
    fn s9_a_secret_that_is_a_word_of_a_fixed_sentence_cannot_be_told_from_its_gap() {
        let own = sentences::PASSWORD_REFUSED;
        for word in ["wrong", "password", "the user"] {
            let secrets = [word.to_owned()];
            let text = format!("status 401: {own}; Keystone says: {word} for mita");
            assert_eq!(clean(&secrets, &text), format!("status 401: {own}; Keystone says: [secret] for mita"));
        }
        // It is more than the sentence.
        let longer = format!("{own}!");
        assert_eq!(clean(std::slice::from_ref(&longer), &format!("is {longer}")), "is [secret]");
    }

    proptest::proptest! {
        #[test]
        fn s9_redacting_twice_is_redacting_once_and_no_secret_is_left(
            secrets in proptest::collection::vec("[a-c\\[\\]ecrst]{4,8}|secret|cret\\]|\\[secr", 1..4),
            parts in proptest::collection::vec("[a-c\\[\\]ecrst]{0,6}|secret|\\[secret\\]| ", 0..12),
            order in proptest::collection::vec(0..4_usize, 12),
        ) {
            let known = |index: usize| secrets.get(index).map_or("", String::as_str);
            let text: String = parts.iter().zip(&order).map(|(part, index)| format!("{part}{}", known(*index))).collect();
            let once = clean(&secrets, &text);
            proptest::prop_assert_eq!(&clean(&secrets, &once), &once);
            let rest: Vec<&str> = once.split(REDACTED).collect();
            for secret in &secrets {
                proptest::prop_assert!(rest.iter().all(|part| !part.contains(secret.as_str())), "{:?} in {:?}", secret, once);
            }
        }
    }

    #[test]
    fn s9_a_short_secret_that_is_a_public_word_is_hidden_in_answers_alone() {
        // No other test in this process uses these words.
        let (_short, _long) = (Secret::new("xenialtype"), Secret::new("xenialtype-0123456789"));
        publish(["xenialtype", "xenialtype-0123456789"]);
        for own in ["node xenialtype+10.0.0.1 of xenialtype: idle", "https://xenialtype.example.com/"] {
            assert_eq!(redact(own), own);
        }
        assert_eq!(redact("xenialtypes and my_xenialtype"), "[secret]s and my_[secret]");
        assert_eq!(redact("xenialtype-0123456789"), REDACTED);
        assert_eq!(redact_answer("Keystone: xenialtype is wrong"), "Keystone: [secret] is wrong");
        let encoded = STANDARD.encode("xenialtype");
        assert!(redact(&encoded).starts_with(REDACTED));
    }

    #[test]
    fn a_text_too_short_to_hide_is_left_in_place() {
        let _short = Secret::new("a");
        assert_eq!(redact("a plan"), "a plan");
    }

    /// Every encoding that services and programs were seen to use.
    #[test]
    fn s9_a_secret_is_found_in_every_encoding() {
        let text = "q\"7'<&>/+ é%#zQ81%5A";
        let secret = Secret::new(text);
        let percent = |letters: &str, plus: bool| -> String {
            let one = |byte: u8| match byte {
                b' ' if plus => "+".to_owned(),
                byte if letters.as_bytes().contains(&byte) || byte.is_ascii_alphanumeric() => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            };
            text.bytes().map(one).collect()
        };
        let json = serde_json::Value::from(text).to_string();
        let forms = [
            ("JSON", json.trim_matches('"').to_owned()),
            ("JSON in ASCII", r#"q\"7'<&>/+ \u00e9%#zQ81%5A"#.to_owned()),
            ("JSON with slashes", r#"q\"7'\u003C\u0026\u003e\/+ \u00e9%#zQ81%5A"#.to_owned()),
            ("Rust", format!("{text:?}")),
            ("Rust for a log", text.escape_debug().to_string()),
            ("Rust in ASCII", text.escape_default().to_string()),
            ("HTML", "q&quot;7&#039;&lt;&amp;&gt;/+ é%#zQ81%5A".to_owned()),
            ("HTML in ASCII", "q&#34;7&#x27;&lt;&amp;&gt;&#x2F;+&nbsp;&#233;%#zQ81%5A".to_owned()),
            ("a path", percent("-._~", false)),
            (
                "a path in lower case",
                percent("-._~", false).to_lowercase().replace("zq81", "zQ81").replace("%255a", "%255A"),
            ),
            ("a URL", percent("-._~/+'&", false)),
            ("a form", percent("-._~*", true)),
            ("a form in a path", percent("-._~*", true).replace('%', "%25").replace('+', "%2B")),
            ("every letter of it", text.bytes().map(|byte| format!("%{byte:02x}")).collect()),
            ("a URL in JSON in JSON", format!("{:?}", format!("{:?}", percent("-._~", false)))),
            ("a text in JSON in JSON", serde_json::Value::from(json.clone()).to_string()),
            ("Base64", STANDARD.encode(text)),
            ("Base64 after one letter", STANDARD.encode(format!("u:{text}"))),
            ("Base64 after two letters", STANDARD.encode(format!("us:{text}, and more"))),
            ("Base64 for URLs", base64::engine::general_purpose::URL_SAFE.encode(text)),
            ("Basic in a query", secret.basic("mita").expose().replace('=', "%3D").replace('+', "%2B")),
            ("hexadecimal", text.bytes().map(|byte| format!("{byte:02X}")).collect()),
        ];
        for (way, form) in forms {
            let clean = redact(&form).into_owned();
            assert!(clean.contains(REDACTED), "{way}: {form} became {clean}");
            // What Base64 leaves at its ends shares its bits with the neighbours.
            let rest = clean.replace(REDACTED, "").replace("%3D", "");
            assert!(rest.len() <= 20 && !rest.contains("zQ81"), "{way}: {form} became {clean}");
            let around = format!("before {form} behind");
            let clean = redact(&around).into_owned();
            assert!(clean.starts_with("before ") && clean.ends_with(" behind"), "{way}: {clean}");
        }
    }

    #[test]
    fn text_with_escapes_and_without_secrets_stays_as_it_is() {
        let _secret = Secret::new("an-honest-text");
        for text in [
            "100% of 5 & 6",
            "C:\\temp\\new",
            "%",
            "\\",
            "&;",
            "&#;",
            "\\u{",
            "\\u12",
            "%é",
            "&#xé;",
            "a+b",
            "\\ud800\\u0041",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn s9_a_document_holds_no_long_secret_in_a_name_and_stays_a_document() {
        // No other test in this process uses the word.
        let _short = Secret::new("plainword");
        let _long = Secret::new("tok\"en-0123456789abcdef");
        let honest = r#"{"name":"plainword","n":1}"#;
        assert_eq!(redact_document(honest), honest);
        let hostile =
            serde_json::json!({"na\"me": "x tok\"en-0123456789abcdef y\\", "tok\"en-0123456789abcdef": [1, "\\\""]});
        let clean: serde_json::Value = serde_json::from_str(&redact_document(&hostile.to_string())).unwrap();
        assert_eq!(clean, serde_json::json!({"na\"me": "x [secret] y\\", "[secret]": [1, "\\\""]}));
    }

    #[test]
    fn s9_a_document_is_searched_for_secrets_with_spaces_and_in_every_encoding() {
        let _secret = Secret::new("a long secret with spaces");
        for form in
            ["a+long+secret+with+spaces", "a%20long%20secret%20with%20spaces", r"a\u0020long secret with spaces"]
        {
            let json = format!(r#"{{"x": "\"", "name": "before {form}"}}"#);
            assert_eq!(redact_document(&json), r#"{"x": "\"", "name": "before [secret]"}"#, "{form}");
        }
        assert!(matches!(redact_document(r#"{"a+b": "c%20d"}"#), Cow::Borrowed(_)));
    }

    #[test]
    fn a_long_secret_of_digits_leaves_numbers_alone() {
        let _digits = Secret::new("1785600010000123456");
        let numbers = r#"{"id":1785600010000123456,"name":"1785600010000123456"}"#;
        assert_eq!(redact_document(numbers), r#"{"id":1785600010000123456,"name":"[secret]"}"#);
    }
}
