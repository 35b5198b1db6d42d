//! `mita man`: the manual, a page for the program, one for each command and one for the configuration.
//!
//! The pages are generated from the parser of the arguments, the list of rules and the keys of the configuration, so that
//! nothing is written twice.

pub(crate) mod reference;

use crate::cli::args::{Arguments, rules_help};
use crate::cli::process::failure::Failure;
use crate::cli::process::output;
use crate::config;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// The page of the configuration file.
const CONFIGURATION: &str = "mita.toml";

/// Files and variables that the program reads.
const FILES: &[(&str, &str)] = &[
    (
        "./mita.toml, ~/.config/mita/mita.toml, /etc/mita/mita.toml",
        "the configuration: mita reads the first that exists",
    ),
    ("/var/lib/mita/state.json", "the state, kept from run to run; the lock file is beside it"),
    (
        "./clouds.yaml, ~/.config/openstack/clouds.yaml, /etc/openstack/clouds.yaml",
        "clouds that the key cloud can name; secure.yaml beside it contains their secrets",
    ),
];
const ENVIRONMENT: &[(&str, &str)] = &[
    ("MITA_CONFIG", "the configuration file, if --config is not given"),
    ("OS_*", "the cloud of cloud = \"envvars\", as in the OpenStack command-line client"),
    ("OS_CLIENT_CONFIG_FILE, OS_CLIENT_SECURE_FILE", "the paths of clouds.yaml and secure.yaml"),
    ("XDG_CONFIG_HOME", "used in place of ~/.config"),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "the proxy for connections to other machines"),
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
/// None in practice: writing to memory cannot fail, but the writer's interface returns a result.
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

/// Prints one page: that of the program, or of this command or file.
pub(crate) fn run(wanted: Option<&str>) -> Result<(), Failure> {
    let name = wanted.map_or("mita".to_owned(), |name| match name {
        "mita" | CONFIGURATION => name.to_owned(),
        command => format!("mita-{command}"),
    });
    let pages = pages()?;
    let Some(page) = pages.iter().find(|page| page.name == name) else {
        let names = pages.iter().map(|page| page.name.trim_start_matches("mita-")).collect::<Vec<_>>().join(", ");
        return Err(Failure::Refused(format!(
            "there is no page {:?}; the pages are {names}",
            wanted.unwrap_or_default()
        )));
    };
    Ok(output::print_own(&page.text)?)
}

fn command_page(command: &Command, see_also: &[&str]) -> io::Result<Page> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = Man::new(command.clone());
    let mut text = heading(&name, 1);
    man.render_name_section(&mut text)?;
    synopsis(command).to_writer(&mut text)?;
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

/// In one line, as `--help` shows it: the options have a section of their own.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, rest) = usage.split_at(usage.find(['[', '<']).unwrap_or(usage.len()));
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]).text([bold(name.trim_end()), roman(format!(" {rest}"))]);
    roff
}

fn configuration_page() -> io::Result<Page> {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman(format!("{CONFIGURATION} - the configuration of mita"))]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([roman(
        "A TOML file. Times have units, as in \"50s\", \"40m\" or \"1h 30m\". Paths are relative to the file. Unknown keys are \
         errors; mita check lists all problems of a file at once. There are three ways to give a secret: the key itself, \
         the key with _file (a file that contains nothing else), or the key with _env (an environment variable).",
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

/// The title line of a page. It has no date, so that the same program prints the same page.
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

/// The sections of a command's help. Each begins with a line that ends in a colon; `  TAG  MEANING` below it is an entry.
/// Paragraphs outside the sections are notes.
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
    use crate::domain::rule::Rule;
    use crate::view::exit::Exit;

    fn text_of(name: &str) -> String {
        let pages = pages().unwrap();
        let text = &pages.iter().find(|page| page.name == name).unwrap().text;
        // Undo roff's escapes for a minus and an apostrophe.
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
    fn the_synopsis_of_each_page_fits_in_a_line() {
        for page in pages().unwrap() {
            let Some((_, after)) = page.text.split_once(".SH SYNOPSIS\n") else { continue };
            let line = after.lines().next().unwrap_or_default();
            assert!(line.len() < 80 && line.contains("mita"), "{}: {line}", page.name);
        }
        assert!(text_of("mita-init").contains(".SH SYNOPSIS\n\\fBmita init\\fR [OPTIONS]\n"));
    }

    #[test]
    fn the_page_of_a_command_has_its_own_and_the_global_options() {
        let text = text_of("mita-reconcile");
        for option in ["--dry-run", "--allow-removals", "--config"] {
            assert!(text.contains(option), "{option}");
        }
    }

    #[test]
    fn the_page_of_the_configuration_has_each_key_with_its_aliases_and_default() {
        let text = text_of("mita.toml");
        assert!(text.contains("image_name, image"), "{text}");
        assert!(text.contains("as past gaps between uses make it worth it (default: 40m)"), "{text}");
        assert!(!text.contains("insecure"));
    }
}
