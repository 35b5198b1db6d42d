//! Finds files and folders of this installation that other users can write: whoever writes there decides what mita does.

use crate::config::Config;
use nix::unistd::{Gid, Group, Uid, User};
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
/// In such a folder, only its owner can replace a file.
const STICKY: u32 = 0o1000;

/// A warning for each file and folder that others can write, with the cure.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    // By the path without links; the other one is shown, where it leads through none.
    let mut paths: BTreeMap<PathBuf, (String, PathBuf)> = BTreeMap::new();
    let state = ("state file".to_owned(), config.state_file.clone());
    let files = config.files.iter().map(|file| (file.what.clone(), file.path.clone()));
    for (what, written) in files.chain([state]) {
        let what = if what.starts_with("the ") { what } else { format!("the {what}") };
        // A link is as safe as its target and the folder that the target is in.
        let path = written.canonicalize().unwrap_or(written.clone());
        let shown = if written.is_symlink() { path.clone() } else { written };
        paths.entry(folder_of(&path)).or_insert_with(|| (format!("the folder of {what}"), folder_of(&shown)));
        paths.insert(path, (what, shown));
    }
    let report = |(path, (what, shown)): (&PathBuf, &(String, PathBuf))| {
        // Another error says that it is no file at all.
        let metadata = path.metadata().ok().filter(|metadata| metadata.is_dir() || metadata.is_file())?;
        let (who, bits) = writers(&metadata)?;
        let (path, mode) = (shown.display(), metadata.mode() & 0o7777);
        Some(format!("{path}: {what} can be written by {who} (mode {mode:04o}): chmod {bits} {path}"))
    };
    paths.iter().filter_map(report).collect()
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")).to_owned()
}

/// Who besides its owner can write it, and the mode that ends that.
fn writers(metadata: &Metadata) -> Option<(String, &'static str)> {
    let mode = metadata.mode();
    if metadata.is_dir() && mode & STICKY != 0 {
        return None;
    }
    if mode & OTHERS_WRITE != 0 {
        return Some(("everybody".to_owned(), "go-w"));
    }
    let group = if mode & GROUP_WRITES != 0 { group_of_others(metadata) } else { None };
    group.map(|group| (format!("the group {group}"), "g-w"))
}

/// The group, unless nobody but the owner is in it: many systems give each user such a group.
fn group_of_others(metadata: &Metadata) -> Option<String> {
    let gid = metadata.gid();
    let owner = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
    let group = Group::from_gid(Gid::from_raw(gid)).ok().flatten();
    let Some(group) = group else { return Some(gid.to_string()) };
    let is_alone = owner.is_some_and(|owner| {
        owner.gid.as_raw() == gid && owner.name == group.name && group.mem.iter().all(|member| *member == owner.name)
    });
    (!is_alone).then_some(group.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::UsedFile;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown};

    #[test]
    fn what_others_can_write_is_reported_with_the_cure() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().canonicalize().unwrap().join(name);
        fs::create_dir(place("state")).unwrap();
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.files.clear();
        config.state_file = place("state/state.json");
        let shown = place("state").display().to_string();
        let told = |mode| {
            fs::set_permissions(place("state"), Permissions::from_mode(mode)).unwrap();
            warnings(&config)
        };
        assert_eq!(told(0o700), [""; 0]);
        assert_eq!(
            told(0o777),
            [format!(
                "{shown}: the folder of the state file can be written by everybody (mode 0777): chmod go-w {shown}"
            )]
        );
        assert_eq!(told(0o1777), [""; 0], "nobody replaces a file of another user there");
        // Only root can give a folder to a group that it is not in.
        if chown(place("state"), None, Some(12_345)).is_ok() {
            let warnings = told(0o770);
            assert!(
                matches!(&warnings[..], [one] if one.contains("by the group 12345 (mode 0770): chmod g-w ")),
                "{warnings:?}"
            );
        }
        fs::write(place("state/state.json"), "").unwrap();
        fs::set_permissions(place("state/state.json"), Permissions::from_mode(0o602)).unwrap();
        let warnings = told(0o700);
        assert!(
            matches!(&warnings[..], [one] if one.contains("state.json: the state file can be written by everybody")),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_file_whose_name_has_an_article_gets_no_second_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().canonicalize().unwrap().join("mita.toml");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o602)).unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.state_file = path.with_file_name("state.json");
        config.files = vec![UsedFile { what: "the configuration".to_owned(), path }];
        let found = warnings(&config);
        assert!(found[0].contains(": the folder of the configuration can be written"), "{found:?}");
        assert!(found[1].contains(": the configuration can be written"), "{found:?}");
    }
}
