//! The offline message by which mita recognizes a node that it set offline.
//!
//! Jenkins keeps the message with the node, so it outlives restarts of Jenkins and a run that was killed in the middle
//! of a retirement. This module only writes and parses the text; [`crate::jenkins`] sends it, and [`crate::plan`]
//! decides whose a node is.

use crate::domain::names::{Owner, ServerId};
use crate::domain::rule::Rule;
use crate::domain::world::OfflineCause;

const BEGINNING: &str = "mita retires this node: ";

/// How the message of a person begins, and what comes after the name.
const HELD: &str = "held by ";
const WITH: &str = " with mita";

/// What Jenkins puts before a user's message where it describes the cause (hudson/slaves/Messages.properties,
/// `SlaveComputer.DisconnectedBy`): `Disconnected by USER : MESSAGE`.
const BY: &str = "Disconnected by ";
const SAID: &str = " : ";

/// A message is part of an address, and web servers refuse long ones (Jetty: 8 KiB for all of a request's head).
const LONGEST_REASON: usize = 500;

/// The message for a node that is this server of this installation.
///
/// Plain ASCII without `<>&"'`, since Jenkins escapes it for HTML; and without " : ", since Jenkins cuts everything
/// before the last of those (jenkins/agents/IOfflineCause.java, getReason).
pub fn offline_message(owner: &Owner, server: &ServerId, rule: Rule) -> String {
    format!("{BEGINNING}owner={owner} server={} rule={rule}", plain(server.as_str()))
}

/// The message of a person who holds a node, and why.
///
/// It is nobody's but that person's, whatever the words are: not even where Jenkins cuts off what stands before " : " can
/// the rest be one of [`offline_message`].
pub fn hold_message(person: &str, why: Option<&str>) -> String {
    let one_line = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().filter(|word| *word != ":").collect();
        words.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect::<String>()
    };
    match why.map(one_line).filter(|why| !why.is_empty()) {
        Some(why) => format!("{HELD}{}{WITH}: {why}", one_line(person)),
        None => format!("{HELD}{}{WITH}", one_line(person)),
    }
}

/// Who holds a node and why, as far as the cause says: the person of a [`hold_message`], else the user of Jenkins.
pub fn holder(cause: &OfflineCause) -> (Option<String>, String) {
    match held_with_mita(cause) {
        Some((person, why)) => (Some(person.to_owned()), why.to_owned()),
        None => (cause.by.clone(), cause.reason.trim().to_owned()),
    }
}

/// The person and the reason of a [`hold_message`].
pub fn held_with_mita(cause: &OfflineCause) -> Option<(&str, &str)> {
    let (person, why) = cause.reason.trim().strip_prefix(HELD)?.split_once(WITH)?;
    Some((person, why.trim_start_matches(':').trim()))
}

/// A reason at the end of a sentence.
pub fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// Whether an installation of mita wrote it, this one or another.
pub fn is_message(reason: &str) -> bool {
    message(reason).starts_with(BEGINNING)
}

fn message(reason: &str) -> &str {
    let reason = reason.trim();
    let described = reason.strip_prefix(BY).map(|described| described.split_once(SAID));
    described.map_or(reason, |described| described.map_or("", |(_, message)| message))
}

/// The server that a message names, where it is a message of this installation and nothing else. A text that somebody
/// edited or added to is that person's.
pub fn server_named_in(reason: &str, owner: &Owner) -> Option<ServerId> {
    let mut words = message(reason).strip_prefix(BEGINNING)?.split(' ');
    let by = words.next()?.strip_prefix("owner=")?;
    let server = words.next()?.strip_prefix("server=").filter(|id| !id.is_empty())?;
    let rule = words.next()?.strip_prefix("rule=")?;
    // A newer mita may know other rules, and is mita all the same.
    let whole = words.next().is_none() && !rule.is_empty() && rule.bytes().all(|b| b == b'_' || b.is_ascii_lowercase());
    (whole && by == owner.as_str()).then(|| ServerId::from(server))
}

/// The rule by which a node takes no further build, where a message of this installation says so: such a node is not
/// brought back, whatever waits for it.
pub fn last_rule(reason: &str, owner: &Owner) -> Option<Rule> {
    server_named_in(reason, owner)?;
    let (_, name) = reason.trim().rsplit_once(" rule=")?;
    Rule::ALL.iter().copied().find(|rule| rule.is_last() && rule.name() == name)
}

