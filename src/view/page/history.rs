//! The charts of the last hours, all with the same time scale.

use crate::domain::history::{History, Sample, Servers};
use crate::domain::names::NodeTypeName;
use crate::view::page::chart::{Layer, Timeline, Tone, peak, stacked};
use crate::view::page::html::text;
use crate::view::status::Status;
use crate::view::text::duration;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use std::cmp::Reverse;

/// At most this many node types have a chart: those with the most servers.
const MOST_TYPES: usize = 24;

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
                    @let chart = stacked(&layers, top, &format!("Servers of {name}, {most} at most"));
                    (figure(&timeline, name.as_str(), &format!("up to {most}"), &chart))
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
        })
    };
    let failed =
        |sample: &Sample| sample.failed.saturating_add(sample.errors).saturating_add(u32::from(sample.exit != 0));
    let count = |most: u32| format!("up to {most}");
    let time = |most: u32| format!("up to {}", duration(SignedDuration::from_secs(most.into())));
    let rate = |most: u32| format!("up to {most} in 5 min");
    let of_waiting = |values| vec![(Tone::Waiting, values)];
    html! {
        h2 { (title(&timeline)) }
        .charts {
            (chart(&timeline, "Servers", &servers(&timeline, all), count))
            (chart(&timeline, "Jobs waiting", &of_waiting(timeline.most(|sample| sample.waiting)), count))
            (chart(&timeline, "Longest wait", &of_waiting(timeline.most(|sample| Some(sample.oldest))), time))
            (chart(&timeline, "Servers ordered", &[(Tone::Coming, timeline.sum(|sample| sample.ordered))], rate))
            (chart(&timeline, "Removed", &[(Tone::Other, timeline.sum(|sample| sample.removed))], rate))
            (chart(&timeline, "Failures", &[(Tone::Trouble, timeline.sum(failed))], rate))
        }
        p.legend {
            @for (class, meaning) in [
                ("busy", "busy"),
                ("idle", "idle"),
                ("coming", "on their way"),
                ("other", "held, away or leaving"),
                ("gap", "mita did not run"),
            ] {
                span { i class=(class) {} (meaning) }
            }
        }
    }
}

fn servers(timeline: &Timeline<'_>, of: impl Fn(&Sample) -> Servers) -> Vec<Layer> {
    vec![
        (Tone::Busy, timeline.last(|sample| of(sample).busy)),
        (Tone::Idle, timeline.last(|sample| of(sample).idle)),
        (Tone::Coming, timeline.last(|sample| of(sample).coming)),
        (Tone::Other, timeline.last(|sample| of(sample).other)),
    ]
}

fn chart(timeline: &Timeline<'_>, title: &str, layers: &[Layer], scale: impl Fn(u32) -> String) -> Markup {
    let most = peak(layers);
    let scale = if most == 0 { "none".to_owned() } else { scale(most) };
    figure(timeline, title, &scale, &stacked(layers, most, &format!("{title}: {scale}")))
}

fn figure(timeline: &Timeline<'_>, title: &str, scale: &str, chart: &Markup) -> Markup {
    html! {
        figure {
            figcaption { h3 { (text(title)) } span { (scale) } }
            (chart)
            .scale aria-hidden="true" {
                span { (timeline.hours) " h ago" }
                span { (timeline.hours / 2) " h" }
                span { "now" }
            }
        }
    }
}

fn title(timeline: &Timeline<'_>) -> String {
    if timeline.hours == 24 { "The last day".to_owned() } else { format!("The last {} hours", timeline.hours) }
}
