//! Labels, reasons and names: whatever they hold, they are read, and what they promise of themselves is so.

use super::{Dice, damage, tried};
use mita::domain::label::{Label, node_labels};
use mita::domain::names::{MitaId, NodeName, Owner, node_name};
use mita::domain::offline::{offline_message, server_named_in};
use mita::domain::rule::Rule;
use mita::domain::why::Why;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Pieces that mean something in an expression, a reason or a name.
const PIECES: [&str; 44] = [
    "a",
    "trusty",
    "x86_64",
    "&&",
    "||",
    "!",
    "->",
    "<->",
    "(",
    ")",
    "\"",
    "'",
    "\\",
    " ",
    "\t",
    "\n",
    "-",
    "<",
    ">",
    "&",
    "|",
    "‘",
    "’",
    "; ",
    "Waiting for next available executor",
    " on ",
    "All nodes of label ",
    " are offline",
    " is offline",
    "There are no nodes with the label ",
    " doesn’t have label ",
    " is reserved for jobs with matching label expression",
    "; ... and ",
    " more",
    "99999999999",
    "+",
    "192.168.1.188",
    "2001-db8--1",
    "--",
    ":",
    "é",
    "🦀",
    "\0",
    "Must run on ",
];

fn pieces(dice: &mut Dice) -> String {
    (0..dice.below(14)).map(|_| dice.one(&PIECES)).collect()
}

#[test]
fn any_text_is_a_label_that_is_written_and_read_back_as_itself() {
    tried("labels", 20_000, |_, dice| {
        let text = pieces(dice);
        let label = Label::from_jenkins(&text);
        let _ = label.matches(|atom| atom == "a");
        let _ = (label.to_string(), format!("{label:#}"), label.atoms());
        let written = serde_json::to_string(&label).expect("a text");
        let read: Label = serde_json::from_str(&written).unwrap_or_else(|error| panic!("{text:?}: {written}: {error}"));
        assert_eq!(read, label, "{text:?} was written as {written}");
        let _ = node_labels(&text);
    });
}

#[test]
fn a_label_of_any_size_takes_no_stack_and_little_time() {
    let before = crate::security::processor_time();
    for piece in ["(", "!(", "a&&(", "\"", "'", "a->", "a<->(", "\\", "((a)", "a||!b&&", "a "] {
        let text = piece.repeat(50_000);
        let label = Label::from_jenkins(&text);
        let _ = label.matches(|_| true);
        let written = serde_json::to_string(&label).expect("a text");
        assert_eq!(serde_json::from_str::<Label>(&written).expect("a label"), label, "{piece}");
        let _ = (node_labels(&text), Why::read(Some(&text)));
    }
    let took = crate::security::processor_time() - before;
    assert!(took.as_secs() < 30, "{took:?}");
}

#[test]
fn any_reason_is_read() {
    tried("reasons", 20_000, |_, dice| {
        let text = pieces(dice);
        let read = Why::read(Some(&text));
        assert_eq!(read == Why::Absent, text.trim().is_empty(), "{text:?}");
    });
    let before = crate::security::processor_time();
    for piece in
        ["; ", "‘a’ is offline; ", "‘; ", "‘a’ doesn’t have label ‘", "x; ... and 1 more", "Must run on a not "]
    {
        let _ = Why::read(Some(&piece.repeat(20_000)));
    }
    let took = crate::security::processor_time() - before;
    assert!(took.as_secs() < 30, "{took:?}");
}

#[test]
fn any_name_is_taken_apart_and_one_by_the_convention_gives_its_base_and_address() {
    tried("names", 20_000, |_, dice| {
        let (base, text) = (pieces(dice), pieces(dice));
        let _ = (NodeName::from(text.as_str()).convention(), MitaId::from(text.as_str()).ordered_at());
        let _ =
            (Owner::new(text.as_str()), Owner::from_jenkins_url(&text), NodeName::from(text.as_str()).before_plus());
        let bits = (u128::from(dice.next()) << 64) | u128::from(dice.next());
        let ip: IpAddr = match dice.below(3) {
            0 => Ipv4Addr::from_bits(u32::try_from(bits >> 96).expect("32 bits")).into(),
            1 => Ipv6Addr::from_bits(bits).into(),
            _ => Ipv6Addr::from_bits(bits & 0xFFFF_0000_0000_0000_0000_0000_0000_FFFF).into(),
        };
        let name = node_name(&base, ip);
        let convention = name.convention();
        assert_eq!((convention.base, convention.ip), (base.as_str(), Some(ip)), "{name}");
    });
}

#[test]
fn s7_no_damaged_message_of_ours_is_taken_for_one_of_another_server() {
    let owner = Owner::new("ceph-ci").expect("an owner");
    let server = "4e9d1a2b-7c3f-4d55-9b1e-0f6a7c8d9e10".into();
    let message = offline_message(&owner, &server, Rule::Idle);
    tried("offline messages", 20_000, |_, dice| {
        let damaged = damage::text(&message, dice);
        if let Some(read) = server_named_in(&damaged, &owner) {
            let prefix = format!("owner=ceph-ci server={read} rule=");
            assert!(damaged.contains(&prefix), "{damaged:?} is taken for {read}");
        }
    });
}
