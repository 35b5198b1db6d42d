//! The line that puts mita in cron, to paste into a shell.

use crate::config::of_process;
use crate::permission::user_name;
use nix::unistd::{Uid, geteuid};
use std::env::current_exe;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How to run mita twice each minute, as `cron.example` does, as the user who owns the configuration.
pub(super) fn next(config: &Path) -> String {
    let by_hand = || "run mita reconcile twice each minute: cron.example shows how".to_owned();
    let (Ok(program), Ok(config), Ok(file)) = (current_exe(), config.canonicalize(), config.metadata()) else {
        return by_hand();
    };
    let owner = Uid::from_raw(file.uid());
    let crontab = match (of_process("SUDO_USER").is_some(), owner == geteuid(), user_name(owner)) {
        // It is pasted into the shell of the person who called sudo.
        (true, _, Some(owner)) => format!("sudo crontab -u {owner}"),
        (false, false, Some(owner)) => format!("crontab -u {owner}"),
        _ => "crontab".to_owned(),
    };
    match (program.to_str().filter(|path| is_plain(path)), config.to_str().filter(|path| is_plain(path))) {
        (Some(program), Some(config)) => {
            format!("then run it twice each minute, by cron:\n  {}", line(&crontab, program, config))
        }
        _ => by_hand(),
    }
}

/// How the person whose shell this is calls mita as the user who can read the configuration.
pub(super) fn mita() -> String {
    let user = user_name(geteuid()).filter(|_| of_process("SUDO_USER").is_some());
    user.map_or("mita".to_owned(), |user| format!("sudo -u {user} mita"))
}

fn line(crontab: &str, program: &str, config: &str) -> String {
    format!(
        "({crontab} -l 2>/dev/null; for s in 10 40; do echo \"* * * * * sleep $s; {program} reconcile --config {config}\"; \
         done) | {crontab} -"
    )
}

/// Whether it means itself in a shell, in quotes and in a crontab, where `%` is a line break.
fn is_plain(path: &str) -> bool {
    path.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-@:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_shell_or_cron_reads_otherwise_is_not_pasted() {
        assert!(is_plain("/etc/mita/mita.toml"));
        for odd in ["/my mita/mita.toml", "/a%b", "/$HOME/x", "/a\"b", "/a;b", "/ü"] {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
