//! What was done, from the journal: the document and the text of `mita history`, and the stories that `mita explain` tells.

mod select;
pub(crate) mod text;
mod totals;

pub(crate) use select::{names, select, story};

use crate::domain::journal::Entry;
use crate::domain::names::Owner;
use crate::domain::subject::Subject;
use crate::record::clean;
use crate::view::document::{Time, VERSION};
use crate::view::text::{NOT_RUN, closest, similar};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use totals::Totals;

/// What was done, the oldest first, and sums of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "mita history --output json")]
pub(crate) struct HistoryDocument {
    #[schemars(extend("const" = VERSION))]
    version: u32,
    owner: Owner,
    now: Time,
    /// Null if there is no limit.
    since: Option<Time>,
    /// Null if there is no limit.
    until: Option<Time>,
    /// Null for everything.
    subject: Option<String>,
    /// What to look for if nothing is about the subject, at any time.
    #[serde(skip)]
    hint: String,
    entries: Vec<Entry>,
    totals: Totals,
}

impl HistoryDocument {
    /// Selects among all entries of the journal those of a time, and of a subject if there is one.
    pub(crate) fn of(
        owner: &Owner,
        now: Timestamp,
        (since, until): (Timestamp, Timestamp),
        subject: Option<&str>,
        entries: Vec<Entry>,
    ) -> Self {
        let (mut entries, hint) = match subject.map(Subject::read) {
            Some(subject) => match select(&subject, entries) {
                (wanted, others) if wanted.is_empty() => (wanted, hint(&closest(&names(&others), &subject.name))),
                (wanted, _) => (wanted, String::new()),
            },
            None => (entries, String::new()),
        };
        entries.retain(|entry| since <= entry.at && entry.at <= until);
        entries.iter_mut().for_each(|entry| entry.reason = entry.reason.as_deref().map(clean::text));
        HistoryDocument {
            version: VERSION,
            owner: owner.clone(),
            now: Time(now),
            since: (since != Timestamp::MIN).then_some(Time(since)),
            until: (until != Timestamp::MAX).then_some(Time(until)),
            subject: subject.map(str::to_owned),
            hint,
            totals: Totals::of(&entries),
            entries,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// That nothing is written of it, in a sentence.
    pub(crate) fn nothing(&self, has_not_run: bool) -> String {
        let since = self.since.map_or(String::new(), |since| format!(" since {since}"));
        let until = self.until.map_or(String::new(), |until| format!(" until {until}"));
        let since = format!("{since}{until}");
        match &self.subject {
            Some(subject) => format!("the journal has nothing about {subject:?}{since}{}", self.hint),
            None if has_not_run => format!("the journal has nothing{since}: {NOT_RUN}"),
            None => format!(
                "the journal has nothing{since}: no run did or saw anything worth writing down; mita history --since 7d looks \
                 further back"
            ),
        }
    }

    /// The entries as a table, and the sums, for lines of this width.
    pub(crate) fn render(&self, width: usize) -> String {
        format!("{}{}\n", text::table("History, times in UTC", &self.entries).render(width), self.totals.sentence())
    }
}

/// The end of a sentence about a subject that has no entry.
fn hint(near: &[String]) -> String {
    if near.is_empty() { "; `mita history --since 7d` shows what it has".to_owned() } else { similar(near) }
}
