//! What a run leaves for people: one page that needs nothing but a browser. No script, no other file, no request.
//!
//! Names of jobs are anybody's text: whatever is not a literal of this program goes through [`Html::text`], and a policy in
//! the page's head forbids everything but its own style besides.

mod chart;
mod day;
mod html;
mod tables;

use crate::cli::exit::Exit;
use crate::cli::publish::Account;
use crate::domain::history::History;
use crate::view::document::to_the_second;
use crate::view::status::{Status, ToDo};
use crate::view::table::{age, many};
use html::Html;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The page of a run that came to its end.
pub(crate) fn of_run(account: &Account<'_>) -> String {
    let Account { status, history, exit, now, .. } = account;
    let mut body = Html::default();
    let headline = headline(account);
    head(&mut body, status.owner.as_str(), Mood::of(*exit, status), &headline, *now, Some(account.whole));
    tiles(&mut body, status);
    body.part(tables::troubles(status));
    body.part(day::charts(history, *now, status));
    body.part(tables::node_types(status));
    body.part(tables::decisions(account));
    body.part(tables::machines(status));
    body.part(tables::jobs(status));
    body.part(tables::others(status));
    whole(&format!("{} · mita", status.owner), body)
}

/// The page of a run that ended before it saw anything.
pub(crate) fn of_failure(exit: Exit, now: Timestamp, lines: &[String], history: Option<&History>) -> String {
    let mut body = Html::default();
    let owner = history.map_or("mita", |history| history.owner.as_str());
    head(&mut body, owner, Mood::Bad, "The last run ended before it saw anything", now, None);
    body.raw("<div class=\"note bad\">");
    for line in lines {
        body.raw("<p>").text(line).raw("</p>");
    }
    body.raw("<p class=dim>").text(exit.meaning()).raw(" (exit status ").number(exit.number()).raw(")</p></div>");
    if let Some(history) = history {
        body.part(day::whole_charts(history, now));
    }
    whole(&format!("{owner} · mita"), body)
}

fn whole(title: &str, body: Html) -> String {
    let mut page = Html::default();
    page.raw("<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n")
        .raw("<meta name=viewport content=\"width=device-width,initial-scale=1\">\n")
        .raw("<meta http-equiv=Content-Security-Policy content=\"default-src 'none';style-src 'unsafe-inline'\">\n")
        .raw("<meta http-equiv=refresh content=60>\n<meta name=referrer content=no-referrer>\n<title>")
        .text(title)
        .raw("</title>\n<style>")
        .raw(include_str!("style.css"))
        .raw("</style></head>\n<body><main>\n")
        .part(body)
        .raw("<footer>Written by mita ")
        .raw(env!("CARGO_PKG_VERSION"))
        .raw(" at the end of its run. All times are UTC.</footer>\n</main></body></html>\n");
    page.into_text()
}

fn head(body: &mut Html, owner: &str, mood: Mood, headline: &str, now: Timestamp, took: Option<Duration>) {
    let dot = match mood {
        Mood::Good => "",
        Mood::Warn => " warn",
        Mood::Bad => " bad",
    };
    let when = now.strftime("%A, %-d %B %Y, %H:%M:%S UTC").to_string();
    body.raw("<header><p class=owner>").text(owner).raw("</p><h1><i class=\"dot").raw(dot).raw("\"></i>");
    body.text(headline).raw("</h1><p class=dim>Run of <time datetime=\"").text(&to_the_second(now)).raw("\">");
    body.text(&when).raw("</time>");
    if let Some(took) = took {
        let took = if took.as_secs() > 0 {
            format!("{:.1} s", took.as_secs_f64())
        } else {
            format!("{} ms", took.as_millis())
        };
        body.raw(", took ").text(&took);
    }
    body.raw("</p></header>\n");
}

/// How the page greets its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Good,
    Warn,
    Bad,
}

impl Mood {
    fn of(exit: Exit, status: &Status) -> Self {
        let paused = status.node_types.iter().any(|kind| !kind.pauses.is_empty());
        match exit {
            Exit::Done if paused => Mood::Warn,
            Exit::Done => Mood::Good,
            Exit::HeldBack => Mood::Warn,
            Exit::Failed | Exit::Unusable | Exit::Busy => Mood::Bad,
        }
    }
}

/// The run in a sentence.
fn headline(account: &Account<'_>) -> String {
    let Account { report, exit, status, .. } = account;
    let waiting = status.jobs.iter().flatten().filter(|job| job.waits).count();
    let results = || report.results.iter().flatten();
    let done = results().filter(|result| !result.outcome.is_failure());
    let done = ToDo::of(done.filter_map(|result| report.plan.actions.get(result.action)), report.plan.held_back.len());
    let failed = results().filter(|result| result.outcome.is_failure()).count();
    let parts = [
        (many(done.order, "server"), "ordered", done.order),
        (many(done.make, "node"), "made", done.make),
        (many(done.assign, "floating IP"), "assigned", done.assign),
        (many(done.drain, "node"), "drained", done.drain),
        (many(done.remove, "machine"), "removed", done.remove),
        (many(done.bring_back, "node"), "brought back", done.bring_back),
        (many(failed, "action"), "failed", failed),
        (many(done.held_back, "removal"), "held back", done.held_back),
        (many(report.plan.problems.len(), "problem"), "", report.plan.problems.len()),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, _, number)| *number > 0)
        .map(|(what, verb, _)| format!("{what} {verb}").trim_end().to_owned())
        .collect();
    match (&parts[..], exit) {
        ([], Exit::Done) if waiting > 0 => format!("Nothing to do, {} waiting", many(waiting, "job")),
        ([], Exit::Done) => "All is as wanted".to_owned(),
        ([], _) => "The last run failed".to_owned(),
        (parts, _) => parts.join(", "),
    }
}

fn tiles(body: &mut Html, status: &Status) {
    let sum = |of: fn(&crate::view::status::Counts) -> usize| -> usize {
        status.node_types.iter().map(|kind| of(&kind.servers)).sum()
    };
    let waiting = status.jobs.as_ref().map(|jobs| jobs.iter().filter(|job| job.waits));
    let oldest = waiting.clone().and_then(|jobs| jobs.filter_map(|job| job.waited_seconds).max());
    let tile = |body: &mut Html, value: &str, of: &str, what: &str| {
        body.raw("<div class=tile><b>").text(value);
        if !of.is_empty() {
            body.raw(" <small>").text(of).raw("</small>");
        }
        body.raw("</b><span>").text(what).raw("</span></div>");
    };
    body.raw("<div class=tiles>");
    tile(body, &sum(|counts| counts.total).to_string(), &format!("of {}", status.max_servers), "servers");
    tile(body, &sum(|counts| counts.busy).to_string(), "", "busy");
    tile(body, &sum(|counts| counts.idle).to_string(), "", "idle");
    tile(body, &sum(|counts| counts.on_its_way).to_string(), "", "on their way");
    tile(body, &waiting.map_or("?".to_owned(), |jobs| jobs.count().to_string()), "", "jobs waiting");
    let oldest = oldest.map_or("–".to_owned(), |seconds| age(SignedDuration::from_secs(seconds)));
    tile(body, &oldest, "", "longest wait");
    body.raw("</div>\n");
}
