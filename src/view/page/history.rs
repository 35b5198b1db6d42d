//! The charts of the last hours, all with the same time scale.

use crate::domain::history::{History, Sample, Servers};
use crate::domain::names::NodeTypeName;
use crate::view::document::Time;
use crate::view::page::chart::{Layer, Timeline, Tone, peak, stacked};
use crate::view::page::html::text;
use crate::view::status::Status;
use crate::view::text::duration;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use std::cmp::Reverse;

/// At most this many node types have a chart: those with the most servers.
const MOST_TYPES: usize = 24;

/// What the colours of servers mean.
const MEANINGS: [(Tone, &str); 5] = [
    (Tone::Busy, "busy"),
    (Tone::Idle, "idle"),
    (Tone::Coming, "on their way"),
    (Tone::Other, "held, away or leaving"),
    (Tone::Wanted, "wanted: at work, and ready for the next jobs"),
];

/// Charts of the whole farm, then one for each node type that had a server.
pub(crate) fn charts(history: &History, now: Timestamp, status: &Status) -> Markup {
    let timeline = Timeline::of(&history.samples, now);
    let mut types: Vec<(u32, &NodeTypeName, Vec<Layer>)> = Vec::new();
    for kind in &status.node_types {
        let layers = servers(&timeline, |sample| sample.servers.get(&kind.name).copied().unwrap_or_default());
        match peak(&layers) {
            0 => {}
            most => types.push((most, &kind.name, layers)),
        }
    }
    if types.len() > MOST_TYPES {
        types.sort_by_key(|(most, _, _)| Reverse(*most));
        types.truncate(MOST_TYPES);
    }
    // The same scale for all of them, so that they can be compared.
    let top = types.iter().map(|(most, _, _)| *most).max().unwrap_or(0);
    html! {
        (charts_of_farm(history, now))
        @if types.len() > 1 {
            h2 { (title(&timeline)) " by node type" small { "one scale, up to " (top) " servers" } }
            .charts {
                @for (most, name, layers) in types {
                    @let label = format!("Servers of {name}, {most} at most");
                    @let chart = stacked(&timeline, &layers, top, &label, words_of_servers);
                    (figure(&timeline, name.as_str(), &format!("up to {most}"), &top.to_string(), &chart))
                }
            }
        }
    }
}

/// Charts of the whole farm.
pub(crate) fn charts_of_farm(history: &History, now: Timestamp) -> Markup {
    let timeline = Timeline::of(&history.samples, now);
    let all = |sample: &Sample| {
        sample.servers.values().fold(Servers::default(), |sum, servers| Servers {
            coming: sum.coming.saturating_add(servers.coming),
            idle: sum.idle.saturating_add(servers.idle),
            busy: sum.busy.saturating_add(servers.busy),
            other: sum.other.saturating_add(servers.other),
            wanted: sum.wanted.into_iter().chain(servers.wanted).reduce(u32::saturating_add),
        })
    };
    // The exit status of a run says no more than the requests and actions that failed in it, where any did.
    let failed = |sample: &Sample| sample.failed.saturating_add(sample.errors).max(u32::from(sample.exit != 0));
    let time = |most: u32| duration(SignedDuration::from_secs(most.into()));
    let rate = |most: u32| format!("{most} in 5 min");
    let number = |most: u32| most.to_string();
    let of_waiting = |values| vec![(Tone::Waiting, values)];
    html! {
        h2 { (title(&timeline)) }
        .charts {
            (servers_chart(&timeline, &servers(&timeline, all)))
            (chart(&timeline, "Jobs waiting", &of_waiting(timeline.most(|sample| sample.waiting)), number))
            (chart(&timeline, "Longest wait", &of_waiting(timeline.most(|sample| Some(sample.oldest))), time))
            (chart(&timeline, "Servers ordered", &[(Tone::Coming, timeline.sum(|sample| sample.ordered))], rate))
            (chart(&timeline, "Removed", &[(Tone::Other, timeline.sum(|sample| sample.removed))], rate))
            (chart(&timeline, "Failures", &[(Tone::Trouble, timeline.sum(failed))], rate))
        }
        p.legend {
            @for (tone, meaning) in MEANINGS {
                span { i class=(tone.class()) {} (meaning) }
            }
            span { i.gap {} "mita did not run" }
            span { i.trouble {} "failures: requests and actions that failed, or runs that ended with an error" }
        }
    }
}

fn servers(timeline: &Timeline<'_>, of: impl Fn(&Sample) -> Servers) -> Vec<Layer> {
    vec![
        (Tone::Busy, timeline.last(|sample| of(sample).busy)),
        (Tone::Idle, timeline.last(|sample| of(sample).idle)),
        (Tone::Coming, timeline.last(|sample| of(sample).coming)),
        (Tone::Other, timeline.last(|sample| of(sample).other)),
        (Tone::Wanted, timeline.last_known(|sample| of(sample).wanted)),
    ]
}

fn servers_chart(timeline: &Timeline<'_>, layers: &[Layer]) -> Markup {
    let most = peak(layers);
    let scale = if most == 0 { "none".to_owned() } else { format!("up to {most}") };
    let chart = stacked(timeline, layers, most, &format!("Servers: {scale}"), words_of_servers);
    figure(timeline, "Servers", &scale, &most.to_string(), &chart)
}

/// The servers of a step, by what they do.
fn words_of_servers(values: &[(Tone, u32)]) -> String {
    let word = |tone: Tone| MEANINGS.iter().find(|(known, _)| *known == tone).map_or("", |(_, meaning)| *meaning);
    let there = values.iter().filter(|(tone, number)| *number > 0 && !tone.is_line());
    let parts: Vec<String> = there.map(|(tone, number)| format!("{number} {}", word(*tone))).collect();
    let there = if parts.is_empty() { "no servers".to_owned() } else { parts.join(", ") };
    match values.iter().find(|(tone, number)| *number > 0 && tone.is_line()) {
        Some((_, wanted)) => format!("{there}; {wanted} wanted"),
        None => there,
    }
}

fn chart(timeline: &Timeline<'_>, title: &str, layers: &[Layer], words: impl Fn(u32) -> String) -> Markup {
    let most = peak(layers);
    let scale = if most == 0 { "none".to_owned() } else { format!("up to {}", words(most)) };
    let value = |values: &[(Tone, u32)]| values.first().map_or_else(String::new, |(_, value)| words(*value));
    figure(timeline, title, &scale, &words(most), &stacked(timeline, layers, most, &format!("{title}: {scale}"), value))
}

/// A chart with its axes.
fn figure(timeline: &Timeline<'_>, title: &str, scale: &str, top: &str, chart: &Markup) -> Markup {
    let steps = usize::try_from(timeline.hours * 12).unwrap_or_default();
    html! {
        figure {
            figcaption { h3 { (text(title)) } span { (scale) } }
            .plot {
                .y aria-hidden="true" { span { (top.split(" in ").next().filter(|top| *top != "0").unwrap_or_default()) } span { "0" } }
                (chart)
            }
            .scale aria-hidden="true" {
                @for step in [0, steps / 2, steps] {
                    @let at = timeline.time_of(step);
                    time.hm datetime=(Time(at)) { (at.strftime("%H:%M")) }
                }
            }
        }
    }
}

fn title(timeline: &Timeline<'_>) -> String {
    if timeline.hours == 24 { "The last day".to_owned() } else { format!("The last {} hours", timeline.hours) }
}
