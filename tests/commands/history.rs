//! The journal: who deleted that server, why, and for which job was it ordered?

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::journal::{Entry, Event};
use mita::domain::rule::Rule;
use mita::operator::Request;
use mita::store::journal_of;
use mita_sim::jenkins::queue::Job;
use mita_sim::openstack::Fate;
use mita_sim::{Fault, Kind, Service};

/// Everything that is in the journal.
fn journal(it: &Installation) -> Vec<Entry> {
    let read = journal_of(&it.state_file(), jiff::Timestamp::UNIX_EPOCH).expect("a journal");
    assert_eq!(read.skipped, 0);
    let reasons = read.entries.iter().filter_map(|entry| entry.reason.as_deref());
    reasons.for_each(|reason| assert!(!reason.contains(" ago"), "not true for long: {reason}"));
    read.entries
}

fn events(it: &Installation) -> Vec<Event> {
    journal(it).into_iter().map(|entry| entry.event).collect()
}

#[track_caller]
fn the(it: &Installation, event: Event) -> Entry {
    let entries: Vec<Entry> = journal(it).into_iter().filter(|entry| entry.event == event).collect();
    match &entries[..] {
        [one] => one.clone(),
        several => panic!("{} entries of {event:?}: {several:#?}", several.len()),
    }
}

#[test]
fn a_server_that_is_gone_has_a_story_from_the_job_that_it_was_ordered_for_to_its_removal() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("folder/ceph").label("trusty").lasting(minutes(3)));
    it.sim.advance(seconds(20));
    it.minute();
    let server = it.server();
    it.minutes_until(20, "the node is gone", |it| it.built() == ["folder/ceph"] && it.nodes().is_empty());
    it.minutes(4);
    use Event::{Created, FirstBuild, Online, Ordered, Removed, Started};
    assert_eq!(events(&it), [Ordered, Created, Online, FirstBuild, Started, Removed]);
    let ordered = the(&it, Ordered);
    assert_eq!((ordered.rule, ordered.jobs[0].job.as_str()), (Some(Rule::Demand), "folder/ceph"));
    assert_eq!(ordered.jobs[0].waited_seconds, Some(20));
    assert_eq!(the(&it, Created).server_id.unwrap().as_str(), server.id);
    let online = the(&it, Online);
    assert!(online.after_seconds.is_some_and(|after| (30..=180).contains(&after)), "{online:?}");
    let first = the(&it, FirstBuild);
    let build = first.build.expect("the build");
    assert_eq!(
        (build.name.as_str(), build.job.as_deref(), build.number),
        ("folder » ceph #1", Some("folder/ceph"), Some(1))
    );
    let started = the(&it, Started);
    assert_eq!(started.node, online.node);
    assert!(started.jobs[0].waited_seconds.is_some_and(|waited| (60..=240).contains(&waited)), "{started:?}");
    let removed = the(&it, Removed);
    assert_eq!(
        (removed.rule, removed.order.clone(), removed.node.clone()),
        (Some(Rule::Idle), ordered.order, online.node)
    );
    let life = removed.life.expect("a life");
    assert_eq!(life.builds, 1);
    assert!((120..=240).contains(&life.busy_seconds), "{life:?}");
    assert!(life.age_seconds >= life.online_seconds && life.online_seconds > life.busy_seconds, "{life:?}");
    assert!(journal(&it).iter().all(|entry| entry.run.is_some()));
}

#[test]
fn a_build_is_that_of_its_own_queue_item_also_where_an_older_one_ended_unseen() {
    let it = Setup::trusty().top("max_servers = 1").with_idle_node();
    let job = |seconds| Job::freestyle("ceph").label("trusty").lasting(self::seconds(seconds));
    let ids = [20, 20, 60_000].map(|lasts| it.sim.jenkins().submit(job(lasts)));
    it.run();
    it.sim.advance(seconds(90));
    it.run();
    let jobs = |event| {
        let entries = journal(&it).into_iter().filter(move |entry| entry.event == event);
        entries.flat_map(|entry| entry.jobs).map(|job| job.queue_id).collect::<Vec<_>>()
    };
    assert!(!jobs(Event::Started).contains(&ids[1]), "{:?}", journal(&it));
    assert!(jobs(Event::Started).contains(&ids[2]));
    assert!(jobs(Event::LeftQueue).contains(&ids[1]));
}

#[test]
fn events_have_the_times_at_which_they_happened_and_no_work_that_was_seen_is_lost() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty").lasting(minutes(1_000)));
    it.minute();
    it.sim.advance(minutes(6));
    it.run();
    let first = the(&it, Event::FirstBuild);
    let began = first.build.expect("the build").since.expect("its time").as_second();
    for event in [Event::Online, Event::FirstBuild, Event::Started] {
        assert_eq!(the(&it, event).at.as_second(), began, "{event:?}");
    }
    assert_eq!(first.after_seconds, None, "nobody saw the node before its build");
    it.sim.advance(seconds(50));
    let node = it.node();
    it.sim.world().rules.builds_may_end_on.push(node.clone());
    assert_eq!(it.command(&["retire", &node, "--force", "--yes"]), 0);
    let ended = the(&it, Event::Asked).at.as_second();
    it.minutes_until(3, "its server goes", |it| it.servers().is_empty());
    let life = the(&it, Event::Removed).life.expect("a life");
    assert!((life.busy_seconds - (ended - began)).abs() <= 1 && life.busy_seconds <= life.online_seconds, "{life:?}");
}

