//! Volumes that outlive their server, and that nothing but the state knows.

use crate::domain::rule::Rule;
use crate::domain::small_set::SmallSet;
use crate::domain::state::{DeletionRefused, Retirement, RetirementStep};
use crate::domain::world::*;
use crate::plan::model::{Change, Plan, Subject};
use crate::plan::sightings::volumes::wanted;
use crate::plan::tests::situation::*;

/// A list that shows these volumes with the server, as those that go with it.
type Shown = Option<&'static [&'static str]>;

fn volume(id: &str, name: &str) -> Volume {
    Volume { id: id.into(), name: name.to_owned(), mark: None, state: VolumeState::Free, attachments: vec![] }
}

/// A volume that is attached to this server.
fn attached(volume: Volume, server: &str) -> Volume {
    let attachment = Attachment { id: Some("a1".into()), server: Some(server.into()) };
    Volume { state: VolumeState::InUse("in-use".to_owned()), attachments: vec![attachment], ..volume }
}

/// The volumes that a plan deletes.
fn deletions(plan: &Plan) -> Vec<String> {
    let volumes = plan.actions.iter().filter_map(|action| match &action.change {
        Change::DeleteVolume { volume_id, .. } => Some(volume_id.to_string()),
        _ => None,
    });
    volumes.collect()
}

/// The rules of the verdicts on volumes.
fn rules(plan: &Plan) -> Vec<Rule> {
    let volumes = plan.verdicts.iter().filter(|verdict| verdict.subject == Subject::Volume);
    volumes.map(|verdict| verdict.rule).collect()
}

/// The plan of the next run, after which the volumes are as they were.
fn next_run(s: &mut Situation, after: &str) -> Plan {
    let volumes = s.cloud("os").volumes.clone();
    let plan = s.after(after).plan();
    s.come_true(plan.clone());
    s.cloud("os").volumes = volumes;
    plan
}

/// What the next runs, one a minute, want to delete of this one volume.
fn next_runs(s: &mut Situation, runs: usize, volume: &Volume) -> Vec<String> {
    s.cloud("os").volumes = Some(Listing::Complete(vec![volume.clone()]));
    let runs = (0..runs).flat_map(|_| deletions(&next_run(s, "1m")));
    runs.collect()
}

/// The volumes that mita deletes of three without a name, after a server that was shown with these, one run after the
/// other, the first of them while it was being built.
fn deleted(shown: &[Shown]) -> Vec<String> {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Building;
    let now = s.now;
    let memory = s.memory("s1");
    (memory.ordered_at, memory.active_since) = (now, None);
    for (run, volumes) in shown.iter().enumerate() {
        let server = s.server("s1");
        server.volumes = volumes.map(|ids| ids.iter().map(|id| (*id).into()).collect::<SmallSet<_>>());
        match run {
            0 => {}
            3.. => server.state = ServerState::Stopped("SHUTOFF".to_owned()),
            _ => server.state = ServerState::Active,
        }
        s.run().after("1m");
    }
    deleted_by_mita(&mut s);
    let volumes = vec![volume("boots", ""), volume("data", ""), volume("persons", ""), volume("named", "mine")];
    s.cloud("os").volumes = Some(Listing::Complete(volumes));
    s.run().after("1m");
    let plan = s.plan();
    assert!(plan.verdicts.iter().all(|verdict| !verdict.name.is_empty()), "a volume without a name is told by its id");
    deletions(&plan)
}

/// The server `s1` is gone after a deletion of mita's.
fn deleted_by_mita(s: &mut Situation) {
    let since = s.now;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::ServerDeleted });
    s.lose_server("s1");
}

#[test]
fn s5_the_volumes_that_came_with_a_server_are_deleted_after_it() {
    assert_eq!(deleted(&[None, Some(&["boots"])]), ["boots"], "first shown when it is ACTIVE");
    assert_eq!(deleted(&[Some(&["boots"]), Some(&["boots", "data"])]), ["boots", "data"]);
    assert_eq!(deleted(&[Some(&["boots"]), None, None]), ["boots"], "an answer that does not tell takes none away");
}

