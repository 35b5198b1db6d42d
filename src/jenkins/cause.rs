//! Why a node is offline, and who set it offline.

use super::html::unescape_html;
use super::permissions::{before, numbers};
use crate::domain::world::{Node, OfflineCause, Presence};

/// `offlineCauseReason` (`reason`) is a user's message, escaped for HTML since 2.483, and without what stands before its last
/// " : ", so that "keep it : mita retires ..." reads like a mark of mita's. The description of the cause has the whole
/// message, as it was written, after the name of the user: `Disconnected by USER : MESSAGE`, or `Disconnected by USER`
/// without a message (hudson/slaves/Messages.properties, SlaveComputer.DisconnectedBy).
pub(super) fn read(class: Option<&str>, description: Option<&str>, reason: Option<&str>) -> OfflineCause {
    let of_user = description.and_then(|text| text.trim().strip_prefix("Disconnected by "));
    let by = of_user.map(|text| text.split(" : ").next().unwrap_or_default().trim().to_owned());
    let by = by.filter(|by| !by.is_empty());
    let message = of_user.and_then(|text| text.split_once(" : "));
    let whole = message.map(|(_, message)| message.to_owned()).filter(|message| message.contains(" : "));
    let reason = whole.or_else(|| reason.map(unescape_html));
    let reason = reason.or_else(|| description.map(str::to_owned)).unwrap_or_default();
    OfflineCause { class: class.map(str::to_owned), reason: reason.trim().to_owned(), by, since: None }
}

/// Undoes one more escape where this version makes it.
pub(super) fn unescape_once_more<'n>(version: &str, nodes: impl IntoIterator<Item = &'n mut Node>) {
    if !is_escaped_once_more(version) {
        return;
    }
    for node in nodes {
        if let Presence::SetOffline(cause) | Presence::DisconnectedBy(cause) = &mut node.presence {
            cause.reason = unescape_html(&cause.reason);
            cause.by = cause.by.as_deref().map(unescape_html);
        }
    }
}

/// Whether the description of a user's cause is escaped, and so its message twice: from 2.551 (and 2.541.2) to 2.567, and no
/// more from 2.555.3 on (`UserCause.toString` of hudson/slaves/OfflineCause.java, SECURITY-3669 and SECURITY-3731).
fn is_escaped_once_more(version: &str) -> bool {
    let patch = version.split(['.', '-']).nth(2).and_then(|patch| patch.parse().ok()).unwrap_or(0_u32);
    match numbers(version) {
        Some((2, 541)) => patch >= 2,
        Some((2, 555)) => patch < 3,
        Some(_) => !before(version, 2, 551) && before(version, 2, 568),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_that_escape_once_more_are_known() {
        for version in ["2.541.2", "2.541.3", "2.551", "2.555", "2.555.2", "2.567"] {
            assert!(is_escaped_once_more(version), "{version}");
        }
        for version in ["", "2.426.3", "2.541.1", "2.550", "2.555.3", "2.568", "2.568.1"] {
            assert!(!is_escaped_once_more(version), "{version}");
        }
    }
}