/// The letters of the ids of any known cloud, and of owners; another one would be cut or escaped on its way through
/// Jenkins, and the id is then not known again: the node counts as held by a person, which harms nobody.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._:/-".contains(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner::new("ci.example.com/jenkins").unwrap()
    }

    fn server() -> ServerId {
        ServerId::from("4e9d1a2b-7c3f-4d55-9b1e-0f6a7c8d9e10")
    }

    #[test]
    fn our_own_message_is_known_again() {
        let message = offline_message(&owner(), &server(), Rule::Idle);
        assert_eq!(
            message,
            "mita retires this node: owner=ci.example.com/jenkins server=4e9d1a2b-7c3f-4d55-9b1e-0f6a7c8d9e10 rule=idle"
        );
        assert_eq!(server_named_in(&message, &owner()), Some(server()));
        assert_eq!(server_named_in(&format!(" {message}\n"), &owner()), Some(server()));
        assert_eq!(server_named_in(&format!("Disconnected by adeza : {message}"), &owner()), Some(server()));
    }

    #[test]
    fn every_rule_makes_a_message_that_is_known_again() {
        for rule in Rule::ALL {
            assert_eq!(
                server_named_in(&offline_message(&owner(), &server(), *rule), &owner()),
                Some(server()),
                "{rule}"
            );
        }
    }

    #[test]
    fn a_message_tells_whether_the_node_takes_no_further_build() {
        let other = Owner::new("other").unwrap();
        for rule in Rule::ALL.iter().copied() {
            let message = offline_message(&owner(), &server(), rule);
            assert_eq!(last_rule(&message, &owner()), Some(rule).filter(|rule| rule.is_last()), "{rule}");
            assert_eq!(last_rule(&message, &other), None, "{rule}");
        }
        assert_eq!(last_rule("gone fishing rule=max_age", &owner()), None);
    }

    #[test]
    fn s7_what_a_person_wrote_or_added_to_is_not_ours() {
        let message = offline_message(&owner(), &server(), Rule::Idle);
        for reason in [
            "".to_owned(),
            "disk swap, do not touch".to_owned(),
            "mita".to_owned(),
            "mita retires this node: ".to_owned(),
            "mita retires this node: owner=ci.example.com/jenkins server= rule=idle".to_owned(),
            "mita retires this node: server=1 owner=ci.example.com/jenkins rule=idle".to_owned(),
            "mita retires this node: owner=ci.example.com/jenkins server=1".to_owned(),
            format!("{message}, please keep it"),
            format!("{message} keep"),
            format!("keep : {message}"),
            format!("kept although {message}"),
            format!("Disconnected by adeza : not so fast: {message}"),
            format!("Disconnected by adeza : keep : {message}"),
            format!("Disconnected by adeza{message}"),
        ] {
            assert_eq!(server_named_in(&reason, &owner()), None, "{reason}");
        }
    }

    #[test]
    fn s7_whatever_a_person_says_of_a_hold_it_stays_that_persons() {
        let ours = offline_message(&owner(), &server(), Rule::Idle);
        assert_eq!(
            hold_message("adeza", Some("disk swap,\n  back at 5")),
            "held by adeza with mita: disk swap, back at 5"
        );
        assert_eq!(hold_message("adeza", Some("  ")), "held by adeza with mita");
        for why in [&ours, &format!("x : {ours}"), &format!("x :  : {ours}"), &format!("Disconnected by a : {ours}")] {
            let message = hold_message("adeza", Some(why));
            let cut = message.rsplit(" : ").next().unwrap();
            for shown in [message.clone(), cut.to_owned(), format!("Disconnected by adeza : {message}")] {
                assert_eq!(server_named_in(&shown, &owner()), None, "{shown}");
            }
        }
        assert!(hold_message("adeza", Some(&"long ".repeat(1000))).len() < 600);
    }

    #[test]
    fn s2_the_message_of_another_installation_is_not_ours() {
        for other in ["ci.example.com", "ci.example.com/jenkins2", "x/ci.example.com/jenkins", "CI.example.com/jenkins"]
        {
            let message = offline_message(&Owner::new(other).unwrap(), &server(), Rule::Idle);
            assert_eq!(server_named_in(&message, &owner()), None, "{other}");
        }
    }

    #[test]
    fn whatever_the_ids_hold_jenkins_has_nothing_to_escape_or_to_cut() {
        let server = ServerId::from("1 rule=x%2 & <é> : \"'");
        let message = offline_message(&owner(), &server, Rule::Idle);
        assert!(message.is_ascii() && !message.contains(['<', '>', '&', '"', '\'']) && !message.contains(" : "));
        assert_eq!(server_named_in(&message, &owner()), Some(ServerId::from("1_rule_x_2_______:___")));
    }

    #[test]
    fn who_holds_a_node_is_read_from_what_mita_wrote_or_from_what_jenkins_says() {
        let cause = |reason: &str, by: Option<&str>| OfflineCause {
            class: None,
            reason: reason.to_owned(),
            by: by.map(str::to_owned),
            since: None,
        };
        let held = |reason: &str, by| holder(&cause(reason, by));
        let known = |person: &str, why: &str| (Some(person.to_owned()), why.to_owned());
        assert_eq!(held(&hold_message("ann", Some("disk: swap")), Some("robot")), known("ann", "disk: swap"));
        assert_eq!(held(&hold_message("ann", None), None), known("ann", ""));
        assert_eq!(held("moving racks", Some("bob")), known("bob", "moving racks"));
        assert_eq!(held("moving racks", None), (None, "moving racks".to_owned()));
    }
}
