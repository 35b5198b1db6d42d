//! Certificates that the configuration names.

use super::file::{self, Table};
use std::path::{Path, PathBuf};

/// The certificate authorities of a system take some hundred KiB.
const LARGEST_BUNDLE: u64 = 4 * 1024 * 1024;

/// The certificate authorities to trust instead of the system's.
pub(super) fn cacert(table: &Table<'_>) -> Option<PathBuf> {
    let found = table.path("cacert")?;
    check_certificate(&found.value).map_err(|error| table.error(&found.at, error)).ok()?;
    Some(found.value)
}

/// Fails unless the file contains a certificate.
pub(super) fn check_certificate(path: &Path) -> Result<(), String> {
    contains(path, "-----BEGIN CERTIFICATE-----", "certificate")
}

/// Fails unless the file contains `what`, which the line with `mark` begins in PEM form.
pub(super) fn contains(path: &Path, mark: &str, what: &str) -> Result<(), String> {
    let name = path.display();
    match file::text(path, LARGEST_BUNDLE) {
        Ok(text) if text.contains(mark) => Ok(()),
        Ok(_) => Err(format!("{name} holds no {what} in PEM form; name a file with a line that contains {mark}")),
        Err(error) => Err(format!("{name} {error}; name a file in PEM form that this user can read")),
    }
}

/// mita always verifies certificates.
pub(super) fn refuse_insecure(table: &Table<'_>) {
    if let Some(at) = table.has("insecure") {
        table.error(
            &at,
            "certificates are always verified; remove the key and name the service's certificate authority with cacert",
        );
    }
}
