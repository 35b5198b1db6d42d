//! Sentences of mita's own that redaction leaves as they are.
//!
//! They are the same for every secret, so they show nothing of one. A marker in a known sentence would: with the password
//! `wrong`, "the password is [secret]" tells the password to everybody who knows the sentence.

use std::ops::Range;

/// Keystone refuses a password.
pub(crate) const PASSWORD_REFUSED: &str =
    "the password is wrong, the user, project or domain unknown or disabled, or the user has no role in the project";
/// Keystone knows the password, and no longer takes it.
pub(crate) const PASSWORD_EXPIRED: &str = "change the password, or use an application credential";
/// Keystone wants more than the password.
pub(crate) const SEVERAL_METHODS: &str =
    "this user has to log in with more than a password: use an application credential";
/// Keystone takes no log-in of this user for a while.
pub(crate) const LOCKED: &str = "too many log-ins failed: correct the password, and wait or have the user unlocked";
/// Keystone refuses the secret of an application credential.
pub(crate) const CREDENTIAL_REFUSED: &str =
    "the secret of the application credential is wrong, it has expired, or its user is disabled or lost a role of it";
/// Keystone refuses a token.
pub(crate) const TOKEN_REFUSED: &str = "the token has expired or was revoked, or its user has no role in the project";
/// Keystone does not know a token.
pub(crate) const TOKEN_UNKNOWN: &str = "the token has expired or was revoked";
/// Keystone does not know an application credential.
pub(crate) const NO_CREDENTIAL: &str = "there is no such application credential, or its name was given as its id";
/// Keystone names a project or domain that is disabled.
pub(crate) const DISABLED: &str = "an administrator of the cloud has to enable it";
/// Jenkins refuses user and token.
pub(crate) const JENKINS_REFUSED: &str =
    "Jenkins does not know this user with this token; check user and token of [jenkins]";

const ALL: [&str; 10] = [
    PASSWORD_REFUSED,
    PASSWORD_EXPIRED,
    SEVERAL_METHODS,
    LOCKED,
    CREDENTIAL_REFUSED,
    TOKEN_REFUSED,
    TOKEN_UNKNOWN,
    NO_CREDENTIAL,
    DISABLED,
    JENKINS_REFUSED,
];

/// Where these sentences are in a text.
pub(super) fn places(text: &str) -> Vec<Range<usize>> {
    let of = |sentence: &'static str| text.match_indices(sentence).map(|(start, found)| start..start + found.len());
    ALL.into_iter().flat_map(of).collect()
}
