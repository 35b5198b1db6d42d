//! Whether two paths lead to one file, whatever their text is: through `..`, through links, under a second name.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// As many links as Linux follows (path_resolution(7)).
const LINKS: usize = 40;

/// What a path leads to. Two that share a part are the same file.
#[derive(Clone, Debug)]
pub struct FileIdentity {
    /// Device and number of what exists.
    exists: Option<(u64, u64)>,
    /// Device and number of the folder, and the name there: of the path, and of where its links lead.
    entries: Vec<(u64, u64, OsString)>,
}

impl FileIdentity {
    /// Asks the system; a folder that is missing has no files.
    pub fn of(path: &Path) -> Self {
        let mut entries = Vec::new();
        let mut at = path.to_owned();
        for _ in 0..LINKS {
            entries.extend(entry(&at));
            match fs::read_link(&at) {
                Ok(target) => at = folder_of(&at).join(target),
                // Not a link, or no file.
                Err(_) => break,
            }
        }
        FileIdentity { exists: path.metadata().ok().map(|file| (file.dev(), file.ino())), entries }
    }

    /// Whether both are one file.
    pub fn is(&self, other: &FileIdentity) -> bool {
        self.exists.is_some() && self.exists == other.exists
            || self.entries.iter().any(|entry| other.entries.contains(entry))
    }
}

fn entry(path: &Path) -> Option<(u64, u64, OsString)> {
    let folder = folder_of(path).metadata().ok()?;
    Some((folder.dev(), folder.ino(), path.file_name()?.to_owned()))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn one_file_has_many_paths_and_two_files_have_none_in_common() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("a"), "").unwrap();
        fs::write(at("b"), "").unwrap();
        fs::hard_link(at("a"), at("second")).unwrap();
        for (link, target) in [("link", "a"), ("sub/link", "../link"), ("dangling", "missing"), ("ring", "ring")] {
            symlink(target, at(link)).unwrap();
        }
        let same = |one: &str, other: &str| FileIdentity::of(&at(one)).is(&FileIdentity::of(&at(other)));
        for path in ["a", "sub/../a", "./a", "link", "sub/link", "second"] {
            assert!(same("a", path) && same(path, "a"), "{path}");
        }
        for path in ["missing", "sub/../missing", "dangling"] {
            assert!(same("missing", path) && same(path, "missing"), "{path}");
        }
        for (one, other) in [("a", "b"), ("a", "missing"), ("missing", "absent"), ("a", "sub/a"), ("ring", "a")] {
            assert!(!same(one, other) && !same(other, one), "{one} {other}");
        }
    }
}
