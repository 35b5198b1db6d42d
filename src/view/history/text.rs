//! Entries of the journal for people: a row each.

use crate::domain::journal::{Entry, Event, JobEntry, Life};
use crate::view::table::Table;
use crate::view::text::{duration, plural};
use jiff::SignedDuration;

/// The entries as a table.
pub(crate) fn table(title: &'static str, entries: &[Entry]) -> Table {
    let mut table = Table::new(title, &["TIME", "WHAT", "OF"]);
    // That the cloud created it shows in what follows, where it did.
    for entry in entries.iter().filter(|entry| entry.event != Event::Created) {
        let time = entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string();
        table.row(vec![time, words(entry.event), object(entry)], note(entry));
    }
    table
}

/// The event, in words.
pub(crate) fn words(event: Event) -> String {
    match event {
        Event::FloatingIpReleased => "IP released".to_owned(),
        Event::Asked => "retire asked".to_owned(),
        event => event.name().replace('_', " "),
    }
}

/// What it happened to: the name that people use.
pub(crate) fn object(entry: &Entry) -> String {
    let Entry { event, node_type, provider, order, server_id, node, resource, jobs, .. } = entry;
    match event {
        Event::Started | Event::LeftQueue => jobs.first().map_or_else(String::new, |job| job.job.clone()),
        Event::Paused | Event::Resumed => match (node_type, provider) {
            (None, None) => "everything".to_owned(),
            (Some(name), None) => name.to_string(),
            (None, Some(name)) => name.to_string(),
            (Some(node_type), Some(provider)) => format!("{node_type} at {provider}"),
        },
        _ => {
            let node = node.as_ref().map(ToString::to_string);
            let order = order.as_ref().map(ToString::to_string);
            let server = server_id.as_ref().map(ToString::to_string);
            resource.clone().or(node).or(order).or(server).unwrap_or_default()
        }
    }
}

/// How and why it happened.
pub(crate) fn note(entry: &Entry) -> String {
    let Entry { event, node_type, provider, server_id, node, rule, reason, by, build, after_seconds, .. } = entry;
    let mut parts = Vec::new();
    let time = |seconds: i64| duration(SignedDuration::from_secs(seconds));
    match event {
        Event::Ordered => {
            let place = [node_type.as_ref().map(ToString::to_string), provider.as_ref().map(ToString::to_string)];
            parts.push(place.into_iter().flatten().collect::<Vec<_>>().join(" at "));
            if !entry.jobs.is_empty() {
                parts.push(format!("for {}", entry.jobs.iter().map(job).collect::<Vec<_>>().join(", ")));
            }
        }
        Event::Created => parts.extend(server_id.as_ref().map(|id| format!("server {id}"))),
        Event::Online => {
            parts.extend(after_seconds.map(|after| format!("{} after the order", time(after))));
            parts.extend(server_id.as_ref().map(|id| format!("server {id}")));
        }
        Event::FirstBuild => {
            parts.push(match (build, entry.jobs.first()) {
                (Some(build), _) => build.name.clone(),
                (None, Some(job)) => format!("probably of {}, and over when the run looked", job.job),
                (None, None) => "over when the run looked, so its job is not known".to_owned(),
            });
            parts.extend(after_seconds.map(|after| format!("{} after it was online", time(after))));
        }
        Event::Started | Event::LeftQueue => {
            let waited = entry.jobs.first().and_then(|job| job.waited_seconds);
            parts.extend(waited.map(|waited| format!("waited {}", time(waited))));
            let ran = build.as_ref().zip(node.as_ref()).map(|(build, node)| format!("{} on {node}", build.name));
            parts.extend(ran);
            if *event == Event::LeftQueue {
                parts.push("not seen running: over already, or cancelled".to_owned());
            }
        }
        _ => {}
    }
    parts.extend(by.as_ref().map(|by| format!("by {by}")));
    let said = match (rule, reason) {
        (Some(rule), Some(reason)) if !matches!(event, Event::NotDone | Event::OrderFailed) => {
            Some(rule.because(reason))
        }
        (Some(rule), None) => Some(rule.to_string()),
        (_, reason) => reason.clone(),
    };
    // The sentence of a service goes on here.
    let said = said.map(|said| said.strip_suffix('.').filter(|said| !said.ends_with('.')).unwrap_or(&said).to_owned());
    // Of an order, the jobs say it all.
    parts.extend(said.filter(|_| *event != Event::Ordered || entry.jobs.is_empty()));
    // A pause that was resumed ended before.
    parts.extend(entry.until.filter(|_| *event != Event::Resumed).map(|until| format!("until {until:.0}")));
    parts.extend(entry.life.filter(|_| matches!(event, Event::Removed | Event::Vanished)).map(life));
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

fn job(job: &JobEntry) -> String {
    let waited = job
        .waited_seconds
        .map_or_else(String::new, |waited| format!(", waiting {}", duration(SignedDuration::from_secs(waited))));
    format!("{} (queue item {}{waited})", job.job, job.queue_id)
}

fn life(life: Life) -> String {
    let time = |seconds: i64| duration(SignedDuration::from_secs(seconds));
    let builds = plural(usize::try_from(life.builds).unwrap_or(usize::MAX), "build");
    let worked = match life.busy_seconds {
        0 if life.builds > 0 => "worked for a time that is not known".to_owned(),
        worked => format!("worked {}", time(worked)),
    };
    format!("lived {}, {worked}, {builds} seen", time(life.age_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn the_end_of_a_pause_is_said_only_where_it_begins() {
        let entry = |event| Entry { until: Some(Timestamp::UNIX_EPOCH), ..Entry::new(Timestamp::UNIX_EPOCH, event) };
        assert_eq!(note(&entry(Event::Paused)), "until 1970-01-01T00:00:00Z");
        assert_eq!(note(&entry(Event::Resumed)), "");
    }

    #[test]
    fn the_sentence_of_a_service_has_no_full_stop_before_what_follows() {
        let said = |text: &str| note(&Entry::new(Timestamp::UNIX_EPOCH, Event::Failed).saying(text));
        assert_eq!(said("No valid host was found."), "No valid host was found");
        assert_eq!(said("and so on..."), "and so on...");
    }
}
