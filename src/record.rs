//! Records of runs: what was observed, remembered and decided, in one document that can be given away.
//!
//! Planning is a pure function, so a record is all that it takes to plan a run again anywhere, by this program or a later
//! one, and to see where the plan differs. A record holds names of jobs, nodes and servers, their addresses and
//! what services said, but no secrets, no log-ins and no scripts; replaying one reads nothing else and sends nothing.

pub mod clean;
mod difference;

pub use difference::{Difference, Part};

use crate::config::Planning;
use crate::naming::{MitaId, NodeName};
use crate::plan::{self, Action, Plan};
use crate::reconcile::{Decision, Permits, Report};
use crate::secret::redact_document;
use crate::state::State;
use crate::store;
use crate::world::World;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of the records that this program writes.
pub const VERSION: u32 = 1;

/// A record of 10,000 servers and as many queue items takes about 30 MB; a larger file is not one of mita's.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The end of the year 2999, in seconds: from there on no time can be added that would not fit.
const LATEST: i64 = 32_503_680_000;

/// A run, ready to be planned again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// The version of the program that planned.
    mita: String,
    now: Timestamp,
    permits: Permits,
    /// Whether secrets were taken out. Where one was a label or a name, the plan can differ for that alone.
    redacted: bool,
    /// Whether the run before had another configuration: what it learned was then forgotten.
    configuration_changed: bool,
    configuration: Planning,
    state: State,
    world: World,
    plan: RecordedPlan,
    /// What followed the plan. Absent of a dry run, and of a run that did not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Aftermath>,
}

/// A plan in the words of its JSON, so that one of another version can be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedPlan {
    actions: Vec<Value>,
    held_back: Vec<Value>,
    verdicts: Vec<Value>,
    problems: Vec<Value>,
    warnings: Vec<Value>,
}

/// What became of a plan: to be read, not to be planned again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Aftermath {
    /// Orders that were made in place of refused ones. Results count on from the plan's actions to these.
    more_actions: Vec<Value>,
    more_problems: Vec<Value>,
    more_warnings: Vec<Value>,
    results: Vec<Value>,
}

/// Why a file is no record that can be planned again.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A newer program wrote it.
    #[error(
        "the record {} has version {version}, this program knows versions up to {VERSION}: replay it with a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// It is something else, or damaged.
    #[error(
        "{} is not a record of a run: {why}; mita reconcile --record FILE, also with --dry-run, writes one",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused to read it.
    #[error("cannot read the record {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused to write it.
    #[error("cannot write the record {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What every version of a record says first.
#[derive(Deserialize)]
struct Header {
    version: u64,
}

impl Record {
    /// What a run has decided, and by what. Secrets are taken out.
    pub fn of(decision: Decision<'_>) -> Self {
        let Decision { config, permits, state, world, plan } = decision;
        let clean_state = State { fingerprint: String::new(), ..store::without_secrets(state) };
        let clean_world = clean::world(world);
        let redacted = clean_world != *world
            || clean_state != State { fingerprint: String::new(), ..state.clone() }
            || RecordedPlan::of(plan) != RecordedPlan::of(&clean::plan(plan));
        let mut record = Record {
            version: VERSION,
            mita: env!("CARGO_PKG_VERSION").to_owned(),
            now: plan.now,
            permits,
            redacted,
            configuration_changed: state.fingerprint != config.fingerprint,
            configuration: Planning::of(config),
            state: clean_state,
            world: clean_world,
            plan: RecordedPlan::of(&clean::plan(plan)),
            run: None,
        };
        // Long secrets within names are looked for in the document as a whole.
        record.redacted |= record.text().is_ok_and(|text| redact_document(&text) != text);
        record
    }

    /// Adds what became of the plan.
    pub fn conclude(&mut self, report: &Report) {
        let Some(results) = &report.results else { return };
        let all = RecordedPlan::of(&clean::plan(&report.plan));
        let since = |all: Vec<Value>, planned: &[Value]| all.into_iter().skip(planned.len()).collect();
        self.run = Some(Aftermath {
            more_actions: since(all.actions, &self.plan.actions),
            more_problems: since(all.problems, &self.plan.problems),
            more_warnings: since(all.warnings, &self.plan.warnings),
            results: results.iter().map(|result| value(&clean::result(result))).collect(),
        });
    }

