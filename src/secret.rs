//! Secrets, and the one place that takes them out of text.
//!
//! Whoever makes a [`Secret`] registers it here; whatever leaves the program (log lines, errors, documents, the
//! state file) passes [`redact`] at its exit. So a service that repeats a password in an error body, or a
//! certificate tool that quotes a header, gives nothing away.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::RwLock;

/// What stands in a text in a secret's place.
pub const REDACTED: &str = "[secret]";

/// Shorter texts are not looked for: redacting every "a" would hide the message and protect nothing.
const SHORTEST: usize = 4;

static KNOWN: RwLock<BTreeSet<Longest>> = RwLock::new(BTreeSet::new());

/// A password, token or key. Its `Debug` is blank, it has no `Display`, and it is registered for redaction.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Registers the text and keeps it.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        register(&text);
        Self(text)
    }

    /// The text, for the request that it belongs to and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// HTTP Basic credentials (RFC 7617) of this user with this secret, registered as a secret of their own.
    pub fn basic(&self, user: &str) -> Secret {
        Secret::new(STANDARD.encode(format!("{user}:{}", self.0)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Longest first, so that a secret that contains another one is replaced whole.
#[derive(PartialEq, Eq)]
struct Longest(String);

impl Ord for Longest {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.len().cmp(&self.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Longest {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Registers the text as it stands, and as JSON would write it.
fn register(text: &str) {
    if text.len() < SHORTEST {
        return;
    }
    let quoted = serde_json::Value::from(text).to_string();
    let escaped = quoted[1..quoted.len() - 1].to_owned();
    let mut known = KNOWN.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    known.insert(Longest(text.to_owned()));
    known.insert(Longest(escaped));
}

/// The text without any secret that was ever made in this process.
pub fn redact(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut clean = Cow::Borrowed(text);
    for Longest(secret) in known.iter() {
        if clean.contains(secret.as_str()) {
            clean = Cow::Owned(clean.replace(secret.as_str(), REDACTED));
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_blank_in_debug_output() {
        assert_eq!(format!("{:?}", Secret::new("hunter2-debug")), REDACTED);
    }

    #[test]
    fn s9_redaction_finds_the_text_its_json_form_and_its_basic_credentials() {
        let secret = Secret::new("pa\"ss-4711");
        let basic = secret.basic("adeza").expose().to_owned();
        assert_eq!(redact("wrong: pa\"ss-4711"), "wrong: [secret]");
        assert_eq!(redact(r#"{"password":"pa\"ss-4711"}"#), r#"{"password":"[secret]"}"#);
        assert_eq!(redact(&format!("Authorization: Basic {basic}")), "Authorization: Basic [secret]");
    }

    #[test]
    fn a_secret_within_a_longer_one_does_not_split_it() {
        let _short = Secret::new("token-abc");
        let _long = Secret::new("token-abc-def");
        assert_eq!(redact("x token-abc-def y"), "x [secret] y");
    }

    #[test]
    fn a_text_too_short_to_hide_is_left_in_place() {
        let _short = Secret::new("a");
        assert_eq!(redact("a plan"), "a plan");
    }
}
