//! The crontab beside the configuration, and the line that installs it, to paste into a shell.

use crate::config::of_process;
use crate::domain::format::in_shell;
use crate::permission::user_name;
use nix::unistd::{Uid, User, geteuid};
use std::env::current_exe;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where the crontab is.
pub(super) fn path(config: &Path) -> PathBuf {
    config.with_extension("cron")
}

/// `cron.example` for this program and this configuration, which exists. None if cron could not start it.
pub(super) fn text(config: &Path) -> Option<String> {
    // In a crontab, `%` is a line break.
    let word = |path: PathBuf| Some(in_shell(path.to_str()?).replace('%', "\\%"));
    let (program, file) = (word(current_exe().ok()?)?, word(config.canonicalize().ok()?)?);
    let example = include_str!("../../../cron.example");
    let text =
        example.replace("mita reconcile --config /etc/mita/mita.toml", &format!("{program} reconcile --config {file}"));
    Some(text.replace("sudo crontab -u mita cron.example", &install(config)))
}

/// How to run mita twice each minute, as the user who owns the configuration.
pub(super) fn next(config: &Path) -> String {
    if path(config).exists() {
        format!("then run it twice each minute, by cron:\n  {}", install(config))
    } else {
        "run mita reconcile twice each minute: cron.example shows how".to_owned()
    }
}

fn install(config: &Path) -> String {
    let file = path(config);
    let file = std::path::absolute(&file).unwrap_or(file);
    let file = in_shell(&file.to_string_lossy()).into_owned();
    let owner = config.metadata().map_or_else(|_| geteuid(), |found| Uid::from_raw(found.uid()));
    let (sudo, crontab) = match user_of_another_shell(owner) {
        Some((sudo, owner)) => (sudo, format!("{sudo}crontab -u {owner}")),
        None => ("", "crontab".to_owned()),
    };
    // A crontab may have other lines: those of a person, or of another installation.
    format!("({crontab} -l 2>/dev/null; {sudo}cat {file}) | {crontab} -")
}

/// How the person whose shell this is calls mita as the user who can read the configuration.
pub(super) fn mita() -> String {
    user_of_another_shell(geteuid()).map_or("mita".to_owned(), |(_, user)| format!("sudo -u {user} mita"))
}

/// The user's name, if lines to paste go into the shell of somebody else: who called sudo, who is root, or whoever started a
/// program for a user without a shell; and `sudo` where that is not root.
fn user_of_another_shell(user: Uid) -> Option<(&'static str, String)> {
    let has_no_shell = || {
        let shell = User::from_uid(user).ok().flatten().map(|user| user.shell);
        shell.is_some_and(|shell| shell.ends_with("nologin") || shell.ends_with("false"))
    };
    let sudo = of_process("SUDO_USER").is_some() || has_no_shell();
    let name = user_name(user).filter(|_| sudo || user != geteuid())?;
    Some((if sudo { "sudo " } else { "" }, name))
}
