//! What the help of a command says after its options: examples, exit statuses, rules.

use crate::domain::rule::Rule;
use crate::view::exit::Exit;
use std::fmt::Write;

pub(super) const REPLAY_HELP: &str = "\
mita plans the run again from what the run saw and from its state, for the time of that run. It needs only the record: no \
configuration, no state file, no environment and no service.

A record contains the names of jobs, nodes and servers, their addresses, and what Jenkins and the clouds answered. It \
contains no secrets, no credentials and no scripts. Read it all the same before you share it.

Exit status:
  0  the plan is the same
  1  the plan differs, or the record could not be written
  2  the file is not a record, or a newer version of mita wrote it
";

pub(super) const SCHEMA_HELP: &str = "\
Examples:
  mita schema > mita.schema.json    write it beside the configuration

An editor that supports JSON Schema for TOML (Taplo, Even Better TOML) checks and completes a file whose first line is \
#:schema ./mita.schema.json
";

pub(super) const COMPLETIONS_HELP: &str = "\
Examples:
  mita completions bash > /etc/bash_completion.d/mita
  mita completions zsh > /usr/local/share/zsh/site-functions/_mita
  mita completions fish > ~/.config/fish/completions/mita.fish
";

pub(super) const MAN_HELP: &str = "\
Examples:
  mita man | man -l -              read the page of the program
  mita man reconcile | man -l -    read the page of a command
  mita man mita.toml | man -l -    read the page of the configuration
";

pub(super) fn init_help() -> String {
    format!(
        "Examples:\n  \
         mita init                                               ask for each value\n  \
         mita init --jenkins-url https://ci.example.com/         use the only cloud in clouds.yaml\n  \
         mita init --offline --file /etc/mita/mita.toml          write a configuration to fill in\n\n\
         At a terminal, mita asks for each value that no option gives; elsewhere, it chooses. It writes no secret into the \
         configuration.\n\n{}",
        exit_help(LOOKS)
    )
}

pub(super) fn top_help() -> String {
    format!(
        "Examples:\n  \
         mita check                               is the configuration right?\n  \
         mita check --online                      and do Jenkins and the clouds agree?\n  \
         mita reconcile --dry-run                 what would a run do?\n  \
         mita status                              what is there?\n  \
         mita explain ceph-build                  why does this job wait?\n  \
         mita history ubuntu+192.168.1.188        who removed this node, and why?\n  \
         mita hold ubuntu+192.168.1.188           leave this node to a person\n  \
         * * * * *  mita reconcile                in cron; see cron.example\n\n{}",
        exit_help(Exit::ALL)
    )
}

pub(super) fn reconcile_help() -> String {
    format!("{}\n{RULES_HELP}", exit_help(Exit::ALL))
}

pub(super) fn status_help() -> String {
    format!(
        "Examples:\n  \
         mita status jobs                       the queue, and what each job waits for\n  \
         mita status servers ubuntu             those with ubuntu in their names\n  \
         mita status -o wide                    with whole reasons\n\n{}\n{RULES_HELP}",
        exit_help(LOOKS)
    )
}

pub(super) fn explain_help() -> String {
    format!(
        "Examples:\n  \
         mita explain ceph-build                why does this job wait?\n  \
         mita explain ubuntu+192.168.1.188      what happens to this node next, and when?\n  \
         mita explain 'amd64 && trusty'         what satisfies this?\n\n\
         If nothing has this name, mita reads it as a label expression. If it knows none of the labels, it suggests similar \
         names, and the exit status is 1. If the expression has a mistake, it says where, and the exit status is 2.\n\n{}\n{}",
        exit_help(LOOKS),
        rules_help()
    )
}

/// The statuses of a command that takes no lock and removes nothing.
pub(super) const LOOKS: &[Exit] = &[Exit::Done, Exit::Failed, Exit::Unusable];

/// Those of a command that writes the state and removes nothing.
pub(super) const PAUSES: &[Exit] = &[Exit::Done, Exit::Failed, Exit::Unusable, Exit::Busy];

/// The statuses that a command can end with.
pub(super) fn exit_help(possible: &[Exit]) -> String {
    let mut text = String::from("Exit status:\n");
    for exit in possible {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {}  {}", exit.number(), exit.meaning());
    }
    text
}

/// Where a plan or a table names rules.
const RULES_HELP: &str = "mita explain --help lists what each rule means.\n";

/// Every rule with its meaning.
pub(crate) fn rules_help() -> String {
    let mut text = String::from("Rules, as shown in plans and verdicts:\n");
    for rule in Rule::ALL {
        let _ = writeln!(text, "  {:<15} {}", rule.name(), rule.meaning().trim());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_rule_and_every_exit_status() {
        let help = explain_help();
        for rule in Rule::ALL {
            assert!(help.contains(&format!("  {} ", rule.name())), "{rule}");
        }
        for exit in Exit::ALL {
            assert!(reconcile_help().contains(exit.meaning()), "{exit:?}");
        }
    }
}
