//! Large farms: the work grows with what is seen, not with its square. What is measured is the time that the thread has a
//! processor, which does not depend on what else the machine does, in a debug build and with much room.

use crate::domain::world::*;
use crate::plan::model::Plan;
use crate::plan::plan;
use crate::plan::tests::situation::*;
use std::fs;
use std::time::Duration;

const NODES: u32 = 5_000;
const JOBS: u64 = 10_000;

/// Nodes of ours, every other one busy, and jobs with so many different labels.
fn farm(labels: u64, pipelines: bool) -> Situation {
    let mut s = Situation::new();
    s.config.max_servers = 6_000;
    s.config.node_types = (0..20).map(|n| kind(&format!("type{n}"), &[&format!("label{n}"), "amd64"])).collect();
    let now = s.now;
    for number in 0..NODES {
        let (id, kind) = (format!("s{number}"), format!("type{}", number % 20));
        let address = format!("10.{}.{}.{}", number / 62_500, number / 250 % 250, number % 250 + 1);
        s.servers().reserve(1);
        s.active(&id, &kind, &address);
        let mut node = agent(&format!("{kind}+{address}"));
        node.labels.extend([format!("label{}", number % 20)]);
        node.idle = number % 2 == 0;
        node.idle_executors = u32::from(node.idle);
        s.nodes().push(node);
    }
    for memory in s.state.servers.values_mut() {
        memory.joined_at = Some(now - time("50m"));
    }
    for id in 0..JOBS {
        let label =
            if labels <= 200 { format!("label{}&&!x{}", id % 20, id % labels) } else { format!("amd64&&!x{id}") };
        if pipelines {
            s.pipeline(id, &format!("‘type1+10.9.9.{}’ is offline", id % 250));
        } else {
            s.project(id, &label);
        }
    }
    s
}

/// The time that this thread has had a processor, by proc(5).
fn processor_time() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap())
}

/// The plan, which is ready in time.
fn in_time(s: &Situation) -> Plan {
    let before = processor_time();
    let plan = plan(&s.config, &s.world, &s.state, s.now);
    let took = processor_time() - before;
    let queue = s.world.jenkins.queue.complete().unwrap();
    assert!(plan.verdicts.len() > queue.items.len());
    assert!(took < ENOUGH, "{took:?}");
    plan
}

/// A release build takes less than a second, and this one is some twenty times slower.
const ENOUGH: Duration = Duration::from_secs(30);

#[test]
fn ten_thousand_jobs_of_two_hundred_labels_on_five_thousand_nodes_are_planned_in_time() {
    in_time(&farm(200, false));
}

#[test]
fn ten_thousand_jobs_of_as_many_labels_are_planned_in_time() {
    in_time(&farm(JOBS, false));
}

#[test]
fn ten_thousand_pipelines_that_may_resume_are_planned_in_time() {
    in_time(&farm(1, true));
}

#[test]
fn ten_thousand_jobs_that_find_no_room_are_planned_in_time() {
    let mut s = farm(JOBS, false);
    s.config.max_servers = 10;
    s.cloud("os").quota = Some(Quota { instances: Some(0), ..Quota::default() });
    in_time(&s);
}

#[test]
fn ten_thousand_jobs_that_no_type_serves_or_that_nodes_refuse_are_planned_in_time() {
    let mut s = farm(JOBS, false);
    for item in s.queue().iter_mut() {
        item.why = Some(match item.id % 2 {
            0 => format!("There are no nodes with the label ‘none{}’", item.id),
            _ => format!("‘adeza’ lacks permission to run on ‘type{0}+10.0.0.{0}’", item.id % 20 + 1),
        });
    }
    in_time(&s);
}

#[test]
fn l5_jobs_with_long_labels_are_planned_in_time_on_nodes_that_are_all_different() {
    let mut s = Situation::new();
    s.config.node_types = (0..20).map(|n| kind(&format!("type{n}"), &[&format!("label{n}"), "amd64"])).collect();
    for number in 0..1_000 {
        let mut node = agent(&format!("static{number}"));
        node.labels.extend([format!("l{number}")]);
        s.nodes().push(node);
    }
    // Half of it names labels that nobody has, half those that are there.
    for id in 0..3_000_u64 {
        let atom = |k: u64| if id % 2 == 0 { format!("z{id}-{k}") } else { format!("!l{}", (id + k) % 1_000) };
        let atoms: Vec<String> = (0..400).map(atom).collect();
        s.project(id, &atoms.join(if id % 3 == 0 { "<->" } else { "||" }));
    }
    in_time(&s);
}

