//! The plan as an operator sees it.

use crate::config::MinIdle;
use crate::domain::state::Pause;
use crate::domain::world::*;
use crate::plan::tests::situation::*;
use crate::plan::text::display::Detail;

/// Something of everything.
fn busy_day() -> Situation {
    let mut s = Situation::new();
    s.ubuntu().executors = 2;
    s.projects(3, "amd64");
    s.idle("s1", "10.0.0.1", "42m").labels = names(&["old"]);
    s.active("s2", "debian", "10.0.0.2").state = ServerState::Error;
    s.lost_gone_node();
    s.add_provider("two");
    s.cloud("two").servers = Listing::Unavailable("503 Service Unavailable".to_owned());
    s
}

#[test]
fn the_terse_text_tells_what_is_done_and_what_went_wrong_and_counts() {
    let shown = busy_day().plan().display(Detail::Terse).to_string();
    let expected = without_margin(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64, and 1 more
        | + ubuntu  os  20261121T120000Z-2  job3 (3) needs amd64
        | - ubuntu+10.0.0.1  os  s1  idle: 42m, grace 40m
        | - debian  os  s2  error: its cloud gave it up: no reason given
        | - ubuntu+10.0.0.9  server_gone: its server s9 is gone (404 in two runs)
        | ! provider two: 503 Service Unavailable
        | 2 to order, 3 to remove; seen: 3 jobs, 3 nodes, 2 servers of ours; 1 problem
    ",
    );
    assert_eq!(shown, expected);
}

#[test]
fn the_full_text_is_the_terse_one_with_every_verdict_before_the_count() {
    let plan = busy_day().plan();
    let (terse, full) = (plan.display(Detail::Terse).to_string(), plan.display(Detail::Full).to_string());
    let (head, count) = terse.trim_end().rsplit_once('\n').unwrap();
    let verdicts = full.strip_prefix(&format!("{head}\n")).unwrap().strip_suffix(&format!("{count}\n")).unwrap();
    assert_eq!(verdicts.lines().count(), plan.verdicts.len());
    assert!(verdicts.lines().all(|line| line.starts_with("  ")), "{verdicts}");
}

#[test]
fn an_empty_plan_says_so() {
    let mut s = Situation::new();
    s.nodes().clear();
    let shown = s.plan().display(Detail::Terse).to_string();
    assert_eq!(shown, "nothing to do; seen: 0 jobs, 0 nodes, 0 servers of ours\n");
}

#[test]
fn a_server_with_a_name_of_its_own_is_told_by_it() {
    let mut s = Situation::new();
    s.ubuntu().server_name = "{node}-{id}".to_owned();
    s.ubuntu().min_idle = MinIdle::Always(1);
    let shown = s.plan().display(Detail::Terse).to_string();
    let order = "+ ubuntu  os  20261121T120000Z-1  ubuntu-20261121T120000Z-1  min_idle: fewer than 1 idle nodes of ubuntu \
                 are at hand\n";
    assert!(shown.starts_with(order), "{shown}");
}

#[test]
fn what_a_service_says_cannot_break_a_line_or_command_a_terminal() {
    let mut s = Situation::new();
    s.project(1, "amd64").job = "evil\n- everything  os  s1  idle: \u{1b}[2J\u{9b}31m".to_owned();
    s.pipeline(2, "first line\r\n\tsecond line");
    s.world.clouds.values_mut().for_each(|cloud| cloud.servers = Listing::Unavailable("a\u{0}b\u{7f}".to_owned()));
    let shown = s.plan().display(Detail::Full).to_string();
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    assert!(shown.contains("evil - everything  os  s1  idle:  [2J 31m"), "{shown}");
    assert!(shown.contains("Jenkins says: first line second line\n"), "{shown}");
}

#[test]
fn the_last_line_counts_the_jobs_that_wait_for_what_is_full_and_says_what_helps() {
    let mut s = Situation::new();
    s.projects(3, "amd64");
    s.ubuntu().max = Some(1);
    s.busy("s1", "10.0.0.1");
    assert!(
        s.plan().display(Detail::Terse).to_string().ends_with(
            "1 server of ours; 3 jobs wait: node type ubuntu has its max of 1: raise the limit, unless a server gets \
             free in time\n"
        ),
        "{}",
        s.plan().display(Detail::Terse)
    );
}

#[test]
fn the_last_line_says_that_everything_is_paused_since_when_and_by_whom() {
    let mut s = Situation::new();
    s.state.pauses.push(Pause {
        node_type: None,
        provider: None,
        since: s.now,
        until: None,
        by: "alice".to_owned(),
        reason: Some("upgrade".to_owned()),
    });
    let pause = "everything is paused by alice since 2026-11-21T12:00:00Z, until `mita resume`: upgrade\n";
    assert!(s.plan().display(Detail::Terse).to_string().ends_with(&format!("0 servers of ours; {pause}")));
    s.project(1, "amd64");
    let shown = s.plan().display(Detail::Terse).to_string();
    assert!(shown.ends_with(&format!("; 1 job waits: paused; {pause}")), "{shown}");
}
