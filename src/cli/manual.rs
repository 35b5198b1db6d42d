//! `mita man`: the manual, a page for the program, one for each command and one for the configuration.
//!
//! The pages are made from what the parser of the arguments, the list of rules and the keys of the configuration say,
//! so that none of it is written twice.

use crate::cli::args::{Arguments, rules_help};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// The page of the configuration file.
const CONFIGURATION: &str = "mita.toml";

/// Files and variables that the program looks at.
const FILES: &[(&str, &str)] = &[
    ("./mita.toml, ~/.config/mita/mita.toml, /etc/mita/mita.toml", "the configuration: the first that is there"),
    ("/var/lib/mita/state.json", "what is remembered from run to run; a lock file is kept beside it"),
    (
        "./clouds.yaml, ~/.config/openstack/clouds.yaml, /etc/openstack/clouds.yaml",
        "clouds that the configuration names with cloud; secure.yaml beside it holds their secrets",
    ),
];
const ENVIRONMENT: &[(&str, &str)] = &[
    ("MITA_CONFIG", "the configuration file, where --config names none"),
    ("OS_*", "the cloud of cloud = \"envvars\", as the client programs of OpenStack read it"),
    ("OS_CLIENT_CONFIG_FILE, OS_CLIENT_SECURE_FILE", "other places of clouds.yaml and secure.yaml"),
    ("XDG_CONFIG_HOME", "in place of ~/.config"),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "the proxy to other machines than this one"),
];

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name, as `mita-reconcile`.
    pub name: String,
    /// Its section: 1 for commands, 5 for files.
    pub section: u8,
    /// Its text, in roff.
    pub text: String,
}

/// All pages.
///
/// # Errors
/// None that a program in memory can have; the writer asks for it.
pub fn pages() -> io::Result<Vec<Page>> {
    let mut program = Arguments::command();
    program.build();
    let mut pages = vec![command_page(&program, &[])?];
    let commands: Vec<&Command> = program.get_subcommands().filter(|command| command.get_name() != "help").collect();
    for command in &commands {
        pages.push(command_page(command, &["mita"])?);
    }
    pages.push(configuration_page()?);
    Ok(pages)
}

/// Prints one page: the program's, or the one of this command or file.
pub(crate) fn run(wanted: Option<&str>) -> Result<(), Failure> {
    let name = wanted.map_or("mita".to_owned(), |name| match name {
        "mita" | CONFIGURATION => name.to_owned(),
        command => format!("mita-{command}"),
    });
    let pages = pages()?;
    let Some(page) = pages.iter().find(|page| page.name == name) else {
        let names = pages.iter().map(|page| page.name.trim_start_matches("mita-")).collect::<Vec<_>>().join(", ");
        return Err(Failure::Refused(format!("there is no page {:?}; there are {names}", wanted.unwrap_or_default())));
    };
    Ok(output::print_own(&page.text)?)
}

fn command_page(command: &Command, see_also: &[&str]) -> io::Result<Page> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = Man::new(command.clone());
    let mut text = heading(&name, 1);
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    let mut roff = Roff::new();
    let is_program = see_also.is_empty();
    if is_program {
        roff.control("SH", ["COMMANDS"]);
        for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            entry(&mut roff, &format!("mita {}", command.get_name()), &about);
        }
    }
    let help = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    sections(&mut roff, &help);
    if is_program {
        sections(&mut roff, &rules_help());
        for (title, entries) in [("FILES", FILES), ("ENVIRONMENT", ENVIRONMENT)] {
            roff.control("SH", [title]);
            entries.iter().for_each(|(tag, about)| entry(&mut roff, tag, about));
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    let mut others: Vec<String> = see_also.iter().map(|name| format!("{name}(1)")).collect();
    if is_program {
        let commands = command.get_subcommands().filter(|command| command.get_name() != "help");
        others.extend(commands.map(|command| format!("mita-{}(1)", command.get_name())));
    }
    others.push(format!("{CONFIGURATION}(5)"));
    roff.text([roman(others.join(", "))]);
    roff.to_writer(&mut text)?;
    page(name, 1, text)
}

fn configuration_page() -> io::Result<Page> {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman(format!("{CONFIGURATION} - the configuration of mita"))]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(
        "A TOML file. Times are written with their units, as in \"50s\", \"40m\" or \"1h 30m\". Relative paths are relative \
         to the file. Unknown keys are errors, and mita check tells all problems of a file at once. A secret is given in \
         one of three ways: by its key, by the key with _file (a file that holds it alone), or by the key with _env (an \
         environment variable).",
    )]);
    for table in config::manual() {
        let title = if table.table.is_empty() { "AT THE TOP" } else { table.table };
        roff.control("SH", [title]);
        for key in &table.keys {
            let names: Vec<&str> = [key.name].into_iter().chain(key.aliases.iter().copied()).collect();
            entry(&mut roff, &names.join(", "), &key.to_string());
        }
    }
    roff.control("SH", ["SEE ALSO"]).text([roman("mita(1), mita-check(1), mita-init(1)")]);
    let mut text = heading(CONFIGURATION, 5);
    roff.to_writer(&mut text)?;
    page(CONFIGURATION.to_owned(), 5, text)
}

