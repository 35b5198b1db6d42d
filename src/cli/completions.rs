//! `mita completions`: what a shell needs to complete commands and options.

use crate::cli::args::Arguments;
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::io;

/// The script for a shell.
///
/// # Errors
/// Fails if it is not UTF-8 text.
pub fn completions(shell: Shell) -> io::Result<String> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "mita", &mut script);
    String::from_utf8(script).map_err(io::Error::other)
}

pub(crate) fn run(shell: Shell) -> Result<(), Failure> {
    Ok(output::print_own(&completions(shell)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = completions(shell).unwrap();
            for command in Arguments::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