#[test]
fn a_first_build_that_no_run_saw_is_counted_and_has_the_name_of_its_job() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("folder/ceph").label("trusty").lasting(seconds(10)));
    it.minutes_until(20, "the node is gone", |it| it.built() == ["folder/ceph"] && it.nodes().is_empty());
    use Event::{Created, FirstBuild, LeftQueue, Online, Ordered, Removed};
    it.minutes(4);
    assert_eq!(events(&it), [Ordered, Created, Online, FirstBuild, LeftQueue, Removed]);
    assert_eq!(the(&it, Removed).life.expect("a life").builds, 1);
    assert_eq!(the(&it, FirstBuild).jobs.first().map(|job| job.job.as_str()), Some("folder/ceph"));
    let shown = it.program(&["history", "--since", "2026-01-01"]).stdout;
    for part in [
        "probably of folder/ceph, and over when the run looked",
        "worked for a time that is not known, 1",
        "1 build was seen on them",
        "1 job left the queue without being seen running; no average counts it",
    ] {
        assert!(shown.replace('\n', " ").contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("on average"), "{shown}");
}

#[test]
fn a_server_that_somebody_else_deletes_is_told_apart_from_those_that_mita_deletes() {
    let it = Setup::trusty().with_idle_node();
    let server = it.server().id;
    it.sim.cloud("openstack").delete_server(&server);
    it.minutes(5);
    let vanished = the(&it, Event::Vanished);
    assert!(vanished.reason.unwrap().contains("mita did not delete it"));
    assert!(!events(&it).contains(&Event::Removed));
}

#[test]
fn a_removal_whose_answer_was_lost_is_written_down_once_it_is_seen_to_be_done() {
    let it = Setup::trusty().with_idle_node();
    it.sim.fault(Fault::new(Service::Nova, Kind::DropAfter).method("DELETE").path("/servers/").always());
    it.minutes_until(30, "the server is gone", |it| it.servers().is_empty());
    it.minutes(5);
    let removed = the(&it, Event::Removed);
    assert_eq!(removed.node.map(|node| node.as_str().starts_with("trusty+")), Some(true));
}

#[test]
fn an_order_that_is_refused_and_a_server_that_fails_say_why() {
    let it = Setup::trusty().start();
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(400)).method("POST").path("/servers"));
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    it.minute();
    assert_eq!(events(&it), [Event::Ordered, Event::OrderFailed]);
    assert!(the(&it, Event::OrderFailed).reason.unwrap().contains("refused"));
    let shown = it.program(&["history", "--since", "2026-01-01"]).stdout.replace('\n', " ");
    assert!(
        shown.contains("0 servers ordered, 1 order without a server") && !shown.contains("demand: create"),
        "{shown}"
    );
    let it = Setup::trusty().top("max_servers = 1").start();
    it.sim.cloud("openstack").next_fates.push_back(Fate::no_valid_host());
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    it.minutes(2);
    assert_eq!(events(&it), [Event::Ordered, Event::Created, Event::Failed, Event::Removed]);
    assert!(the(&it, Event::Failed).reason.unwrap().contains("No valid host"));
}

#[test]
fn holds_say_who_and_why_whether_by_mita_or_in_jenkins() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.by_hand(&node, &Request::Hold { reason: Some("disk swap".to_owned()) });
    it.minutes(2);
    it.by_hand(&node, &Request::Release);
    it.minutes(2);
    it.sim.jenkins().hold(&node, "racks");
    it.minutes(2);
    it.sim.jenkins().release(&node);
    it.minutes(2);
    let holds: Vec<_> = journal(&it)
        .into_iter()
        .filter(|entry| matches!(entry.event, Event::Held | Event::Released))
        .map(|entry| (entry.event, entry.by, entry.reason))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        holds,
        [
            (Event::Held, text("adeza"), text("disk swap")),
            (Event::Released, text("adeza"), None),
            (Event::Held, text("alice"), text("racks")),
            (Event::Released, None, None),
        ]
    );
}

#[test]
fn a_pause_stops_orders_until_it_is_resumed_and_both_are_written_down() {
    let it = Setup::trusty().start();
    assert_eq!(it.command(&["pause", "--type", "trusti"]), 2, "a typing error pauses nothing");
    assert_eq!(it.command(&["pause", "--type", "trusty", "--for", "1d", "--reason", "new racks"]), 0);
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    it.minutes(3).did_nothing();
    assert_eq!(it.command(&["resume"]), 0);
    it.minute().did(&["create_server trusty demand done"]);
    let paused = the(&it, Event::Paused);
    assert_eq!((paused.node_type.unwrap().as_str(), paused.reason.as_deref()), ("trusty", Some("new racks")));
    assert!(paused.until.is_some() && paused.by.is_some());
    the(&it, Event::Resumed);
}

#[test]
fn s8_a_dry_run_and_history_itself_leave_the_journal_alone() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    it.dry_run();
    assert!(events(&it).is_empty());
    it.minutes(3);
    let before = it.files();
    assert_eq!(it.command(&["history", "ceph", "--since", "1d"]), 0);
    assert_eq!(it.command(&["history", "--output", "json"]), 0);
    assert_eq!(it.command(&["history", "nobody"]), 1);
    assert_eq!(it.command(&["explain", "ceph"]), 0);
    assert_eq!(it.files(), before);
}

#[test]
fn a_journal_that_cannot_be_written_stops_nothing_and_is_a_problem() {
    let it = Setup::trusty().start();
    let journal = it.state_file().with_file_name("state.json.journal");
    std::fs::create_dir(&journal).expect("a folder in its place");
    it.sim.jenkins().submit(Job::freestyle("ceph").label("trusty"));
    let run = it.minute();
    run.did(&["create_server trusty demand done"]);
    assert!(run.problems().iter().any(|problem| problem.starts_with("journal: ")), "{}", run.story());
}
