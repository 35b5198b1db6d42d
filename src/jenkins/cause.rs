//! Why a node is offline, and who set it offline.

use super::html::unescape_html;
use crate::domain::world::OfflineCause;

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
