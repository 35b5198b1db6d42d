//! Root in the folders of other users (S10). Only root can try that; for others these tests say so and pass.

use crate::harness::{Installation, Setup};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

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

/// Copies a program, by another process for the reason of [`crate::harness::write_program`].
fn copied(program: &str, to: &Path) -> bool {
    Command::new("cp").arg(program).arg(to).status().is_ok_and(|status| status.success())
}

#[test]
fn a_program_that_became_another_user_cannot_be_killed_and_does_not_hold_up_the_run() {
    let farm = Setup::trusty().by_command().provider("timeout = \"1s\"").start();
    let folder = farm.config_file().parent().unwrap().to_owned();
    let roots = tempfile::tempdir().unwrap();
    fs::set_permissions(roots.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Like sudo: whoever starts it, it runs as root.
    let sudo = roots.path().join("sudo");
    if !copied("/usr/bin/setpriv", &sudo) || chown(farm.config_file(), Some(SERVICE), None).is_err() {
        println!("skipped: only root can give a file to another user, and setpriv is needed");
        return;
    }
    fs::set_permissions(&sudo, fs::Permissions::from_mode(0o4755)).unwrap();
    let mita = roots.path().join("mita");
    assert!(copied(env!("CARGO_BIN_EXE_mita"), &mita));
    let pid = roots.path().join("pid");
    let waits = format!("echo $$ >{}; exec sleep 600", pid.display());
    let command = format!("command = [{sudo:?}, \"--reuid=0\", \"--clear-groups\", \"sh\", \"-c\", {waits:?}]\n");
    let config = fs::read_to_string(farm.config_file()).unwrap();
    let is_command = |line: &&str| line.starts_with("command = ");
    let config = config.replacen(config.lines().find(is_command).unwrap(), &command, 1);
    fs::write(farm.config_file(), config).unwrap();
    chown(&folder, Some(SERVICE), Some(SERVICE)).unwrap();
    let mut as_service = Command::new("setpriv");
    as_service.args([&format!("--reuid={SERVICE}"), &format!("--regid={SERVICE}"), "--clear-groups"]);
    let ended = as_service.arg(&mita).arg("reconcile").arg("--config").arg(farm.config_file()).output().unwrap();
    let shown = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(shown.contains("no end after"), "{shown}");
    // It is still there when the run is over.
    let pid = fs::read_to_string(pid).unwrap();
    assert!(Command::new("kill").arg("-9").arg(pid.trim()).status().unwrap().success());
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

#[test]
fn what_this_user_may_not_read_or_write_is_told_with_whose_it_is_and_the_command_that_helps() {
    let Some((farm, var, _roots)) = farm() else { return };
    farm.edit_config(|config| format!("metrics_file = \"met/mita.prom\"\nhtml_file = \"web/page.html\"\n{config}"));
    // As root's own, `check` could not read it.
    chown(farm.config_file(), Some(SERVICE), Some(SERVICE)).unwrap();
    for name in ["met", "web"] {
        let folder = var.with_file_name(name);
        fs::create_dir(&folder).unwrap();
        chown(&folder, Some(SERVICE), Some(SERVICE)).unwrap();
    }
    assert_eq!(farm.program(&["reconcile"]).status, 0);
    assert_eq!(farm.program(&["pause"]).status, 0);
    let folder = var.parent().unwrap().canonicalize().unwrap();
    for (name, mode, command) in [
        ("var/state.json", 0o600, "reconcile"),
        ("var/state.json", 0o600, "status"),
        ("var/state.json.lock", 0o600, "reconcile"),
        ("var/state.json.journal", 0o600, "history"),
        ("var/state.json.journal", 0o600, "explain"),
        ("var/state.json.journal", 0o600, "pause"),
        ("var/state.json.journal", 0o600, "check"),
        ("met", 0o755, "reconcile"),
        ("met", 0o755, "check"),
        ("web", 0o755, "reconcile"),
        ("web", 0o755, "check"),
    ] {
        let path = folder.join(name);
        let before = path.metadata().unwrap();
        chown(&path, Some(0), Some(0)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let words: &[&str] = if command == "explain" { &["explain", "trusty"] } else { &[command] };
        let ended = farm.program(words);
        let told = format!("{0} belongs to root, and mita runs as 4711: sudo chown 4711 {0}", path.display());
        assert!(ended.stderr.contains(&told), "{name}, {command}: {}", ended.stderr);
        assert!(!ended.stderr.contains("os error"), "{name}, {command}: {}", ended.stderr);
        chown(&path, Some(SERVICE), Some(SERVICE)).unwrap();
        fs::set_permissions(&path, before.permissions()).unwrap();
    }
    // Whoever followed such advice on the way to the file would give a person's home away.
    fs::set_permissions(folder.join("var"), fs::Permissions::from_mode(0o700)).unwrap();
    chown(folder.join("var"), Some(0), Some(0)).unwrap();
    let ended = farm.program(&["reconcile"]);
    assert!(ended.stderr.contains("lets no 4711 in: use a folder that 4711 may enter"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("chown"), "{}", ended.stderr);
}