/// The line that says what page this is. It has no date, so that the same program makes the same page.
fn heading(name: &str, section: u8) -> Vec<u8> {
    format!(".TH {name} {section} \"\" \"mita {}\" \"mita\"\n", env!("CARGO_PKG_VERSION")).into_bytes()
}

fn page(name: String, section: u8, text: Vec<u8>) -> io::Result<Page> {
    let text = String::from_utf8(text).map_err(io::Error::other)?;
    Ok(Page { name, section, text })
}

fn entry(roff: &mut Roff, tag: &str, about: &str) {
    roff.control("TP", []).text([bold(tag)]).text([roman(about)]);
}

/// The sections of a command's help, of which each begins with a line that ends in a colon: `  TAG  MEANING` below it is
/// an entry. Paragraphs outside of them are notes.
fn sections(roff: &mut Roff, help: &str) {
    let mut in_notes = false;
    for line in help.lines() {
        if line.is_empty() {
            if in_notes {
                roff.control("PP", []);
            }
        } else if let Some(indented) = line.strip_prefix("  ") {
            let (tag, about) = indented.rsplit_once("  ").unwrap_or((indented, ""));
            entry(roff, tag.trim_end(), about);
        } else if let Some(title) = line.strip_suffix(':') {
            let title = title.split(',').next().unwrap_or(title).to_uppercase();
            roff.control("SH", [title.as_str()]);
            in_notes = false;
        } else {
            if !in_notes {
                roff.control("SH", ["NOTES"]);
                in_notes = true;
            }
            roff.text([roman(line)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::domain::rule::Rule;

    fn text_of(name: &str) -> String {
        let pages = pages().unwrap();
        let text = &pages.iter().find(|page| page.name == name).unwrap().text;
        // As the reader sees it: roff has ways of its own to write a minus and an apostrophe.
        text.replace("\\-", "-").replace("\\*(Aq", "'").replace("\\(aq", "'")
    }

    #[test]
    fn the_programs_page_names_every_command_rule_and_exit_status() {
        let text = text_of("mita");
        for command in Arguments::command().get_subcommands() {
            assert!(text.contains(&format!("mita-{}(1)", command.get_name())), "{}", command.get_name());
        }
        for rule in Rule::ALL {
            assert!(text.contains(rule.name()) && text.contains(rule.meaning().trim()), "{rule}");
        }
        for exit in Exit::ALL {
            assert!(text.contains(exit.meaning()), "{exit:?}");
        }
        for section in ["EXAMPLES", "\"EXIT STATUS\"", "RULES", "FILES", "ENVIRONMENT"] {
            assert!(text.contains(&format!(".SH {section}\n")), "{section}\n{text}");
        }
    }

    #[test]
    fn the_page_of_a_command_tells_its_options_and_those_of_all() {
        let text = text_of("mita-reconcile");
        for option in ["--dry-run", "--allow-removals", "--config"] {
            assert!(text.contains(option), "{option}");
        }
    }

    #[test]
    fn the_page_of_the_configuration_tells_a_key_with_its_other_name_and_its_default() {
        let text = text_of("mita.toml");
        assert!(text.contains("image_name, image"), "{text}");
        assert!(text.contains("how long a node may stand idle (default: 40m)"), "{text}");
        assert!(!text.contains("insecure"));
    }
}