/// Jobs that all ask for the same in other words: what their expressions accept is equal, and nobody searches anew for each.
#[test]
fn l5_ten_thousand_expressions_that_accept_the_same_are_planned_as_one() {
    let mut s = Situation::new();
    s.config.node_types = (0..2).map(|n| kind(&format!("type{n}"), &["linux"])).collect();
    s.config.node_types[0].executors = 2;
    s.config.max_servers = 100;
    for id in 0..10_000_u64 {
        let terms: Vec<String> = (0..20).map(|term| format!("linux&&!a{id}x{term}")).collect();
        s.project(id, &terms.join("||"));
    }
    let plan = in_time(&s);
    assert_eq!(plan.actions.len(), 100);
    assert!(!plan.warnings.iter().any(|warning| warning.contains(HURRIED)), "{:?}", plan.warnings.first());
}

/// What a plan says that did not try every way to place the jobs.
const HURRIED: &str = "not every way to place them was tried";

/// Nodes that are all different, and jobs that name some of them each. All could move for one another.
#[test]
fn l5_jobs_that_name_many_nodes_each_cannot_keep_a_plan_from_its_end() {
    let mut s = Situation::new();
    s.config.node_types = vec![kind("type0", &["label0"]), kind("type1", &["label1"])];
    for number in 0..3_000 {
        let mut node = agent(&format!("static{number}"));
        node.labels.extend([format!("l{number}")]);
        s.nodes().push(node);
    }
    let mut random = 1_u64;
    for id in 1..=6_000_u64 {
        let names: Vec<String> = (0..30)
            .map(|_| {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                format!("l{}", (random >> 33) % 3_000)
            })
            .collect();
        s.project(id, &names.join("||"));
    }
    s.project(6_001, "label1");
    let plan = in_time(&s);
    let orders = plan.actions.iter().filter(|action| action.is_order()).count();
    assert_eq!(orders, 1, "the last job has its server, and no other needs one");
}

/// For each of two thousand jobs that want one node each, a search has to look at everybody before it finds the one who can
/// move. After a number of points that does not depend on the machine, jobs are placed without that.
#[test]
fn l5_when_searches_have_looked_at_enough_the_plan_ends_without_them_and_says_so() {
    let mut s = Situation::new();
    s.config.node_types = vec![kind("type1", &["label1"])];
    for number in 0..6_000 {
        let mut node = agent(&format!("static{number}"));
        let label = if number < 4_000 { "a" } else { "f" };
        node.labels.extend([label.to_owned(), format!("{label}{number}")]);
        s.nodes().push(node);
    }
    for id in 1..=6_000 {
        let label = match id {
            1..=2_000 => "a".to_owned(),
            2_001..=4_000 => "a||f".to_owned(),
            _ => format!("a{}", id - 4_001),
        };
        s.project(id, &label);
    }
    s.project(6_001, "label1");
    let plan = in_time(&s);
    let orders: Vec<_> = plan.actions.iter().filter(|action| action.is_order()).collect();
    assert_eq!(orders.len(), 1, "the last job has its server, and no other needs one");
    assert!(plan.warnings.iter().any(|warning| warning.contains(HURRIED)), "{:?}", plan.warnings.first());
    let with_a_node = plan.verdicts.iter().filter(|verdict| verdict.rule.name() == "idle_executor").count();
    assert!((4_500..6_000).contains(&with_a_node), "{with_a_node}");
}

#[test]
fn l5_flyweights_with_long_labels_are_planned_in_time() {
    let mut s = farm(1, false);
    for item in s.queue().iter_mut() {
        let terms: Vec<String> = (0..20).map(|term| format!("amd64&&a{}x{term}", item.id)).collect();
        item.task = Task::Flyweight { label: Some(terms.join("||")) };
        item.why = None;
    }
    in_time(&s);
}

#[test]
fn five_thousand_servers_of_one_name_and_ten_thousand_jobs_in_vain_are_planned_in_time() {
    let mut s = farm(1, false);
    s.config.node_types = vec![kind("type0", &["amd64", "label0"])];
    for server in s.servers().iter_mut() {
        server.name = "type0".to_owned();
    }
    s.queue().iter_mut().zip(0..).for_each(|(item, id)| item.job = format!("job{}", id / 2));
    s.run();
    in_time(s.after("1m"));
}