#[test]
fn s2_a_volume_that_a_person_attached_detached_or_named_is_left_alone() {
    let all: &[&str] = &["boots", "persons"];
    assert_eq!(deleted(&[Some(&[]), Some(&["boots"]), Some(all)]), ["boots"], "attached later");
    assert_eq!(deleted(&[Some(all), Some(all), Some(&["boots"])]), ["boots"], "detached");
    assert_eq!(
        deleted(&[Some(all), Some(all), Some(all), Some(&["boots"])]),
        ["boots"],
        "detached while it was stopped"
    );
    assert_eq!(deleted(&[Some(&["boots", "named"]), Some(&["boots", "named"])]), ["boots"], "named");
    assert_eq!(deleted(&[None, None, Some(all)]), [""; 0], "shown too late to tell");
}

/// The volumes of a server with `storage` and `boot_volume`, by what makes them mita's.
fn both() -> [(Situation, Volume); 2] {
    ["", "s1-blank-vol"].map(|name| {
        let mut s = Situation::new();
        let gone = s.remember_gone("s1");
        if name.is_empty() {
            gone.volumes = ["v1".into()].into();
        }
        (s, volume("v1", name))
    })
}

#[test]
fn s2_a_volume_that_was_once_attached_to_another_server_is_left_alone_for_good_and_that_is_told_once() {
    for (mut s, volume) in both() {
        s.cloud("os").volumes = Some(Listing::Complete(vec![attached(volume.clone(), "forensics")]));
        let plan = next_run(&mut s, "1m");
        assert_eq!((deletions(&plan), rules(&plan)), (vec![], vec![Rule::NotOurs]));
        assert!(plan.warnings.iter().any(|warning| warning.contains("mita leaves it alone")), "{:?}", plan.warnings);
        for _ in 0..30 {
            let plan = next_run(&mut s, "1m");
            assert_eq!((plan.problems, plan.warnings), (vec![], vec![]), "it is no problem, and told once");
        }
        assert_eq!(next_runs(&mut s, 3, &volume), [""; 0], "detached");
        assert!(!wanted(&s.config, &s.state, &"os".into()), "nothing is left to watch for");
    }
}

#[test]
fn s2_a_volume_that_once_had_a_name_is_left_alone() {
    let [(mut s, volume), _] = both();
    let named = Volume { name: "keep-me".to_owned(), ..volume.clone() };
    assert_eq!(next_runs(&mut s, 1, &named), [""; 0]);
    assert_eq!(next_runs(&mut s, 3, &volume), [""; 0]);
}

/// A server with `storage` whose lists show this volume as one that goes with it, or stays, one run after the other; then it
/// is gone, with so much of a retirement of mita's done. Gives what is deleted of the volume.
fn deleted_storage(shown: &[(&[&str], &[&str])], step: Option<RetirementStep>) -> Vec<String> {
    deleted_storage_of(shown, step, |_| {})
}

fn deleted_storage_of(
    shown: &[(&[&str], &[&str])],
    step: Option<RetirementStep>,
    act: impl FnOnce(&mut Situation),
) -> Vec<String> {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.memory("s1").active_since = None;
    s.memory("s1").storage = true;
    for (goes, stays) in shown {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect::<SmallSet<_>>();
        s.server("s1").volumes = Some(ids(goes));
        s.server("s1").kept_volumes = ids(stays);
        s.run().after("1m");
    }
    let since = s.now;
    s.memory("s1").retirement = step.map(|step| Retirement { rule: Rule::Idle, since, step });
    act(&mut s);
    s.lose_server("s1");
    s.run().after("1m").run();
    next_runs(&mut s, 3, &volume("v1", "s1-blank-vol"))
}

/// mita has deleted the server.
const DONE: Option<RetirementStep> = Some(RetirementStep::ServerDeleted);

