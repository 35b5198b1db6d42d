//! The reference for people who read on the web: commands, exit statuses, rules and keys, as one page of Markdown.
//!
//! Like the manual, it is generated from the definitions that the program itself uses.

use crate::cli::args::Arguments;
use crate::config;
use crate::domain::rule::Rule;
use crate::view::exit::Exit;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

/// The page.
pub fn reference() -> String {
    let mut program = Arguments::command();
    program.build();
    let mut text = String::from(
        "# Reference of mita\n\n`cargo run --example package` generates this page from the program. The manual pages (`mita man`) and \
         `mita COMMAND --help` have the same content.\n\n## Commands\n",
    );
    for command in program.get_subcommands().filter(|command| command.get_name() != "help") {
        text.push_str(&format!("\n### `mita {}`\n\n{}.\n", command.get_name(), styled(command.get_about())));
        let own = |argument: &&Arg| !argument.is_global_set() && is_told(argument);
        text.push_str(&options(command, own));
    }
    text.push_str("\n### Options of every command\n");
    text.push_str(&options(&program, is_told));
    let is_refused = |command: &&Command| command.get_arguments().any(|it| it.get_id() == "config" && it.is_hide_set());
    let without: Vec<String> = program.get_subcommands().filter(is_refused).map(|it| code(it.get_name())).collect();
    text.push_str(&format!("\nThese commands read no configuration and refuse `--config`: {}.\n", without.join(", ")));
    text.push_str("\n## Exit statuses\n\n");
    let exits = Exit::ALL.iter().map(|exit| vec![exit.number().to_string(), exit.meaning().to_owned()]);
    text.push_str(&table(&["exit status", "meaning"], exits));
    text.push_str(
        "\n## Rules\n\nmita gives everything that it sees one verdict, with the name of the rule that decided.\n\n",
    );
    let rules = Rule::ALL.iter().map(|rule| vec![code(rule.name()), rule.meaning().trim().to_owned()]);
    text.push_str(&table(&["rule", "meaning"], rules));
    text.push_str(
        "\n## Configuration\n\nOne TOML file. [`mita.toml`](mita.toml) shows every key in place. Times have units: `\"50s\"`, \
         `\"40m\"`, `\"1h 30m\"`.\nPaths are relative to the file. Unknown keys are errors, with a suggestion. mita reports all \
         problems of a file at once, each\nwith its line.\n\nThere are three ways to give a secret: `token`, `token_file` (a file \
         that contains nothing else) or `token_env` (an\nenvironment variable). The same holds for `password` and \
         `application_credential_secret`.\n",
    );
    for page in config::manual() {
        let title = if page.table.is_empty() { "At the top".to_owned() } else { code(page.table) };
        text.push_str(&format!("\n### {title}\n\n"));
        let rows = page.keys.iter().map(|key| {
            let same = match key.aliases.as_slice() {
                [] => String::new(),
                [one] => format!("; {} is the same", code(one)),
                several => format!(
                    "; {} are the same",
                    several.iter().map(|name| code(name)).collect::<Vec<_>>().join(" and ")
                ),
            };
            vec![code(key.name), key.default.to_owned(), format!("{}{same}", key.about)]
        });
        text.push_str(&table(&["key", "default", "meaning"], rows));
    }
    text
}

fn is_told(argument: &&Arg) -> bool {
    !argument.is_hide_set() && !["help", "version"].contains(&argument.get_id().as_str())
}

/// A table of the options of a command that `wanted` selects; empty if there are none.
fn options(command: &Command, wanted: impl Fn(&&Arg) -> bool) -> String {
    let rows: Vec<Vec<String>> = command.get_arguments().filter(wanted).map(option).collect();
    if rows.is_empty() { String::new() } else { format!("\n{}", table(&["option", "meaning"], rows.into_iter())) }
}

fn option(argument: &Arg) -> Vec<String> {
    let mut names: Vec<String> = argument.get_short().map(|short| format!("-{short}")).into_iter().collect();
    names.extend(argument.get_long().map(|long| format!("--{long}")));
    let values = argument.get_value_names().unwrap_or_default().join(" ");
    let takes_value = argument.get_action().takes_values();
    let name = match (names.is_empty(), takes_value) {
        (true, _) => values,
        (false, true) => format!("{} {values}", names.join(", ")),
        (false, false) => names.join(", "),
    };
    let mut about = styled(argument.get_help());
    let possible: Vec<String> = argument.get_possible_values().iter().map(|value| code(value.get_name())).collect();
    if takes_value && !possible.is_empty() {
        about.push_str(&format!(": {}", possible.join(", ")));
    }
    let default: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_value && !default.is_empty() && !argument.is_hide_default_value_set() {
        about.push_str(&format!(" [default: {}]", default.join(" ")));
    }
    vec![code(&name), about]
}

fn styled(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rule: Vec<String> = heads.iter().map(|_| "---".to_owned()).collect();
    let rows: String =
        rows.map(|cells| row(&cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>())).collect();
    format!("{}{}{rows}", row(&heads), row(&rule))
}
