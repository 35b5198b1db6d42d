//! What a person should look at first: a card for each event.

use crate::view::page::html::text;
use crate::view::page::tables::{chip, when};
use crate::view::status::Status;
use crate::view::status::failures::FailureStatus;
use crate::view::text::duration;
use maud::{Markup, html};

/// Problems, pauses and failures; empty if there are none.
pub(crate) fn problems(status: &Status) -> Markup {
    let Status { problems, paused, failures, .. } = status;
    let is_quiet = problems.is_empty() && status.pauses().next().is_none();
    // What closed a node type at a provider is mostly the failure of its last server: one card for both.
    let is_told = |failure: &&FailureStatus| {
        status.pauses().any(|(kind, pause)| *kind == failure.node_type && pause.provider == failure.provider)
    };
    html! {
        @if !paused.is_empty() {
            h2 { "Paused" }
        }
        @for pause in paused {
            .note.warn {
                p {
                    b { (text(&pause.scope)) } " is paused by " (text(&pause.by)) " since " (when(pause.since.0))
                    @if let Some(until) = pause.until { ", until " (when(until.0)) }
                    @if let Some(reason) = &pause.reason { ": " (text(reason)) }
                }
            }
        }
        @if !is_quiet {
            h2 { "Problems" }
        }
        @for problem in problems {
            .note.bad { p { b { (text(&problem.place)) } } p { (text(&problem.error)) } }
        }
        @for (kind, pause) in status.pauses() {
            @let failure = failures.iter().find(|failure| failure.node_type == *kind && failure.provider == pause.provider);
            .note.warn {
                p {
                    b { (text(kind.as_str())) } " is not ordered at " (text(pause.provider.as_str()))
                    " for " (duration(pause.lasts)) " " (chip("warn", pause.rule.name()))
                }
                p.dim { (text(&pause.reason)) }
                @if let Some(failure) = failure {
                    p.dim {
                        "Its last server failed " (duration(failure.ago)) " ago"
                        @if failure.reason != pause.reason { ": " (text(&failure.reason)) }
                    }
                    (console(failure))
                }
            }
        }
        @if failures.iter().any(|failure| !is_told(&failure)) {
            h2 { "Last failures" }
        }
        @for failure in failures.iter().filter(|failure| !is_told(failure)) {
            .note {
                p {
                    b { (text(failure.node_type.as_str())) } ": the last server that failed, " (duration(failure.ago))
                    " ago at " (text(failure.provider.as_str())) " " (chip("bad", failure.rule.name()))
                }
                p.dim { (text(&failure.reason)) }
                (console(failure))
            }
        }
    }
}

fn console(failure: &FailureStatus) -> Markup {
    html! {
        @if !failure.console.is_empty() {
            details {
                summary { "The end of its console" }
                pre { @for line in &failure.console { (text(line)) "\n" } }
            }
        }
    }
}
