//! Nothing lasts in silence (L6): if jobs wait or servers stay for longer than they should, that becomes a problem.

use super::draft::Draft;
use crate::domain::format::span;
use crate::domain::rule::Rule;
use crate::domain::state::{Credit, State};
use crate::plan::model::{Action, Change, Problem, Subject, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What lasts longer than this is reported.
const TOO_LONG: SignedDuration = SignedDuration::from_mins(15);

/// Of problems with one cure, so many are told one by one.
const MOST_ALIKE: usize = 20;

/// The place of more problems than are told one by one.
const MANY: &str = "many";

/// The cure for a removal that does not come to its end.
const REMOVE_OBSTACLE: &str = "see the errors of the last runs (mita reconcile -v) and remove what stands in the way";

/// Counts for how long each condition lasts, and adds a problem for each that lasts too long.
pub(crate) fn report(memory: &mut State, draft: &mut Draft, now: Timestamp) {
    let mut counted: BTreeMap<String, Credit> = BTreeMap::new();
    let mut reported: BTreeMap<&str, usize> = BTreeMap::new();
    for condition in conditions(memory, draft) {
        let credit = Credit::sighted(memory.lasting.get(&condition.key).copied(), now, TOO_LONG);
        if credit.credit >= TOO_LONG {
            let Condition { place, what, cure, .. } = condition;
            let number = reported.entry(cure).or_default();
            *number += 1;
            if *number <= MOST_ALIKE {
                let error = format!("{what} for {}: {cure}", span(credit.credit));
                draft.problems.push(Problem { place, error });
            }
        }
        counted.insert(condition.key, credit);
    }
    for (cure, number) in reported.into_iter().filter(|(_, number)| *number > MOST_ALIKE) {
        let error = format!("{} more like the last ones (mita status shows all): {cure}", number - MOST_ALIKE);
        draft.problems.push(Problem { place: MANY.to_owned(), error });
    }
    memory.lasting = counted;
}

/// Something that should be over soon.
struct Condition {
    key: String,
    place: String,
    what: String,
    cure: &'static str,
}

fn conditions(memory: &State, draft: &Draft) -> Vec<Condition> {
    let mut conditions: Vec<Condition> = draft.verdicts.iter().filter_map(of_verdict).collect();
    conditions.extend(draft.actions.iter().filter_map(of_removal));
    conditions.extend(memory.settling.as_ref().map(|settling| Condition {
        key: "settling".to_owned(),
        place: "jenkins".to_owned(),
        what: format!("nothing is ordered or deleted ({})", settling.cause.reason()),
        cure: "find out why Jenkins restarts again and again, or why the state file cannot be read",
    }));
    if draft.verdicts.iter().any(|verdict| verdict.rule == Rule::TooManyNeeds) {
        conditions.push(Condition {
            key: Rule::TooManyNeeds.to_string(),
            place: "jenkins".to_owned(),
            what: "jobs that need too many different things wait at once, and not every way to place them is tried"
                .to_owned(),
            cure: "find out in mita status jobs who starts them, and cancel them or give them fewer different labels",
        });
    }
    conditions
}

fn of_verdict(verdict: &Verdict) -> Option<Condition> {
    let Verdict { subject, id, name, rule, reason } = verdict;
    let cure = match (subject, rule) {
        (Subject::Server, Rule::Ambiguous) => "rename or delete the node, so that mita can tell",
        (Subject::Server, Rule::UnknownState) => "bring the server into a state that mita knows, or delete it",
        (Subject::Volume | Subject::FloatingIp, Rule::Attached) => "detach it or delete it, if nobody needs it",
        _ => return None,
    };
    let place = format!("{subject} {name} ({id})");
    Some(Condition { key: format!("{subject} {id} {rule}"), place, what: format!("{rule} ({reason})"), cure })
}

/// A removal that is decided in each run and does not come to its end.
fn of_removal(action: &Action) -> Option<Condition> {
    let place = match &action.change {
        Change::RetireNode(target) | Change::DeleteServer(target) => {
            format!("server {} ({})", target.name, target.server_id)
        }
        Change::DeleteNode { node, .. } => format!("node {node}"),
        Change::DeleteVolume { volume_id, .. } => format!("volume {volume_id}"),
        Change::ReleaseFloatingIp { floating_ip_id, .. } => format!("floating ip {floating_ip_id}"),
        _ => return None,
    };
    Some(Condition {
        key: format!("removal of {place}"),
        what: format!("its removal ({}) is decided in each run and does not come to its end", action.rule),
        place,
        cure: REMOVE_OBSTACLE,
    })
}

/// Whether the problem is that one of these removals does not come to its end.
pub(super) fn is_of_removal(problem: &Problem, removals: &[Action]) -> bool {
    let is_meant = |place: &str| removals.iter().filter_map(of_removal).any(|removal| removal.place == place);
    problem.error.ends_with(REMOVE_OBSTACLE) && (problem.place == MANY || is_meant(&problem.place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Owner;

    #[test]
    fn l6_jobs_that_no_plan_has_the_effort_for_are_one_problem_after_a_quarter_of_an_hour() {
        let mut memory = State::new(Owner::new("ci").unwrap());
        let mut now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for minutes in [0, 5, 10, 15] {
            let mut draft = Draft::default();
            for id in 1..=3 {
                draft.verdict(Subject::QueueItem, id, "job", Rule::TooManyNeeds, "needs a");
            }
            report(&mut memory, &mut draft, now);
            assert_eq!(draft.problems.len(), usize::from(minutes == 15), "{minutes}: {:?}", draft.problems);
            now += SignedDuration::from_mins(5);
        }
        report(&mut memory, &mut Draft::default(), now);
        assert!(memory.lasting.is_empty());
    }
}
