//! The status page: one file for any browser. It sends no request, and everything can be read without its script, which
//! only says how old the page is and shows times in the reader's time zone.
//!
//! Whatever this program did not write goes through [`html::text`], and a policy in the head of the page forbids
//! everything except its own style and this very script.

mod chart;
mod events;
mod history;
mod html;
mod links;
mod problems;
mod tables;

use crate::domain::history::History;
use crate::view::document::Time;
use crate::view::exit::Exit;
use crate::view::run_report::RunReport;
use crate::view::status::Status;
use crate::view::status::standing::Counts;
use crate::view::status::to_do::{Part, ToDo};
use crate::view::text::seconds;
use html::text;
use jiff::{SignedDuration, Timestamp};
use links::Links;
use maud::{Markup, PreEscaped, html};
use std::time::Duration;

const SCRIPT: &str = include_str!("script.js");

/// The hash of [`SCRIPT`]: the browser runs nothing else.
const SCRIPT_HASH: &str = "sha256-JEKgPCNU2Nz476JbThtdEWZnm8m0u5kUYshtsBlbtXQ=";

/// The interval of `cron.example`, for an installation that has made one run.
const USUAL_INTERVAL: SignedDuration = SignedDuration::from_secs(60);

/// Runs of the same minute share a sample, so that shorter intervals are not known.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_secs(30);

/// The page of a run that came to its end.
pub(crate) fn of_run(run: &RunReport<'_>) -> String {
    let status = &run.status;
    let now = run.report.plan.now;
    let links = Links::of(run.config);
    let timing = Timing { now, every: every(run.history), took: Some(run.report.whole) };
    let body = html! {
        (head(status.owner.as_str(), Health::of(run), &headline(run), timing))
        (tiles(status))
        (problems::problems(status))
        (history::charts(run.history, now, status))
        (tables::node_types(status))
        (tables::budgets(status))
        (tables::decisions(run))
        (tables::machines(status, links))
        (tables::jobs(status, links))
        (events::lately(&run.journal, links))
        (tables::others(status, links))
    };
    whole(status.owner.as_str(), &body)
}

/// The page of a run that ended before it read anything.
pub(crate) fn of_failure(exit: Exit, now: Timestamp, lines: &[String], history: Option<&History>) -> String {
    let owner = history.map_or("mita", |history| history.owner.as_str());
    let timing = Timing { now, every: history.map_or(USUAL_INTERVAL, every), took: None };
    let body = html! {
        (head(owner, Health::Bad, "The last run ended before it saw anything", timing))
        .note.bad {
            @for line in lines {
                p { (text(line)) }
            }
            p.dim { (exit.meaning()) " (exit status " (exit.number()) ")" }
        }
        @if let Some(history) = history {
            (history::charts_of_farm(history, now))
        }
    };
    whole(owner, &body)
}

