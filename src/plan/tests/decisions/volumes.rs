//! Volumes that outlive their server, and that nothing but the state knows.

use crate::domain::small_set::SmallSet;
use crate::domain::world::*;
use crate::plan::model::Change;
use crate::plan::tests::situation::*;

/// A list that shows these volumes with the server, as those that go with it.
type Shown = Option<&'static [&'static str]>;

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
    s.lose_server("s1");
    let volume =
        |id: &str, name: &str| Volume { id: id.into(), name: name.to_owned(), mark: None, state: VolumeState::Free };
    let volumes = vec![volume("boots", ""), volume("data", ""), volume("persons", ""), volume("named", "mine")];
    s.cloud("os").volumes = Some(Listing::Complete(volumes));
    s.run().after("1m");
    let plan = s.plan();
    assert!(plan.verdicts.iter().all(|verdict| !verdict.name.is_empty()), "a volume without a name is told by its id");
    let volumes = plan.actions.iter().filter_map(|action| match &action.change {
        Change::DeleteVolume { volume_id, .. } => Some(volume_id.to_string()),
        _ => None,
    });
    volumes.collect()
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
