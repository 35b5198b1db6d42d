//! `mita completions`: what a shell needs to complete commands and options.

use crate::cli::args::Arguments;
use crate::cli::output;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use std::io;

/// The script for a shell.
///
/// # Errors
/// Where it is no UTF-8 text.
pub fn completions(shell: Shell) -> io::Result<String> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "mita", &mut script);
    String::from_utf8(script).map_err(io::Error::other)
}

pub(crate) fn run(shell: Shell) -> io::Result<()> {
    output::print_own(&completions(shell)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_is_told_of_every_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = completions(shell).unwrap();
            for command in Arguments::command().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {}", command.get_name());
            }
        }
    }
}
