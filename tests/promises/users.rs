//! Root in the folders of other users (S10). Only root can try that; for others these tests say so and pass.

use crate::harness::{Installation, Setup};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

const SERVICE: u32 = 4711;
const OTHER: u32 = 4712;

/// An installation whose state is in a folder of the service user, and a folder of root's; none for other users than root.
fn farm() -> Option<(Installation, PathBuf, tempfile::TempDir)> {
    let farm = Setup::trusty().start();
    let config = fs::read_to_string(farm.config_file()).unwrap();
    fs::write(farm.config_file(), config.replace("\"state.json\"", "\"var/state.json\"")).unwrap();
    let folder = farm.config_file().parent().unwrap().to_owned();
    let var = folder.join("var");
    fs::create_dir_all(&var).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    if chown(&var, Some(SERVICE), Some(SERVICE)).is_err() {
        println!("skipped: only root can give a folder to another user");
        return None;
    }
    let roots = tempfile::tempdir().unwrap();
    fs::set_permissions(roots.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(roots.path().join("secret"), "root's own").unwrap();
    fs::set_permissions(roots.path().join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
    Some((farm, var, roots))
}

fn owner(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().uid()
}

#[test]
fn s10_root_works_as_the_user_whose_folder_holds_the_state() {
    let Some((farm, var, _roots)) = farm() else { return };
    let ended = farm.program(&["reconcile"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    for name in ["state.json", "state.json.lock"] {
        assert_eq!(owner(&var.join(name)), SERVICE, "{name}");
    }
    assert_eq!(farm.program(&["status"]).status, 0);
}

#[test]
fn s10_no_link_in_another_users_folder_leads_root_to_a_file_of_its_own() {
    for name in ["state.json", "state.json.lock", "state.json.history"] {
        for target in ["secret", "missing"] {
            let Some((farm, var, roots)) = farm() else { return };
            symlink(roots.path().join(target), var.join(name)).unwrap();
            lchown(var.join(name), Some(SERVICE), Some(SERVICE)).unwrap();
            farm.program(&["reconcile", "--html", "/dev/null/none"]);
            assert_eq!(fs::read_to_string(roots.path().join("secret")).unwrap(), "root's own", "{name}");
            assert!(!roots.path().join("missing").exists(), "{name}");
            assert_eq!(owner(&roots.path().join("secret")), 0);
            assert_eq!(fs::read_dir(roots.path()).unwrap().count(), 1, "{name}");
        }
    }
}

#[test]
fn s10_a_path_through_the_folders_of_two_users_is_refused() {
    let Some((farm, var, _roots)) = farm() else { return };
    let theirs = var.with_file_name("theirs");
    fs::create_dir(&theirs).unwrap();
    chown(&theirs, Some(OTHER), Some(OTHER)).unwrap();
    fs::remove_dir(&var).unwrap();
    symlink("theirs", &var).unwrap();
    lchown(&var, Some(SERVICE), None).unwrap();
    for command in ["reconcile", "status", "check"] {
        let ended = farm.program(&[command]);
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains("what the users 4711 and 4712 own"), "{}", ended.stderr);
    }
    assert_eq!(fs::read_dir(&theirs).unwrap().count(), 0);
}

#[test]
fn s10_root_reads_the_files_that_another_users_configuration_names_as_that_user() {
    let Some((farm, _var, roots)) = farm() else { return };
    let config = fs::read_to_string(farm.config_file()).unwrap();
    let secret = roots.path().join("secret");
    let config = config.replacen("[nodes.\"trusty\"]", &format!("[nodes.\"trusty\"]\nscript_file = {secret:?}"), 1);
    fs::write(farm.config_file(), config).unwrap();
    chown(farm.config_file(), Some(SERVICE), Some(SERVICE)).unwrap();
    let ended = farm.program(&["check"]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot be read by this user"), "{}", ended.stderr);
}

#[test]
fn s10_a_page_goes_to_no_place_that_another_users_link_leads_to() {
    let Some((farm, var, roots)) = farm() else { return };
    fs::remove_dir(&var).unwrap();
    fs::create_dir(&var).unwrap();
    let theirs = var.with_file_name("theirs");
    symlink(roots.path(), &theirs).unwrap();
    lchown(&theirs, Some(SERVICE), None).unwrap();
    let ended = farm.program(&["reconcile", "--html", "theirs/page.html"]);
    assert_eq!(ended.status, 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("a link of user 4711 is on the way"), "{}", ended.stderr);
    assert!(!roots.path().join("page.html").exists());
}

#[test]
fn s10_completions_read_the_files_that_another_users_configuration_names_as_that_user() {
    let Some((farm, _var, roots)) = farm() else { return };
    let ask = || {
        let words = ["--", "mita", "pause", "--type", ""];
        farm.program_with(&words, &[("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "3")], "")
    };
    chown(farm.config_file(), Some(SERVICE), Some(SERVICE)).unwrap();
    let ended = ask();
    assert!(ended.stdout.contains("trusty"), "{}{}", ended.stdout, ended.stderr);
    let config = fs::read_to_string(farm.config_file()).unwrap();
    let secret = roots.path().join("secret");
    let config = config.replacen("[nodes.\"trusty\"]", &format!("[nodes.\"trusty\"]\nscript_file = {secret:?}"), 1);
    fs::write(farm.config_file(), config).unwrap();
    let ended = ask();
    assert!(!ended.stdout.contains("trusty"), "root has read what this user cannot: {}", ended.stdout);
}
