//! Nothing lasts in silence (L6): if jobs wait or servers stay for longer than they should, that becomes a problem.

use super::draft::{Draft, Lost};
use crate::domain::format::span;
use crate::domain::names::{NodeName, NodeTypeName};
use crate::domain::rule::Rule;
use crate::domain::state::{ClosedNode, Credit, LEFT_OUT_UNKNOWN, SETTLING, State};
use crate::plan::capacity::failing::Failing;
use crate::plan::lifecycle::doubts::OddHold;
use crate::plan::lifecycle::lateness;
use crate::plan::model::{Action, Change, Plan, Problem, Subject, Verdict};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt::Display;

/// What lasts longer than this is reported.
pub(crate) const TOO_LONG: SignedDuration = SignedDuration::from_mins(15);

/// A hold lasts for hours in good order. One that may have been forgotten is reported after this time.
pub(super) const HELD_TOO_LONG: SignedDuration = SignedDuration::from_hours(24);

/// So much of the time of a server that is tried after a failure is that until the failure is seen.
const FAILED_WITHIN: SignedDuration = SignedDuration::from_mins(5);

/// Of problems with one cure, so many are told one by one.
const MOST_ALIKE: usize = 20;

/// Counts for how long each condition lasts, and adds a problem for each that lasts too long. Removals are counted here and
/// reported once it is known which of them are held back.
pub(crate) fn report(state: &mut State, draft: &mut Draft, now: Timestamp) {
    let mut conditions: Vec<(Condition, SignedDuration)> =
        conditions(state, draft).into_iter().map(|condition| (condition, TOO_LONG)).collect();
    conditions.extend(of_types_that_fail(state, draft));
    conditions.extend(lost_agents(draft));
    conditions.extend(odd_holds(draft).into_iter().map(|hold| (hold, HELD_TOO_LONG)));
    let removals = draft.actions.iter().filter_map(|action| of_removal(state, action)).map(|removal| removal.key);
    let keys = removals.chain(std::mem::take(&mut draft.kept_for_pipelines)).map(|key| (key, TOO_LONG));
    let keys = keys.chain(conditions.iter().map(|(condition, limit)| (condition.key.clone(), *limit)));
    let sighted = |(key, limit): (String, SignedDuration)| {
        let credit = Credit::sighted(state.lasting.get(&key).copied(), now, limit);
        (key, credit)
    };
    state.lasting = keys.map(sighted).collect();
    draft.problems.extend(problems(conditions, &state.lasting));
}

/// Adds a problem for each removal that does not come to its end. Those that the brake holds back were not begun.
pub(super) fn report_removals(plan: &mut Plan) {
    let held_back = plan.held_back.iter().filter_map(|action| of_removal(&plan.state, action));
    let held_back: Vec<String> = held_back.map(|removal| removal.key).collect();
    for key in held_back {
        plan.state.lasting.remove(&key);
    }
    let removals = plan.actions.iter().filter_map(|action| of_removal(&plan.state, action));
    plan.problems.extend(problems(removals.map(|removal| (removal, TOO_LONG)), &plan.state.lasting));
}

/// What lasts longer than its limit. Of many with one cure, only the first are named.
fn problems(
    conditions: impl IntoIterator<Item = (Condition, SignedDuration)>,
    lasting: &BTreeMap<String, Credit>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    for (Condition { key, place, what, cure }, limit) in conditions {
        let Some(credit) = lasting.get(&key).filter(|credit| credit.credit >= limit) else { continue };
        let number = alike.entry(cure).or_default();
        *number += 1;
        if *number <= MOST_ALIKE {
            problems.push(Problem { place, error: format!("{what} for {}: {cure}", span(credit.credit)) });
        }
    }
    for (cure, number) in alike.into_iter().filter(|(_, number)| *number > MOST_ALIKE) {
        let error = format!("{} more like the last ones (mita status shows all): {cure}", number - MOST_ALIKE);
        problems.push(Problem { place: "many".to_owned(), error });
    }
    problems
}

/// Why a node stays that a pipeline names.
pub(super) const WAITED_FOR: &str = "a pipeline waits for this very node";

/// The key of a server, or of a node without one, that is kept for a pipeline which waits for that very node.
pub(super) fn kept_for_pipelines(what: &impl Display) -> String {
    format!("server {what} kept for pipelines")
}

/// Whether something has lasted too long, as far as the runs before this one have seen it.
pub(super) fn is_too_long(state: &State, key: &str, now: Timestamp) -> bool {
    state.lasting.get(key).is_some_and(|credit| credit.by(now) >= TOO_LONG)
}

/// Something that should be over soon.
struct Condition {
    key: String,
    place: String,
    what: String,
    cure: &'static str,
}

