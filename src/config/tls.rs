//! Certificates that the configuration names.

use super::file::{self, Table};
use std::path::{Path, PathBuf};

/// A bundle of all certificate authorities of a system has some hundred KiB.
const LARGEST_BUNDLE: u64 = 4 * 1024 * 1024;

/// The certificate authorities to trust instead of the system's.
pub(super) fn cacert(table: &Table<'_>) -> Option<PathBuf> {
    let found = table.path("cacert")?;
    check_certificate(&found.value).map_err(|fault| table.reading.fault(&found.at, fault)).ok()?;
    Some(found.value)
}

/// Whether this file can hold a certificate authority.
pub(super) fn check_certificate(path: &Path) -> Result<(), String> {
    holds(path, "-----BEGIN CERTIFICATE-----", "certificate")
}

/// Whether a file holds a text with this mark, in PEM form.
pub(super) fn holds(path: &Path, mark: &str, what: &str) -> Result<(), String> {
    let name = path.display();
    match file::text(path, LARGEST_BUNDLE) {
        Ok(text) if text.contains(mark) => Ok(()),
        Ok(_) => Err(format!("{name} holds no {what} in PEM form; name a file with a line that contains {mark}")),
        Err(error) => Err(format!("{name} {error}; name a file in PEM form that this user can read")),
    }
}

/// TLS is always verified.
pub(super) fn refuse_insecure(table: &Table<'_>) {
    if let Some(at) = table.has("insecure") {
        table.reading.fault(
            &at,
            "certificates are always verified; remove the key and name the service's certificate authority with cacert",
        );
    }
}
