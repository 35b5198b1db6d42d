//! Small charts of the last hours as inline SVG: a step of five minutes each, gaps where mita did not run.

use crate::domain::history::Sample;
use crate::view::page::html::text;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

/// Minutes of a step: shorter pauses between runs leave no gap.
const STEP: i32 = 5;

/// Hours that a chart can show: a new installation has no day to show yet.
const HOURS: [i32; 4] = [2, 6, 12, 24];

/// Height of a chart in its own units; a step is one unit wide.
const HEIGHT: f64 = 60.0;

/// A kind of area, or the line across them, as the style sheet colours it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Busy,
    Idle,
    Coming,
    Other,
    Wanted,
    Waiting,
    Trouble,
}

/// The values of a kind of area, one for each step; none where it is not known.
pub(crate) type Layer = (Tone, Vec<Option<u32>>);

impl Tone {
    /// Its class in the style sheet.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Tone::Busy => "busy",
            Tone::Idle => "idle",
            Tone::Coming => "coming",
            Tone::Other => "other",
            Tone::Wanted => "wanted",
            Tone::Waiting => "waiting",
            Tone::Trouble => "trouble",
        }
    }

    /// Whether it is a line across the areas, and no area on top of them.
    pub(crate) const fn is_line(self) -> bool {
        matches!(self, Tone::Wanted)
    }
}

/// The samples of the last day, or of fewer hours if there are no more, each in its step.
#[derive(Debug)]
pub(crate) struct Timeline<'a> {
    pub(crate) hours: i32,
    /// When the first step begins.
    start: Timestamp,
    steps: Vec<Vec<&'a Sample>>,
}

impl<'a> Timeline<'a> {
    pub(crate) fn of(samples: &'a [Sample], now: Timestamp) -> Self {
        let oldest = samples.iter().map(|sample| now.duration_since(sample.at)).max().unwrap_or(SignedDuration::ZERO);
        let reaches = |hours: &i32| oldest <= SignedDuration::from_hours(i64::from(*hours));
        let hours = HOURS.into_iter().find(reaches).unwrap_or(24);
        let (span, width) = (SignedDuration::from_hours(hours.into()), SignedDuration::from_mins(STEP.into()));
        let mut steps = vec![Vec::new(); usize::try_from(hours * 60 / STEP).unwrap_or_default()];
        let start = now - span;
        for sample in samples {
            let passed = sample.at.duration_since(start);
            if passed > SignedDuration::ZERO && passed <= span {
                let step = (passed.as_millis() - 1) / width.as_millis();
                if let Some(step) = usize::try_from(step).ok().and_then(|step| steps.get_mut(step)) {
                    step.push(sample);
                }
            }
        }
        Timeline { hours, start, steps }
    }

    /// When a step begins, and so when the one before ends.
    pub(crate) fn time_of(&self, step: usize) -> Timestamp {
        let minutes = i64::try_from(step).unwrap_or_default() * i64::from(STEP);
        self.start.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(self.start)
    }

    /// The largest value of each step; none if no sample has it.
    pub(crate) fn most(&self, of: impl Fn(&Sample) -> Option<u32>) -> Vec<Option<u32>> {
        self.steps.iter().map(|step| step.iter().filter_map(|sample| of(sample)).max()).collect()
    }

    /// The last value of each step.
    pub(crate) fn last(&self, of: impl Fn(&Sample) -> u32) -> Vec<Option<u32>> {
        self.steps.iter().map(|step| step.last().map(|sample| of(sample))).collect()
    }

    /// The last value of each step that is known.
    pub(crate) fn last_known(&self, of: impl Fn(&Sample) -> Option<u32>) -> Vec<Option<u32>> {
        self.steps.iter().map(|step| step.last().and_then(|sample| of(sample))).collect()
    }

    /// The sum of each step.
    pub(crate) fn sum(&self, of: impl Fn(&Sample) -> u32) -> Vec<Option<u32>> {
        let sum = |step: &Vec<&Sample>| step.iter().fold(0u32, |sum, sample| sum.saturating_add(of(sample)));
        self.steps.iter().map(|step| (!step.is_empty()).then(|| sum(step))).collect()
    }
}

