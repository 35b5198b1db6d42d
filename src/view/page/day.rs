//! The last day, or what there is of it, as small multiples, all on one scale of time.

use crate::domain::history::{History, Sample, Servers};
use crate::domain::names::NodeTypeName;
use crate::view::page::chart::{Day, Tone, peak, stacked};
use crate::view::page::html::Html;
use crate::view::status::Status;
use crate::view::table::age;
use jiff::{SignedDuration, Timestamp};

/// A farm of more node types than this has the charts of those with the most servers.
const MOST_TYPES: usize = 24;

type Layers = Vec<(Tone, Vec<Option<u32>>)>;

/// Charts of everything, then one for each node type that had a server.
pub(crate) fn charts(history: &History, now: Timestamp, status: &Status) -> Html {
    let mut html = whole_charts(history, now);
    let day = Day::of(&history.samples, now);
    let mut types: Vec<(u32, &NodeTypeName, Layers)> = Vec::new();
    for kind in &status.node_types {
        let layers = servers(&day, |sample| sample.servers.get(&kind.name).copied().unwrap_or_default());
        match peak(&layers) {
            0 => {}
            most => types.push((most, &kind.name, layers)),
        }
    }
    if types.len() > MOST_TYPES {
        types.sort_by_key(|(most, _, _)| std::cmp::Reverse(*most));
        types.truncate(MOST_TYPES);
    }
    // One scale for all of them, so that they can be compared.
    let top = types.iter().map(|(most, _, _)| *most).max().unwrap_or(0);
    if types.len() > 1 {
        html.raw("<h2>")
            .text(&title(&day))
            .raw(" by node type<small>one scale, up to ")
            .number(top)
            .raw(" servers</small></h2>");
        html.raw("<div class=charts>");
        for (most, name, layers) in types {
            let told = format!("Servers of {name}, {most} at most");
            figure(&mut html, &day, name.as_str(), &format!("up to {most}"), stacked(&layers, top, &told));
        }
        html.raw("</div>\n");
    }
    html
}

/// Charts of the whole farm.
pub(crate) fn whole_charts(history: &History, now: Timestamp) -> Html {
    let day = Day::of(&history.samples, now);
    let mut html = Html::default();
    html.raw("<h2>").text(&title(&day)).raw("</h2><div class=charts>");
    let all = |sample: &Sample| {
        sample.servers.values().fold(Servers::default(), |sum, servers| Servers {
            coming: sum.coming.saturating_add(servers.coming),
            idle: sum.idle.saturating_add(servers.idle),
            busy: sum.busy.saturating_add(servers.busy),
            other: sum.other.saturating_add(servers.other),
        })
    };
    draw(&mut html, &day, "Servers", servers(&day, all), |most| format!("up to {most}"));
    let waiting = vec![(Tone::Waiting, day.most(|sample| sample.waiting))];
    draw(&mut html, &day, "Jobs waiting", waiting, |most| format!("up to {most}"));
    let oldest = vec![(Tone::Waiting, day.most(|sample| Some(sample.oldest)))];
    draw(&mut html, &day, "Longest wait", oldest, |most| {
        format!("up to {}", age(SignedDuration::from_secs(most.into())))
    });
    let ordered = vec![(Tone::Coming, day.sum(|sample| sample.ordered))];
    draw(&mut html, &day, "Servers ordered", ordered, |most| format!("up to {most} in 5 min"));
    let removed = vec![(Tone::Other, day.sum(|sample| sample.removed))];
    draw(&mut html, &day, "Removed", removed, |most| format!("up to {most} in 5 min"));
    let failed =
        |sample: &Sample| sample.failed.saturating_add(sample.errors).saturating_add(u32::from(sample.exit != 0));
    let failures = vec![(Tone::Trouble, day.sum(failed))];
    draw(&mut html, &day, "Failures", failures, |most| format!("up to {most} in 5 min"));
    html.raw("</div><p class=legend><span><i class=busy></i>busy</span><span><i class=idle></i>idle</span>");
    html.raw("<span><i class=coming></i>on their way</span><span><i class=other></i>held, away or leaving</span>");
    html.raw("<span><i class=gap></i>mita did not run</span></p>\n");
    html
}

fn servers(day: &Day<'_>, of: impl Fn(&Sample) -> Servers) -> Layers {
    vec![
        (Tone::Busy, day.last(|sample| of(sample).busy)),
        (Tone::Idle, day.last(|sample| of(sample).idle)),
        (Tone::Coming, day.last(|sample| of(sample).coming)),
        (Tone::Other, day.last(|sample| of(sample).other)),
    ]
}

fn draw(html: &mut Html, day: &Day<'_>, title: &str, layers: Layers, words: impl Fn(u32) -> String) {
    let most = peak(&layers);
    let words = if most == 0 { "none".to_owned() } else { words(most) };
    let told = format!("{title}: {words}");
    figure(html, day, title, &words, stacked(&layers, most, &told));
}

fn figure(html: &mut Html, day: &Day<'_>, title: &str, words: &str, chart: Html) {
    html.raw("<figure><figcaption><h3>").text(title).raw("</h3><span>").text(words).raw("</span></figcaption>");
    html.part(chart).raw("<div class=scale aria-hidden=true><span>").text(&day.hours.to_string());
    html.raw(" h ago</span><span>").text(&(day.hours / 2).to_string()).raw(" h</span><span>now</span></div></figure>");
}

fn title(day: &Day<'_>) -> String {
    if day.hours == 24 { "The last day".to_owned() } else { format!("The last {} hours", day.hours) }
}
