//! `mita completions`: what a shell needs to complete commands, options, and the names of nodes, clouds and pages.
//!
//! The script asks the program for the candidates: it starts it with `COMPLETE` set to the name of the shell.

use crate::cli::args::Arguments;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use clap::CommandFactory;
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use std::ffi::OsString;
use std::io;

/// The variable that asks for candidates.
const VARIABLE: &str = "COMPLETE";

/// The script for a shell.
///
/// # Errors
/// Fails if there is none for it, or if it is not UTF-8 text.
pub fn completions(shell: Shell) -> io::Result<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let writer =
        shells.completer(&shell.to_string()).ok_or_else(|| io::Error::other(format!("no script for {shell}")))?;
    writer.write_registration(VARIABLE, "mita", "mita", "mita", &mut script)?;
    String::from_utf8(script).map_err(io::Error::other)
}

/// Prints the candidates if a script of [`completions`] asks for them; whether it does.
///
/// # Errors
/// Fails if `COMPLETE` names no shell.
pub fn complete(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<bool, clap::Error> {
    // Names of files are completed from there.
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Arguments::command).var(VARIABLE).try_complete(words, here.as_deref())
}

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    Ok(output::print_own(&completions(shell)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap_complete::engine;

    /// What is offered for the last of these words.
    fn candidates(line: &str) -> Vec<String> {
        let words: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let last = words.len() - 1;
        let found = engine::complete(&mut Arguments::command(), words, last, None).unwrap();
        found.iter().map(|candidate| candidate.get_value().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn every_shell_has_a_script_that_asks_the_program() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::PowerShell] {
            let script = completions(shell).unwrap();
            assert!(script.contains(VARIABLE) && script.contains("mita"), "{shell}: {script}");
        }
    }

    #[test]
    fn every_command_is_completed() {
        let offered = candidates("mita ");
        for command in Arguments::command().get_subcommands() {
            assert!(offered.contains(&command.get_name().to_owned()), "{}: {offered:?}", command.get_name());
        }
    }

    #[test]
    fn values_are_completed() {
        assert_eq!(candidates("mita man rec"), ["reconcile"]);
        assert_eq!(candidates("mita status --output js"), ["json"]);
    }
}