/// The largest sum of the areas at one step, or the highest point of the line.
pub(crate) fn peak(layers: &[Layer]) -> u32 {
    let highest = |step| {
        layers.iter().fold((0u32, 0u32), |(sum, line), (tone, values)| match tone.is_line() {
            true => (sum, line.max(value(values, step))),
            false => (sum.saturating_add(value(values, step)), line),
        })
    };
    (0..steps(layers)).map(highest).map(|(sum, line)| sum.max(line)).max().unwrap_or(0)
}

fn steps(layers: &[Layer]) -> usize {
    layers.iter().map(|(_, values)| values.len()).max().unwrap_or(0)
}

fn value(values: &[Option<u32>], step: usize) -> u32 {
    values.get(step).copied().flatten().unwrap_or(0)
}

/// Areas on top of one another, scaled to `top`. `label` is for readers who cannot see the chart; `words` are shown for the
/// values of a step under the pointer.
pub(crate) fn stacked(
    timeline: &Timeline<'_>,
    layers: &[Layer],
    top: u32,
    label: &str,
    words: impl Fn(&[(Tone, u32)]) -> String,
) -> Markup {
    let steps = steps(layers);
    let known: Vec<bool> =
        (0..steps).map(|step| layers.iter().any(|(_, values)| values.get(step).copied().flatten().is_some())).collect();
    let mut below = vec![0u32; steps];
    let mut areas = Vec::new();
    for (tone, values) in layers.iter().filter(|(tone, _)| !tone.is_line()) {
        let above: Vec<u32> =
            below.iter().enumerate().map(|(step, below)| below.saturating_add(value(values, step))).collect();
        areas.push((tone.class(), area(&known, &below, &above, top.max(1))));
        below = above;
    }
    let lines = layers.iter().filter(|(tone, _)| tone.is_line());
    areas.extend(lines.map(|(tone, values)| (tone.class(), line(values, top.max(1)))));
    areas.retain(|(_, path)| !path.is_empty());
    let gaps = stretches(&known.iter().map(|known| !known).collect::<Vec<_>>());
    let values = |step: usize| layers.iter().map(|(tone, values)| (*tone, value(values, step))).collect::<Vec<_>>();
    let steps_known: Vec<usize> = (0..steps).filter(|step| known[*step]).collect();
    let alike = steps_known.chunk_by(|a, b| a + 1 == *b && values(*a) == values(*b));
    html! {
        svg.chart viewBox={"0 0 " (steps) " 60"} preserveAspectRatio="none" role="img" aria-label=(text(label)) {
            @for x in (1..4).map(|quarter| steps * quarter / 4) {
                line.tick x1=(x) x2=(x) y1="0" y2="60" {}
            }
            @for (class, path) in areas {
                path class=(class) d=(path) {}
            }
            @for (from, to) in gaps {
                rect.gap y="0" height="60" x=(from) width=(to - from) {
                    title { (span(timeline, from, to)) ": mita did not run" }
                }
            }
            @for (from, length) in alike.filter_map(|alike| Some((*alike.first()?, alike.len()))) {
                rect.hit y="0" height="60" x=(from) width=(length) {
                    title { (span(timeline, from, from + length)) ": " (words(&values(from))) }
                }
            }
        }
    }
}

/// A stretch of time, as people write it.
fn span(timeline: &Timeline<'_>, from: usize, to: usize) -> String {
    let time = |step| timeline.time_of(step).strftime("%H:%M").to_string();
    format!("{} to {} UTC", time(from), time(to))
}

/// The outline of the area between two rows of steps, stretch by stretch.
fn area(known: &[bool], below: &[u32], above: &[u32], top: u32) -> String {
    let differs: Vec<bool> = known.iter().zip(below.iter().zip(above)).map(|(known, (b, a))| *known && a > b).collect();
    let y = |value: u32| height(value, top);
    let mut path = String::new();
    for (from, to) in stretches(&differs) {
        path.push_str(&format!("M{from} {}", y(below[from])));
        for (step, value) in above.iter().enumerate().take(to).skip(from) {
            path.push_str(&format!("V{}H{}", y(*value), step + 1));
        }
        for (step, value) in below.iter().enumerate().take(to).skip(from).rev() {
            path.push_str(&format!("V{}H{step}", y(*value)));
        }
        path.push('Z');
    }
    path
}

