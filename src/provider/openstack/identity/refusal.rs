//! What to do about a log-in that is refused.

use super::keystone::{NOT_KEYSTONE, is_from_keystone};
use crate::config::{Auth, OpenStackConfig};
use crate::http::{Client, Response};
use crate::provider::failure::{Failure, FailureKind};
use crate::provider::openstack::api::error_body::{asks_for_methods, says};
use crate::provider::openstack::api::{Operation, PASSES};
use crate::secret::sentences;

/// The failure of a log-in that was answered in this way.
pub(super) fn refused(
    http: &Client,
    config: &OpenStackConfig,
    response: &Response,
    operation: &Operation<'_>,
) -> Failure {
    if (400..500).contains(&response.status) && !is_busy(response) && !is_from_keystone(http, config, response) {
        return operation.refused_as(FailureKind::Wrong, "the address", response, NOT_KEYSTONE);
    }
    let (kind, advice) = match (response.status, &config.auth) {
        // Keystone answers 404 for a credential of a disabled project, as for one that it does not know.
        (401 | 403 | 404, _) if says(response, "is disabled") => (FailureKind::Denied, sentences::DISABLED),
        (401 | 403, _) if asks_for_methods(response) => (FailureKind::Denied, sentences::SEVERAL_METHODS),
        (401 | 403, _) if says(response, "password is expired") => (FailureKind::Denied, sentences::PASSWORD_EXPIRED),
        (401 | 403, _) if says(response, "account is locked") => (FailureKind::Denied, sentences::LOCKED),
        // Keystone gives one answer for a wrong password, an unknown user or project, and a missing role.
        (401 | 403, Auth::ApplicationCredential { .. }) => (FailureKind::Denied, sentences::CREDENTIAL_REFUSED),
        (401 | 403, Auth::Token { .. }) => (FailureKind::Denied, sentences::TOKEN_REFUSED),
        (401 | 403, _) => (FailureKind::Denied, sentences::PASSWORD_REFUSED),
        (404, Auth::ApplicationCredential { .. }) if operation.is_json_error(response) => {
            (FailureKind::Denied, sentences::NO_CREDENTIAL)
        }
        // This is the answer for a token that Keystone does not know.
        (404, Auth::Token { .. }) if operation.is_json_error(response) => {
            (FailureKind::Denied, sentences::TOKEN_UNKNOWN)
        }
        (404 | 410, _) => (FailureKind::Wrong, "auth_url is not that of Keystone, or it has no such version"),
        (407, _) => (FailureKind::Wrong, "a proxy asks for a log-in: write USER:PASSWORD@ into its URL, or name none"),
        _ if is_busy(response) => (FailureKind::RateLimited, "the cloud allows no more log-ins now"),
        (500.., _) => (FailureKind::Unavailable, PASSES),
        _ => (FailureKind::Wrong, "check auth_url, auth_version and the names of user, project and domains"),
    };
    operation.refused_as(kind, "the identity service", response, advice)
}

/// Whether too many requests came. Keystone behind old filters answers 413 to them, with the time to wait.
fn is_busy(response: &Response) -> bool {
    response.status == 429 || response.status == 413 && response.retry_after().is_some()
}