fn whole(owner: &str, body: &Markup) -> String {
    let page = html! {
        (PreEscaped("<!doctype html>\n"))
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta http-equiv="Content-Security-Policy" content={"default-src 'none';style-src 'unsafe-inline';script-src '" (SCRIPT_HASH) "'"};
                meta http-equiv="refresh" content="60";
                meta name="referrer" content="no-referrer";
                title { (text(owner)) " · mita" }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                main {
                    (body)
                    footer {
                        "Written by mita " (env!("CARGO_PKG_VERSION")) " at the end of its run. Times are "
                        span #zone { "UTC" } "."
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

/// When a run was, and when the next one is due.
#[derive(Clone, Copy, Debug)]
struct Timing {
    now: Timestamp,
    /// The usual time between two runs.
    every: SignedDuration,
    took: Option<Duration>,
}

/// The time between two runs, as the last ones had it: half of them were closer together.
fn every(history: &History) -> SignedDuration {
    let latest = &history.samples[history.samples.len().saturating_sub(11)..];
    let mut gaps: Vec<SignedDuration> = latest.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(USUAL_INTERVAL).max(SHORTEST_INTERVAL)
}

fn head(owner: &str, health: Health, headline: &str, timing: Timing) -> Markup {
    let Timing { now, every, took } = timing;
    let took = took.map(|took| match took.as_secs() {
        0 => format!("{} ms", took.as_millis()),
        _ => format!("{:.1} s", took.as_secs_f64()),
    });
    html! {
        header {
            p.owner { (text(owner)) }
            h1 { i class={"dot" (health.class())} {} (text(headline)) }
            p.dim {
                "Run of "
                time #run datetime=(Time(now)) data-every=(every.as_secs()) { (now.strftime("%A, %-d %B %Y, %H:%M:%S UTC")) }
                @if let Some(took) = took { ", took " (took) }
            }
            p #age.age {}
        }
    }
}

/// How well the run went, as the dot beside the headline shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    Warn,
    Bad,
}

impl Health {
    fn of(run: &RunReport<'_>) -> Self {
        match run.exit {
            Exit::Done if run.status.pauses().next().is_some() => Health::Warn,
            Exit::Done => Health::Good,
            Exit::HeldBack => Health::Warn,
            Exit::Failed | Exit::Unusable | Exit::Busy => Health::Bad,
        }
    }

    /// Its class in the style sheet.
    const fn class(self) -> &'static str {
        match self {
            Health::Good => "",
            Health::Warn => " warn",
            Health::Bad => " bad",
        }
    }
}

/// The run in a sentence.
fn headline(run: &RunReport<'_>) -> String {
    let plan = &run.report.plan;
    let (failed, done): (Vec<_>, Vec<_>) =
        run.report.results.iter().flatten().partition(|result| result.outcome.is_failure());
    let done = done.iter().filter_map(|result| plan.actions.get(result.action));
    let [acted @ .., held_back] = ToDo::of(done, plan.held_back.len()).parts();
    let failed = Part::new(failed.len(), "action", "failed");
    let problems = Part::new(plan.problems.len(), "problem", "");
    let parts = acted.into_iter().chain([failed, held_back, problems]).filter(|part| part.number > 0);
    let parts: Vec<String> = parts.map(|part| part.past()).collect();
    match (&parts[..], run.exit) {
        ([], Exit::Done) => {
            let causes = run.status.waiting_causes();
            causes.map_or("All is as wanted".to_owned(), |causes| format!("Nothing to do, {causes}"))
        }
        ([], _) => "The last run failed".to_owned(),
        (parts, _) => parts.join(", "),
    }
}

fn tiles(status: &Status) -> Markup {
    let sum = |of: fn(&Counts) -> usize| status.node_types.iter().map(|kind| of(&kind.servers)).sum::<usize>();
    let waiting = status.jobs.as_ref().map(|_| status.waiting().count());
    let coming = sum(|counts| counts.on_its_way);
    let one_or_more = |number: usize, one: &'static str, more: &'static str| if number == 1 { one } else { more };
    let longest = seconds(status.waiting().filter_map(|job| job.waited_seconds).max(), "–");
    html! {
        .tiles {
            .tile {
                b { (sum(|counts| counts.total)) " " small { "of " (status.max_servers) } }
                span { "servers" }
            }
            @for (number, what) in [
                (sum(|counts| counts.busy).to_string(), "busy"),
                (sum(|counts| counts.idle).to_string(), "idle"),
                (coming.to_string(), one_or_more(coming, "on its way", "on their way")),
                (
                    waiting.map_or("?".to_owned(), |number| number.to_string()),
                    one_or_more(waiting.unwrap_or_default(), "job waiting", "jobs waiting"),
                ),
                (longest, "longest wait"),
            ] {
                .tile { b { (number) } span { (what) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, Engine};
    use ring::digest::{SHA256, digest};

    #[test]
    fn the_policy_allows_this_very_script() {
        let hash = BASE64_STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
        assert_eq!(SCRIPT_HASH, format!("sha256-{hash}"));
        assert!(!SCRIPT.contains("</"), "the end of the script");
    }
}