#[test]
fn s2_a_storage_volume_that_a_person_detached_or_asked_to_keep_is_left_alone() {
    assert_eq!(deleted_storage(&[(&["v1"], &[])], DONE), ["v1"; 3]);
    assert_eq!(deleted_storage(&[(&["v1"], &[]), (&[], &["v1"])], DONE), [""; 0], "to be kept");
    assert_eq!(deleted_storage(&[(&[], &["v1"])], DONE), [""; 0], "with the state lost in between");
    assert_eq!(deleted_storage(&[(&["v1"], &[]), (&[], &[])], DONE), [""; 0], "detached");
    assert_eq!(deleted_storage(&[(&["v1"], &[]), (&["v1"], &["data"])], DONE), ["v1"; 3], "of a person's own volume");
}

#[test]
fn s2_a_free_volume_of_a_server_that_somebody_else_deleted_may_have_been_detached_before() {
    assert_eq!(deleted_storage(&[(&["v1"], &[])], None), [""; 0]);
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Building;
    let memory = s.memory("s1");
    (memory.active_since, memory.storage) = (None, true);
    s.run();
    s.lose_server("s1");
    s.after("1m").run().after("1m").run();
    assert_eq!(next_runs(&mut s, 1, &volume("v1", "s1-blank-vol")), ["v1"], "of one that never ran");
}

#[test]
fn s2_s5_a_deletion_that_mita_sent_is_its_own_whatever_was_answered() {
    for step in [RetirementStep::Decided, RetirementStep::NodesOffline, RetirementStep::NodesDeleted] {
        assert_eq!(deleted_storage(&[(&["v1"], &[])], Some(step)), [""; 0], "{step:?}");
    }
    let sent = |s: &mut Situation| s.memory("s1").deletion_sent = true;
    assert_eq!(deleted_storage_of(&[(&["v1"], &[])], Some(RetirementStep::NodesDeleted), sent), ["v1"; 3]);
    // Its agent registers itself once more while the server goes.
    let mut s = Situation::new();
    s.idle("s1", "10.0.0.1", "1m");
    let since = s.now;
    s.memory("s1").storage = true;
    s.memory("s1").retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::NodesDeleted });
    s.memory("s1").deletion_sent = true;
    s.server("s1").state = ServerState::Deleting;
    s.run();
    s.lose_server("s1");
    s.lose_node("ubuntu+10.0.0.1");
    s.after("1m").run().after("1m").run();
    assert_eq!(next_runs(&mut s, 1, &volume("v1", "s1-blank-vol")), ["v1"]);
}

#[test]
fn s2_a_deletion_that_the_cloud_refused_and_that_came_all_the_same_is_somebody_elses() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1");
    s.lose_node("ubuntu+10.0.0.1");
    let since = s.now;
    let memory = s.memory("s1");
    memory.storage = true;
    memory.retirement = Some(Retirement { rule: Rule::Idle, since, step: RetirementStep::NodesDeleted });
    memory.deletion_refused = Some(DeletionRefused { since, reason: "403".to_owned(), alone: false });
    s.lose_server("s1");
    s.run().after("1m").run();
    assert_eq!(next_runs(&mut s, 3, &volume("v1", "s1-blank-vol")), [""; 0]);
}