    /// Reads a record.
    ///
    /// # Errors
    /// Fails where the file cannot be read, is no record, or was written by a newer program.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let failed = |source| RecordError::Read { path: path.to_owned(), source };
        let unreadable = |why: String| RecordError::Unreadable { path: path.to_owned(), why };
        let mut text = Vec::new();
        File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut text)).map_err(failed)?;
        if text.len() as u64 > LARGEST {
            return Err(unreadable(format!("it is larger than {} MiB", LARGEST >> 20)));
        }
        let header: Header = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if header.version > u64::from(VERSION) {
            return Err(RecordError::Newer { path: path.to_owned(), version: header.version });
        }
        if header.version != u64::from(VERSION) {
            return Err(unreadable(format!("there never was a version {}", header.version)));
        }
        let record: Record = serde_json::from_slice(&text).map_err(|error| unreadable(error.to_string()))?;
        if !(0..LATEST).contains(&record.now.as_second()) {
            return Err(unreadable("its time is none of this millennium".to_owned()));
        }
        if !record.configuration.is_valid() {
            return Err(unreadable("a number of its configuration is none that a configuration can have".to_owned()));
        }
        match record.state.implausible() {
            None => Ok(record),
            Some(why) => Err(unreadable(why)),
        }
    }

    /// Writes the record, in place of an older one: that or this, whole, at any moment. Only its owner can read it.
    ///
    /// # Errors
    /// Fails where the system refuses to write it.
    pub fn write(&self, path: &Path) -> Result<(), RecordError> {
        let failed = |source| RecordError::Write { path: path.to_owned(), source };
        let text = redact_document(&self.text().map_err(|error| failed(error.into()))?) + "\n";
        store::replace_file(path, text.as_bytes()).map_err(failed)
    }

    fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Plans once more, and says where that plan differs from the recorded one. None: it is the same.
    pub fn replay(&self) -> Vec<Difference> {
        difference::between(&self.plan, &self.plan_again())
    }

    /// The record with the plan that this program makes in place of the recorded one. What became of the recorded one is
    /// left out.
    #[must_use]
    pub fn planned_again(&self) -> Self {
        Record { mita: env!("CARGO_PKG_VERSION").to_owned(), plan: self.plan_again(), run: None, ..self.clone() }
    }

    fn plan_again(&self) -> RecordedPlan {
        let config = self.configuration.config();
        let mut state = self.state.clone();
        if !self.configuration_changed {
            state.fingerprint.clone_from(&config.fingerprint);
        }
        let mut plan = plan::plan(&config, &self.world, &state, self.now);
        plan::brake(&mut plan, self.permits.allow_removals);
        RecordedPlan::of(&plan)
    }

    /// The version of the program that planned.
    pub fn planned_by(&self) -> &str {
        &self.mita
    }

    /// The time that was planned for.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether secrets were taken out, so that a plan can differ for that alone.
    pub fn is_redacted(&self) -> bool {
        self.redacted
    }

    /// How many actions were planned, those held back included, and how many verdicts were given.
    pub fn size(&self) -> (usize, usize) {
        (self.plan.actions.len() + self.plan.held_back.len(), self.plan.verdicts.len())
    }
}

impl RecordedPlan {
    fn of(plan: &Plan) -> Self {
        let Plan { owner: _, now: _, actions, verdicts, problems, warnings, held_back, memory: _ } = plan;
        RecordedPlan {
            actions: actions.iter().map(RecordedAction::value).collect(),
            held_back: held_back.iter().map(RecordedAction::value).collect(),
            verdicts: verdicts.iter().map(value).collect(),
            problems: problems.iter().map(value).collect(),
            warnings: warnings.iter().map(value).collect(),
        }
    }
}

/// An action with what its document leaves out.
#[derive(Serialize)]
struct RecordedAction<'a> {
    #[serde(flatten)]
    action: &'a Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<&'a MitaId>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    nodes: &'a [NodeName],
}

impl RecordedAction<'_> {
    fn value(action: &Action) -> Value {
        let (order, nodes): (_, &[NodeName]) = match action {
            Action::RetireNode { id, nodes, .. } | Action::DrainNode { id, nodes, .. } => (Some(id), nodes),
            Action::DeleteServer { id, .. } | Action::RestoreNode { id, .. } | Action::AssignFloatingIp { id, .. } => {
                (Some(id), &[])
            }
            Action::CreateServer { .. }
            | Action::CreateNode { .. }
            | Action::DeleteVolume { .. }
            | Action::ReleaseFloatingIp { .. }
            | Action::DeleteNode { .. } => (None, &[]),
        };
        value(&RecordedAction { action, order, nodes })
    }
}

/// A part of the document in JSON. These have no keys but text, so there is always something.
fn value(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}
