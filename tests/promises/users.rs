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
        let told = if path.is_dir() {
            format!("use another folder, or sudo chown 4711 {} if it is for mita alone", path.display())
        } else {
            format!("if cron runs mita as 4711, sudo chown 4711 {}, else run it as cron does", path.display())
        };
        let told = format!("{} belongs to root, and mita runs as 4711: {told}", path.display());
        assert!(ended.stderr.contains(&told), "{name}, {command}: {}", ended.stderr);
        assert!(!ended.stderr.contains("os error"), "{name}, {command}: {}", ended.stderr);
        chown(&path, Some(SERVICE), Some(SERVICE)).unwrap();
        fs::set_permissions(&path, before.permissions()).unwrap();
    }
    // Whoever followed such advice on the way to the file would give a person's home away.
    fs::set_permissions(folder.join("var"), fs::Permissions::from_mode(0o700)).unwrap();
    chown(folder.join("var"), Some(0), Some(0)).unwrap();
    let ended = farm.program(&["reconcile"]);
    assert!(ended.stderr.contains("mita runs as 4711: use a folder that 4711 may enter"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("chown"), "{}", ended.stderr);
}

/// Runs the program as this user, in a folder that only root may enter, with a path to the configuration if there is one.
fn as_user(user: u32, closed: &Path, config: Option<&Path>, words: &[&str]) -> (Option<i32>, String) {
    // The program is where the tests are built, which this user need not be able to enter.
    let mita = closed.with_file_name("mita");
    assert!(mita.exists() || copied(env!("CARGO_BIN_EXE_mita"), &mita));
    let mut command = Command::new("setpriv");
    command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups"]).arg(mita).args(words);
    config.map(|config| command.arg("--config").arg(config));
    let ended = command.current_dir(closed).env_clear().env("HOME", closed).output().unwrap();
    let shown = [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (ended.status.code(), shown)
}

/// The farm as the service user's own, and a folder that only root may enter.
fn farm_of_service() -> Option<(Installation, PathBuf, tempfile::TempDir)> {
    let (farm, var, roots) = farm()?;
    let folder = var.parent().unwrap();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).chain([folder.to_owned()]) {
        chown(path, Some(SERVICE), Some(SERVICE)).unwrap();
    }
    let closed = roots.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    Some((farm, closed, roots))
}

#[test]
fn no_command_needs_the_current_folder_where_paths_are_absolute() {
    let Some((farm, closed, _roots)) = farm_of_service() else { return };
    let config = farm.config_file().canonicalize().unwrap();
    let run = |words: &[&str]| as_user(SERVICE, &closed, Some(&config), words);
    for words in [
        &["reconcile", "--dry-run"][..],
        &["history"],
        &["reconcile"],
        &["status"],
        &["history"],
        &["check", "--online"],
        &["pause"],
        &["resume"],
        &["explain", "trusty"],
    ] {
        let (status, shown) = run(words);
        assert_eq!(status, Some(0), "{words:?}: {shown}");
        assert!(!shown.contains("denied"), "{words:?}: {shown}");
    }
    assert!(run(&["hold", "trusty+1"]).1.contains("has no node of this name"));
    let record = config.with_file_name("record").to_string_lossy().into_owned();
    assert_eq!(run(&["reconcile", "--record", &record, "--html", &format!("{record}.html")]).0, Some(0));
    assert_eq!(as_user(SERVICE, &closed, None, &["replay", &record]).0, Some(0));
    let new = config.with_file_name("new.toml").to_string_lossy().into_owned();
    let (status, shown) = as_user(SERVICE, &closed, None, &["init", "--offline", "--file", &new]);
    assert_eq!(status, Some(0), "{shown}");
    // Neither there nor in a home that is closed is a configuration looked for.
    let (status, shown) = as_user(SERVICE, &closed, None, &["check"]);
    assert!(status == Some(2) && shown.contains("no configuration file found"), "{shown}");
}

#[test]
fn the_wrong_user_is_told_once_whose_command_it_is_and_to_take_no_file_away() {
    let Some((farm, closed, _roots)) = farm_of_service() else { return };
    let folder = farm.config_file().parent().unwrap().canonicalize().unwrap();
    for name in ["token", "password"] {
        fs::write(folder.join(name), "a-secret-of-mita").unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        chown(folder.join(name), Some(SERVICE), None).unwrap();
    }
    let config = folder.join("mita.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    for words in [&["status"][..], &["reconcile"], &["history"]] {
        let before = fs::read_to_string(&config).unwrap();
        let in_files = before
            .replace("token = \"jenkins-api-token\"", "token_file = \"token\"")
            .replace("password = \"mita-secret\"", "password_file = \"password\"");
        assert_ne!(before, in_files);
        fs::write(&config, in_files).unwrap();
        let (status, shown) = as_user(OTHER, &closed, Some(&config), words);
        let advice = format!("run it as 4711: sudo -u '#4711' mita {} --config {}", words[0], config.display());
        assert_eq!(status, Some(2), "{shown}");
        assert_eq!(shown.matches(&advice).count(), 1, "{shown}");
        assert_eq!(shown.lines().count(), 1, "{shown}");
        // The same where only the state is closed.
        fs::write(&config, before).unwrap();
        fs::set_permissions(folder.join("var"), fs::Permissions::from_mode(0o700)).unwrap();
        let (_, of_state) = as_user(OTHER, &closed, Some(&config), words);
        assert!(of_state.contains(&advice), "{of_state}");
        assert!(!shown.contains("chown") && !of_state.contains("chown"), "{shown}{of_state}");
    }
}