#[test]
fn s2_a_name_or_another_server_that_a_run_saw_while_the_server_ran_is_as_good_as_later() {
    let persons: [fn(Volume) -> Volume; 2] =
        [|volume| Volume { name: "keep-me".to_owned(), ..volume }, |volume| attached(volume, "forensics")];
    for (name, person) in ["", "s1-blank-vol"].into_iter().zip(persons) {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1").state = ServerState::Building;
        s.server("s1").volumes = Some(["v1".into()].into());
        let now = s.now;
        let memory = s.memory("s1");
        (memory.ordered_at, memory.active_since, memory.storage) = (now, None, true);
        s.run();
        s.server("s1").state = ServerState::Active;
        let own = volume("v1", name);
        s.cloud("os").volumes = Some(Listing::Complete(vec![person(own.clone())]));
        s.after("1m").run();
        s.cloud("os").volumes = None;
        deleted_by_mita(&mut s);
        s.after("1m").run().after("1m").run();
        s.cloud("os").volumes = Some(Listing::Complete(vec![own]));
        let plan = next_run(&mut s, "1m");
        assert_eq!((deletions(&plan), rules(&plan)), (vec![], vec![Rule::NotOurs]));
        assert!(plan.warnings.iter().any(|warning| warning.contains("mita leaves it alone")), "{:?}", plan.warnings);
    }
}

#[test]
fn a_boot_volume_that_a_person_detached_or_asked_to_keep_is_told_once_and_a_persons_own_volume_is_not() {
    for (goes, stays) in [(&[][..], &["v1", "persons"][..]), (&[], &["persons"])] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1");
        s.memory("s1").active_since = None;
        for (goes, stays) in [(&["v1"][..], &[][..]), (goes, stays)] {
            let ids = |ids: &[&str]| ids.iter().map(|id| (*id).into()).collect::<SmallSet<_>>();
            (s.server("s1").volumes, s.server("s1").kept_volumes) = (Some(ids(goes)), ids(stays));
            s.run().after("1m");
        }
        deleted_by_mita(&mut s);
        s.run().after("1m").run();
        s.cloud("os").volumes = Some(Listing::Complete(vec![volume("v1", ""), volume("persons", "")]));
        let told = (0..4).flat_map(|_| next_run(&mut s, "1m").warnings).filter(|text| text.starts_with("volume"));
        let told: Vec<String> = told.collect();
        assert!(told.len() == 1 && told[0].starts_with("volume v1 at provider os: its server s1 is gone"), "{told:?}");
    }
}

#[test]
fn volumes_that_builds_attach_for_months_are_remembered_up_to_a_bound() {
    let mut s = Situation::new();
    s.busy("s1", "10.0.0.1");
    for number in 0..400 {
        s.server("s1").kept_volumes = [format!("v{number}").as_str().into()].into();
        s.run().after("1m");
    }
    assert_eq!(s.memory("s1").taken_volumes.len(), 200);
}

#[test]
fn s5_a_volume_that_is_attached_to_its_server_that_is_gone_is_freed_and_deleted() {
    for (mut s, volume) in both() {
        let left = attached(volume, "s1");
        assert_eq!(next_runs(&mut s, 1, &left), ["v1"]);
        let told = (0..4).flat_map(|_| next_run(&mut s, "5m").problems).next().expect("L6: a problem");
        assert!(told.error.contains("its attachment was left behind"), "{told:?}");
        for odd in [
            Volume { state: VolumeState::InUse("detaching".to_owned()), ..left.clone() },
            Volume { attachments: vec![Attachment { id: Some("a1".into()), server: None }], ..left.clone() },
            Volume { attachments: vec![Attachment { id: None, server: Some("s1".into()) }], ..left.clone() },
        ] {
            assert_eq!(next_runs(&mut s, 1, &odd), [""; 0], "{odd:?}");
        }
    }
}

#[test]
fn l6_a_volume_that_a_snapshot_keeps_is_a_problem_for_as_long_as_it_is_there() {
    for (mut s, volume) in both() {
        s.cloud("os").volumes = Some(Listing::Complete(vec![volume]));
        for _ in 0..90 {
            next_run(&mut s, "23h");
            (0..5).for_each(|_| _ = next_run(&mut s, "10m"));
        }
        assert_eq!(s.plan().problems.len(), 1);
        s.cloud("os").volumes = Some(Listing::Complete(vec![]));
        for _ in 0..40 {
            s.now += time("24h");
            s.run();
        }
        assert!(s.state.gone_servers.is_empty(), "it is forgotten a month after it was last seen");
    }
}
