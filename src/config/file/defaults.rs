//! A table that answers for the keys that another one does not have.

use super::reading::Place;
use toml::de::DeTable;

/// `[defaults]`: its entries, and where it is.
#[derive(Clone)]
pub(crate) struct Defaults<'a> {
    pub(super) at: Place,
    pub(super) entries: &'a DeTable<'a>,
    /// Keys of it that the table at hand does not have.
    pub(super) unfit: &'static [&'static str],
}

/// Keys of which one is an answer for others as well: a table that has one of the first takes none of the second from its
/// defaults.
const ANSWERS: [(&[&str], &[&str]); 4] = [
    (&["image_name", "image"], &["image_name", "image"]),
    (&["size", "flavor", "min_cores", "min_ram"], &["size", "flavor", "min_cores", "min_ram"]),
    (&["script", "script_file"], &["script", "script_file"]),
    (
        &["register"],
        &[
            "remote_fs",
            "mode",
            "environment",
            "credentials_id",
            "host_key_verification",
            "host_key",
            "ssh_port",
            "java_path",
            "jvm_options",
            "web_socket",
        ],
    ),
];

/// Whether a table without this key takes it from its defaults. `own` tells which keys the table has.
pub(super) fn inherits(name: &str, own: impl Fn(&str) -> bool) -> bool {
    let answered =
        |(answers, others): &(&[&str], &[&str])| others.contains(&name) && answers.iter().any(|key| own(key));
    !own(name) && !ANSWERS.iter().any(answered)
}
