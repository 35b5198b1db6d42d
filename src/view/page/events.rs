//! What happened lately, from the journal.

use crate::domain::journal::{Entry, Event};
use crate::view::history::text::{note, object, words};
use crate::view::page::html::text;
use crate::view::page::links::Links;
use crate::view::page::tables::{cell, table, when};
use maud::{Markup, html};
use std::cmp::Reverse;

/// At most this many entries are shown, the latest first; `mita history` has all.
const MOST_ENTRIES: usize = 25;

/// The latest entries of the journal.
pub(crate) fn lately(entries: &[Entry], links: Links<'_>) -> Markup {
    let wanted = |entry: &&Entry| !matches!(entry.event, Event::Created | Event::Started | Event::LeftQueue);
    // A run writes down what happened before it, such as the start of a build.
    let mut shown: Vec<&Entry> = entries.iter().rev().filter(wanted).collect();
    shown.sort_by_key(|entry| Reverse(entry.at));
    shown.truncate(MOST_ENTRIES);
    html! {
        @if !shown.is_empty() {
            h2 { "What happened lately" small { code { "mita history" } " has everything" } }
            (table(&[("When", "fit"), ("What", "fit"), ("Of", ""), ("How and why", "")], shown.into_iter().map(|entry| row(entry, links))))
        }
    }
}

fn row(entry: &Entry, links: Links<'_>) -> Markup {
    let name = object(entry);
    html! {
        td.fit data-head="When" { (when(entry.at)) }
        (cell("fit", "What", &words(entry.event)))
        td.name {
            @match &entry.node {
                Some(node) if node.as_str() == name && !matches!(entry.event, Event::Removed | Event::NodeRemoved) => (links.node(&name)),
                _ => (text(&name)),
            }
        }
        td.why { (text(&note(entry))) }
    }
}