/// A line through the known values, stretch by stretch; nothing if all are zero.
fn line(values: &[Option<u32>], top: u32) -> String {
    if values.iter().flatten().all(|value| *value == 0) {
        return String::new();
    }
    let known: Vec<bool> = values.iter().map(Option::is_some).collect();
    let mut path = String::new();
    for (from, to) in stretches(&known) {
        path.push_str(&format!("M{from} {}", height(value(values, from), top)));
        for step in from..to {
            path.push_str(&format!("V{}H{}", height(value(values, step), top), step + 1));
        }
    }
    path
}

/// The height of a value from the top of the chart, in its own units.
fn height(value: u32, top: u32) -> String {
    format!("{:.1}", HEIGHT - HEIGHT * f64::from(value.min(top)) / f64::from(top))
}

/// The stretches of true values, as half-open ranges.
fn stretches(values: &[bool]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for step in (0..values.len()).filter(|step| values[*step]) {
        match found.last_mut() {
            Some((_, to)) if *to == step => *to = step + 1,
            _ => found.push((step, step + 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(minutes: i64, waiting: u32) -> Sample {
        let at = Timestamp::from_second(86_400 * 20_000 + minutes * 60).unwrap();
        Sample { at, waiting: Some(waiting), ordered: 1, ..Sample::default() }
    }

    #[test]
    fn each_sample_falls_into_its_step_and_what_is_older_than_a_day_into_none() {
        let samples: Vec<Sample> = (-10..=1440).map(|minute| sample(minute, 1)).collect();
        let timeline = Timeline::of(&samples, samples.last().unwrap().at);
        assert!(timeline.sum(|sample| sample.ordered).iter().all(|sum| *sum == Some(5)));
        let timeline = Timeline::of(&samples[..11], samples.last().unwrap().at);
        assert!(timeline.most(|sample| sample.waiting).iter().all(Option::is_none), "the last of these is a day old");
    }

    #[test]
    fn a_chart_has_an_area_for_what_was_seen_and_a_gap_for_what_was_not() {
        let samples = [sample(1431, 4), sample(1436, 2)];
        let timeline = Timeline::of(&samples, sample(1440, 0).at);
        assert_eq!(timeline.hours, 2, "a new installation is not shown a day of nothing");
        let waiting = timeline.most(|sample| sample.waiting);
        assert_eq!(waiting[21..], [None, Some(4), Some(2)]);
        let words = |values: &[(Tone, u32)]| format!("{} jobs", values[0].1);
        let text = stacked(&timeline, &[(Tone::Waiting, waiting)], 4, "4 at most", words).into_string();
        assert!(text.contains("viewBox=\"0 0 24 60\""), "{text}");
        assert!(text.contains("d=\"M22 60.0V0.0H23V30.0H24V60.0H23V60.0H22Z\""), "{text}");
        assert!(text.contains("<rect class=\"gap\" y=\"0\" height=\"60\" x=\"0\" width=\"22\">"), "{text}");
        let hit =
            "<rect class=\"hit\" y=\"0\" height=\"60\" x=\"22\" width=\"1\"><title>23:50 to 23:55 UTC: 4 jobs</title>";
        assert!(text.contains(hit), "{text}");
    }

    #[test]
    fn what_is_wanted_is_a_line_across_the_areas_and_not_on_top_of_them() {
        let samples = [sample(1431, 4), sample(1436, 2)];
        let timeline = Timeline::of(&samples, sample(1440, 0).at);
        let there = timeline.most(|sample| sample.waiting);
        let wanted = timeline.last_known(|sample| sample.waiting.map(|number| number + 4));
        let layers = [(Tone::Busy, there), (Tone::Wanted, wanted)];
        assert_eq!(peak(&layers), 8);
        let words = |values: &[(Tone, u32)]| format!("{} of {}", values[0].1, values[1].1);
        let text = stacked(&timeline, &layers, 8, "8 at most", words).into_string();
        assert!(text.contains("<path class=\"wanted\" d=\"M22 0.0V0.0H23V15.0H24\">"), "{text}");
        assert!(text.contains("<path class=\"busy\" d=\"M22 60.0V30.0H23V45.0H24V60.0H23V60.0H22Z\">"), "{text}");
        assert!(text.contains("23:50 to 23:55 UTC: 4 of 8"), "{text}");
    }
}
