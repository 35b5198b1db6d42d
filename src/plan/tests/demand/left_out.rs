//! Queue items that Jenkins leaves out of a list with the labels of jobs.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

fn queue(s: &mut Situation) -> &mut Queue {
    let Listing::Complete(queue) = &mut s.world.jenkins.queue else { panic!("no queue") };
    queue
}

#[test]
fn l1_an_item_that_jenkins_leaves_out_is_not_gone_because_a_list_with_labels_lacks_it() {
    let mut s = Situation::new();
    s.pipeline(1, "Waiting for next available executor on ‘amd64’");
    queue(&mut s).left_out = Some(vec![1]);
    s.run().after("1m");
    let known = s.state.queue.get(&1).unwrap().clone();
    assert!(known.left_out && known.need.is_some());
    let item = s.queue().remove(0);
    for error in [Some("502 from a proxy".to_owned()), None] {
        (queue(&mut s).left_out, queue(&mut s).left_out_unknown) = (None, error);
        let plan = s.plan();
        assert!(plan.state.items_left_out, "the next run asks twice");
        s.state = plan.state;
        assert_eq!(s.state.queue.get(&1), Some(&known));
    }
    queue(&mut s).items.push(item);
    queue(&mut s).left_out = Some(vec![1]);
    s.run();
    assert_eq!(s.state.queue.get(&1).unwrap().waiting_since, known.waiting_since);
    queue(&mut s).items.clear();
    queue(&mut s).left_out = Some(vec![]);
    let plan = s.after("1m").plan();
    assert!(plan.state.queue.is_empty() && !plan.state.items_left_out);
}

#[test]
fn l6_an_item_whose_reason_jenkins_cannot_tell_is_told_after_a_quarter_of_an_hour() {
    let mut s = Situation::new();
    s.pipeline(1, "");
    queue(&mut s).left_out = Some(vec![1]);
    s.run().after("15m").runs(
        "
        |   job 1  job1  unknown_need: Jenkins fails to tell why it waits: see its log, a cloud plugin may be the cause
        | ? what job job1 (queue item 1) needs cannot be read: Jenkins fails to tell why it waits: see its log, a cloud plugin may be the cause
    ",
    );
}