fn conditions(state: &State, draft: &Draft) -> Vec<Condition> {
    let mut conditions: Vec<Condition> = draft.verdicts.iter().filter_map(of_verdict).collect();
    conditions.extend(state.settling.as_ref().map(|settling| Condition {
        key: SETTLING.to_owned(),
        place: "jenkins".to_owned(),
        what: format!("nothing is ordered or deleted ({})", settling.cause.reason()),
        cure: "find out why Jenkins restarts again and again, or why the state file cannot be read",
    }));
    conditions.extend(draft.still_connected.iter().map(|node| Condition {
        key: format!("node {node} without its server"),
        place: format!("node {node}"),
        what: "its server is not to be seen, and its agent is connected all the same,".to_owned(),
        cure: "find out where its agent runs (another project or cloud?), then delete the node in Jenkins",
    }));
    conditions.extend(draft.unclear.iter().map(|node| Condition {
        key: format!("node {node} unclear"),
        place: format!("node {node}"),
        what: "Jenkins does not say whether it works or is online".to_owned(),
        cure: "look at computer/api/json of Jenkins, and delete the node there if nothing runs on it",
    }));
    conditions.extend(draft.closed.iter().map(|node| Condition {
        key: format!("node {node} closed"),
        place: format!("node {node}"),
        what: format!(
            "it has the label {}, which keeps all builds away, and mita does not know what it had before,",
            ClosedNode::LABEL
        ),
        cure: "give it its labels and its usage back on its page in Jenkins, or delete it there if nobody needs it",
    }));
    conditions.extend(draft.starved.iter().map(|(kind, reason)| Condition {
        key: format!("no quota for {kind}"),
        place: format!("node type {kind}"),
        what: format!("{reason}. mita has no server there that could make room, and a job waits"),
        cure: "free some of the quota, have it raised, or let another provider serve the node type",
    }));
    conditions.extend(draft.in_doubt_at_limits.iter().map(|(server, why)| Condition {
        key: format!("{server} in doubt at a limit"),
        place: server.clone(),
        what: format!("{why}, and it takes up the room for a server that a job waits for,"),
        cure: "if that node is this server, name it base+IP so that mita can tell; if it is not, delete the server in its cloud, \
               or unlock it if it is locked",
    }));
    conditions.extend(draft.filled_by_unused.iter().map(|(kind, reason)| Condition {
        key: format!("{kind} at a limit of unused servers"),
        place: format!("node type {kind}"),
        what: format!("{reason}, and a job waits"),
        cure: "release the nodes that nobody needs to hold, unlock servers in their cloud, want fewer servers at hand (min_idle, \
               spare, ahead), end pauses, end builds whose agents do not come back (mita retire --force NODE), or have that limit raised",
    }));
    conditions.extend(draft.filled_by_idle.iter().map(|(kind, reason)| Condition {
        key: format!("{kind} at a limit of idle servers"),
        place: format!("node type {kind}"),
        what: reason.clone(),
        cure: "shorten idle_grace, retire one of these servers (mita retire NODE), or have that limit raised",
    }));
    conditions.extend(draft.removals_refused.iter().map(|(provider, refusal)| Condition {
        key: format!("provider {provider} refuses removals"),
        place: format!("provider {provider}"),
        what: format!("one node an hour at most is retired there, since the last removal was refused ({refusal}),"),
        cure: "get mita the right to delete servers; after that, mita retire of a node tries it at once",
    }));
    conditions.extend(draft.without_metadata.iter().map(|(id, name)| Condition {
        key: format!("server {id} without metadata"),
        place: format!("server {name} ({id})"),
        what: "its cloud shows it without metadata, so that mita leaves it alone,".to_owned(),
        cure: "ask the cloud's operators why, or delete the server there if nothing runs on it",
    }));
    conditions.extend(draft.left_out_unknown.as_ref().map(|error| Condition {
        key: LEFT_OUT_UNKNOWN.to_owned(),
        place: "jenkins".to_owned(),
        what: format!(
            "whether its queue holds more items than it lists with the labels of jobs is not known ({error})"
        ),
        cure: "find out why Jenkins does not answer, or jobs whose whole label is in double quotes get no servers",
    }));
    if draft.verdicts.iter().any(|verdict| verdict.rule == Rule::QuietingDown) {
        conditions.push(Condition {
            key: Rule::QuietingDown.to_string(),
            place: "jenkins".to_owned(),
            what: "is about to shut down, and jobs wait".to_owned(),
            cure: "find out which build it waits for, or cancel the shutdown on its page Manage Jenkins",
        });
    }
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

/// Node types of which servers are wanted, and fail. Where they take long to join, the next one has the time that they take.
fn of_types_that_fail(state: &State, draft: &Draft) -> Vec<(Condition, SignedDuration)> {
    let condition = |(kind, failing): (&NodeTypeName, &Failing)| {
        let condition = Condition {
            key: format!("{kind} fails"),
            place: format!("node type {kind}"),
            what: format!("{}; one has been wanted", failing.what),
            cure: failing.cure,
        };
        (condition, TOO_LONG.max(lateness::longest(state, kind) + FAILED_WITHIN))
    };
    draft.failing.iter().map(condition).collect()
}

/// Builds that wait for agents which may not come back.
fn lost_agents(draft: &Draft) -> Vec<(Condition, SignedDuration)> {
    let condition = |(node, Lost { what, is_held, after }): (&NodeName, &Lost)| {
        let cure = if *is_held {
            "if nobody holds that node any more, run mita release NODE, then mita retire --force NODE, which ends the build"
        } else {
            "mita retire --force NODE ends the build, and then mita removes what is left"
        };
        let what = format!("{what}, and a build there has waited for its agent");
        (Condition { key: format!("node {node} without its agent"), place: format!("node {node}"), what, cure }, *after)
    };
    draft.lost.iter().map(condition).collect()
}

/// Holds that may have been forgotten.
fn odd_holds(draft: &Draft) -> Vec<Condition> {
    let condition = |(server, (hold, why)): (&String, &(OddHold, String))| Condition {
        key: format!("{server} held"),
        place: server.clone(),
        what: why.clone(),
        cure: match hold {
            OddHold::Hidden => {
                "if nobody holds that node any more, run mita release NODE, or delete the node in Jenkins"
            }
            OddHold::OfAnother => {
                "end the hold in Jenkins if nobody needs it any more, or rename or delete the node there"
            }
        },
    };
    draft.odd_holds.iter().map(condition).collect()
}

fn of_verdict(verdict: &Verdict) -> Option<Condition> {
    let Verdict { subject, id, name, rule, reason } = verdict;
    let cure = match (subject, rule) {
        (Subject::Server, Rule::Ambiguous) => {
            "rename the node, or delete it once nothing runs there, so that mita can tell"
        }
        (Subject::Server, Rule::UnknownState) => {
            "nothing is to be done while a person works on it; after that, make it active again, or delete it"
        }
        (Subject::Server | Subject::Volume, Rule::Deleting) => {
            "ask the cloud's operators to bring its deletion to an end"
        }
        (Subject::Volume | Subject::FloatingIp, Rule::Ambiguous) => {
            "find out where the agent of that node runs, then delete the node in Jenkins"
        }
        (Subject::Volume | Subject::FloatingIp, Rule::Attached) => "detach it or delete it, if nobody needs it",
        (Subject::QueueItem, Rule::IdleExecutor) => {
            "each run saw an idle executor for it, maybe each time of another node, and Jenkins gave it none: find out who \
             starts these nodes, and look at the job in Jenkins"
        }
        // One of mita's deletion has no node any more.
        (Subject::Node, Rule::Gone) => {
            "its cloud keeps its server after the deletion: restore the server there, or delete the node in Jenkins"
        }
        _ => return None,
    };
    let place = if id == name { format!("{subject} {name}") } else { format!("{subject} {name} ({id})") };
    Some(Condition { key: format!("{subject} {id} {rule}"), place, what: format!("{rule} ({reason})"), cure })
}

/// A removal that is decided in each run and does not come to its end.
fn of_removal(state: &State, action: &Action) -> Option<Condition> {
    let place = match &action.change {
        Change::RetireNode(target) | Change::DeleteServer(target) => {
            format!("server {} ({})", target.name, target.server_id)
        }
        Change::DeleteNode { node, .. } => format!("node {node}"),
        Change::DeleteVolume { volume_id, .. } => format!("volume {volume_id}"),
        Change::ReleaseFloatingIp { floating_ip_id, .. } => format!("floating ip {floating_ip_id}"),
        _ => return None,
    };
    let key = format!("removal of {place}");
    let why = match action.rule {
        Rule::Error => action.rule.because(&action.reason),
        rule if matches!(action.change, Change::DeleteVolume { .. }) => rule.because(&action.reason),
        rule => rule.to_string(),
    };
    let what = format!("its removal ({why}) is decided in each run and does not come to its end");
    let server = action.removed().and_then(|target| state.servers.get(&target.order));
    if let Some(refusal) = server.and_then(|server| server.deletion_refused.as_ref()) {
        let cure = "get mita the right to delete servers, or delete the server there";
        return Some(Condition { key, place, what: format!("{what} ({}),", refusal.reason), cure });
    }
    Some(Condition {
        key,
        what,
        place,
        cure: "remove what stands in the way, if the last runs showed errors (mita history); if they showed none, its \
               service accepts the removal and does not do it: ask those who run it",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Owner;

    #[test]
    fn l6_jobs_that_no_plan_has_the_effort_for_are_one_problem_after_a_quarter_of_an_hour() {
        let mut state = State::new(Owner::new("ci").unwrap());
        let mut now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for minutes in [0, 5, 10, 15] {
            let mut draft = Draft::default();
            for id in 1..=3 {
                draft.verdict(Subject::QueueItem, id, "job", Rule::TooManyNeeds, "needs a");
            }
            report(&mut state, &mut draft, now);
            assert_eq!(draft.problems.len(), usize::from(minutes == 15), "{minutes}: {:?}", draft.problems);
            now += SignedDuration::from_mins(5);
        }
        report(&mut state, &mut Draft::default(), now);
        assert!(state.lasting.is_empty());
    }
}
