//! Jenkins names the one node that fits in place of the label, and that node has labels that no node type has.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

const BUSY: &str = "Waiting for next available executor on ‘win10’";

impl Situation {
    /// The page of its run showed this label to this run.
    fn page_shows(&mut self, item: u64, label: &str) -> &mut Self {
        let Listing::Complete(queue) = &mut self.world.jenkins.queue else { panic!("no queue") };
        queue.shown_labels.insert(item, label.to_owned());
        self
    }

    fn page_is_not_read(&mut self) -> &mut Self {
        let Listing::Complete(queue) = &mut self.world.jenkins.queue else { panic!("no queue") };
        queue.shown_labels.clear();
        self
    }

    /// Somebody's own node, which works, and a type that has one of its labels.
    fn with_win10() -> Self {
        let mut s = Self::new();
        s.config.node_types.push(kind("windows", &["windows"]));
        let mut node = agent("win10");
        node.labels = names(&["win10", "windows", "physical"]);
        (node.idle, node.idle_executors) = (false, 0);
        s.nodes().push(node);
        s
    }
}

#[test]
fn l1_a_node_of_ours_stands_for_its_type_though_it_has_a_label_more() {
    for name in ["ubuntu-m1", "agent+10.0.0.1"] {
        let mut s = Situation::new();
        s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
        let mut node = agent(name);
        node.labels = names(&[name, "amd64", "amd64-Ubuntu-22.04"]);
        (node.idle, node.idle_executors) = (false, 0);
        s.nodes().push(node);
        s.pipeline(1, &format!("Waiting for next available executor on ‘{name}’"));
        s.runs(&format!(
            "
            | + ubuntu  os  20261121T120000Z-1  job1 (1) needs node {name}
            |   job 1  job1  demand: needs node {name}: ubuntu server 20261121T120000Z-1 is ordered for it
            |   node {name}  busy: node {name} runs a build
            |   server s1  ubuntu-m1  busy: node {name} runs a build
        "
        ));
    }
}

#[test]
fn l1_a_node_of_ours_with_all_labels_of_another_type_and_not_of_its_own_stands_for_that() {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["arm64", "bookworm"]));
    s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
    let mut node = agent("ubuntu-m1");
    node.labels = names(&["ubuntu-m1", "arm64"]);
    (node.idle, node.idle_executors) = (false, 0);
    s.nodes().push(node);
    s.pipeline(1, "Waiting for next available executor on ‘ubuntu-m1’");
    assert!(whole(&s.plan()).starts_with("+ debian  os"), "{}", whole(&s.plan()));
}

#[test]
fn l1_a_node_of_ours_that_is_away_for_long_is_read_from_the_page() {
    let mut s = Situation::with_win10();
    let node = s.joined("s1", "10.0.0.1");
    (node.labels, node.presence) = (names(&["amd64", "windows"]), set_offline(USER, "looking"));
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline").in_queue_since = Some(s.now - time("7m"));
    s.page_shows(1, "windows && !physical");
    assert!(whole(&s.plan()).starts_with("+ windows  os"), "{}", whole(&s.plan()));
}

#[test]
fn an_order_for_a_label_that_only_this_node_of_ours_has_is_in_vain_once_in_an_hour() {
    let mut s = Situation::new();
    s.active("s1", "ubuntu", "10.0.0.1").name = "ubuntu-m1".to_owned();
    let mut node = agent("ubuntu-m1");
    node.labels = names(&["ubuntu-m1", "amd64", "gpu"]);
    (node.idle, node.idle_executors) = (false, 0);
    s.nodes().push(node);
    s.pipeline(1, "Waiting for next available executor on ‘ubuntu-m1’");
    s.run().after("1m").joins("new1", "10.0.0.2");
    s.run();
    let mut orders = 0;
    for _ in 0..50 {
        let plan = s.after("1m").plan();
        orders += plan.actions.iter().filter(|action| action.is_order()).count();
        s.run();
    }
    assert_eq!(orders, 0, "{}", whole(&s.plan()));
    let shown = whole(&s.plan());
    assert!(shown.contains("job 1  job1  in_vain: needs node ubuntu-m1: ubuntu stood idle beside it"), "{shown}");
}

#[test]
fn l1_the_page_of_its_run_names_the_label_of_which_jenkins_names_a_busy_node() {
    let mut s = Situation::with_win10();
    s.pipeline(1, BUSY);
    s.page_shows(1, "windows");
    s.runs(
        "
        | + windows  os  20261121T120000Z-1  job1 (1) needs windows
        |   job 1  job1  demand: needs windows: windows server 20261121T120000Z-1 is ordered for it
        |   node win10  not_ours: no server of ours carries its name or address
    ",
    );
    s.page_is_not_read().after("1m").runs(
        "
        |   job 1  job1  on_its_way: needs windows: windows server 20261121T120000Z-1 is on its way
        |   node win10  not_ours: no server of ours carries its name or address
        |   server new1  windows  booting: ordered 1m ago, being built
    ",
    );
}

#[test]
fn a_label_that_only_somebody_elses_node_has_waits_for_that_without_a_word() {
    let mut s = Situation::with_win10();
    s.pipeline(1, BUSY);
    s.page_shows(1, "physical && windows");
    s.runs(
        "
        |   job 1  job1  no_node_type: needs physical && windows, which no node type of the configuration has
        |   node win10  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn l5_a_dead_entry_with_a_label_more_does_not_starve_the_jobs_for_its_other_labels() {
    let mut s = Situation::new();
    let mut entry = agent("placeholder");
    entry.labels = names(&["placeholder", "amd64", "spare"]);
    entry.presence = Presence::Disconnected;
    s.nodes().push(entry);
    s.pipeline(1, "‘placeholder’ is offline");
    s.page_shows(1, "amd64");
    s.wait(2, Task::Matrix { axis_values: vec!["amd64".to_owned(), "gcc".to_owned()] }, "‘placeholder’ is offline");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
        | + ubuntu  os  20261121T120000Z-2  job2 (2) needs amd64
        |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120000Z-2 is ordered for it
        |   node placeholder  not_ours: no server of ours carries its name or address
    ",
    );
}

#[test]
fn l5_no_name_of_a_node_draws_a_matrix_configuration_away_from_the_type_of_its_axis_values() {
    for name in ["windows", "windows+10.9.9.9", "windows+x"] {
        for labels in [&["amd64"][..], &["amd64", "spare"]] {
            let mut s = Situation::with_win10();
            let mut entry = agent(name);
            (entry.labels, entry.presence) = (names(&[labels, &[name]].concat()), Presence::Disconnected);
            *s.nodes() = vec![entry];
            s.wait(
                1,
                Task::Matrix { axis_values: vec!["amd64".to_owned(), "1".to_owned()] },
                &format!("‘{name}’ is offline"),
            );
            s.runs(&format!(
                "
                | + ubuntu  os  20261121T120000Z-1  job1 (1) needs amd64
                |   job 1  job1  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
                |   node {name}  not_ours: no server of ours carries its name or address
            "
            ));
        }
    }
}

#[test]
fn the_axis_values_of_a_matrix_project_count_only_as_far_as_the_node_that_fits_bears_them_out() {
    for (values, rule) in [
        (&["windows", "gcc"][..], "demand: needs windows: "),
        (&["windows", "physical"], "no_node_type: needs node win10, "),
        (&["win10", "windows"], "no_node_type: needs node win10, "),
        (&["amd64"], "no_node_type: needs node win10, "),
    ] {
        let mut s = Situation::with_win10();
        let axis_values = values.iter().map(|value| (*value).to_owned()).collect();
        s.wait(1, Task::Matrix { axis_values }, BUSY);
        let shown = whole(&s.plan());
        assert!(shown.contains(&format!("  job 1  job1  {rule}")), "{values:?}: {shown}");
    }
}

#[test]
fn l1_a_negation_that_the_built_in_node_fits_is_read_from_the_page() {
    for name in ["Built-In Node", "Jenkins"] {
        let mut s = Situation::new();
        s.pipeline(1, &format!("Waiting for next available executor on ‘{name}’"));
        s.page_shows(1, "!windows");
        s.runs(
            "
            | + ubuntu  os  20261121T120000Z-1  job1 (1) needs !windows
            |   job 1  job1  demand: needs !windows: ubuntu server 20261121T120000Z-1 is ordered for it
        ",
        );
    }
}

#[test]
fn s1_a_page_that_was_read_after_the_queue_makes_no_other_item_of_a_block_that_resumes() {
    let mut s = Situation::new();
    s.joined("s1", "10.0.0.1").presence = Presence::Disconnected;
    let long = credit(s.now, "3h");
    s.node_memory("ubuntu+10.0.0.1").offline = Some(long).into();
    s.pipeline(1, "‘ubuntu+10.0.0.1’ is offline");
    // It is another block's, which entered the queue in between.
    s.page_shows(1, "amd64");
    s.runs(
        "
        |   job 1  job1  resuming: resumes after a restart of Jenkins and waits for node ubuntu+10.0.0.1 itself
        |   node ubuntu+10.0.0.1  away: offline for 3h, join_timeout 15m; a pipeline waits for this very node
        |   server s1  ubuntu  away: offline for 3h, join_timeout 15m; a pipeline waits for this very node
    ",
    );
    assert_eq!(s.state.queue.get(&1).unwrap().need, None);
}

/// The warnings of runs, one a minute.
fn warnings(s: &mut Situation, minutes: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    for _ in 0..minutes {
        let plan = s.plan();
        warnings.extend(plan.warnings.iter().cloned());
        s.come_true(plan);
        s.after("1m");
    }
    warnings
}

#[test]
fn l6_a_job_that_names_a_busy_node_of_somebody_else_and_cannot_be_read_is_told_once_a_week() {
    let mut s = Situation::with_win10();
    s.pipeline(1, BUSY);
    assert_eq!(warnings(&mut s, 15), [""; 0]);
    let told = warnings(&mut s, 20);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("job job1 (queue item 1) needs node win10, which no node type"), "{told:?}");
    for day in 2..9 {
        s.queue().clear();
        s.run().after("24h").pipeline(day, BUSY);
        assert_eq!(warnings(&mut s, 20), [""; 0], "{day}");
    }
    s.queue().clear();
    s.run().after("192h").run().pipeline(20, BUSY);
    assert_eq!(warnings(&mut s, 20).len(), 1);
}

#[test]
fn l6_a_node_without_executors_serves_nobody() {
    let mut s = Situation::new();
    s.pipeline(1, "Waiting for next available executor on ‘Built-In Node’");
    s.runs(
        "
        |   job 1  job1  no_node_type: needs node Built-In Node, which no node type of the configuration has
        | ? job job1 (queue item 1) needs node Built-In Node, which no node type of the configuration has
    ",
    );
}

#[test]
fn the_label_of_another_cloud_is_no_warning_for_each_build_and_one_a_week_where_that_cloud_gives_nothing() {
    let mut s = Situation::new();
    let mut pod = agent("team-pipe-3-abc");
    (pod.kind, pod.presence) = (NodeKind::CloudPlugin("KubernetesComputer".to_owned()), Presence::Disconnected);
    pod.labels = names(&["team-pipe-3-abc", "team-pipe_3-x"]);
    s.nodes().push(pod);
    s.pipeline(1, "All nodes of label ‘team-pipe_1-x’ are offline");
    s.pipeline(2, "‘team-pipe-2-abc’ is offline");
    s.pipeline(3, "‘team-pipe-3-abc’ is offline");
    s.pipeline(4, "All nodes of label ‘amd64’ are offline");
    s.pipeline(5, "There are no nodes with the label ‘team-pipe_5-x’");
    s.runs(
        "
        | + ubuntu  os  20261121T120000Z-1  job4 (4) needs amd64
        |   job 1  job1  no_node_type: needs team-pipe_1-x, which no node type of the configuration has
        |   job 2  job2  no_node_type: needs node team-pipe-2-abc, which no node type of the configuration has
        |   job 3  job3  no_node_type: needs node team-pipe-3-abc, which no node type of the configuration has
        |   job 4  job4  demand: needs amd64: ubuntu server 20261121T120000Z-1 is ordered for it
        |   job 5  job5  no_node_type: needs team-pipe_5-x, which no node type of the configuration has
        |   node team-pipe-3-abc  not_ours: a cloud plugin made it
        | ? job job5 (queue item 5) needs team-pipe_5-x, which no node type of the configuration has
    ",
    );
    let told: Vec<String> =
        warnings(&mut s, 90).into_iter().filter(|warning| warning.contains("a cloud plugin of Jenkins")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    // A run that sees no queue ends no week.
    let queue = std::mem::replace(&mut s.world.jenkins.queue, Listing::Unavailable("502".to_owned()));
    s.after("48h").run();
    s.world.jenkins.queue = queue;
    let told: Vec<String> =
        warnings(&mut s, 90).into_iter().filter(|warning| warning.contains("a cloud plugin of Jenkins")).collect();
    assert_eq!(told, [""; 0]);
}

#[test]
fn the_label_of_listed_nodes_that_are_offline_is_no_other_clouds() {
    let mut s = Situation::new();
    for (server, address) in [("s1", "10.0.0.1"), ("s2", "10.0.0.2")] {
        let node = s.joined(server, address);
        (node.labels, node.presence) = (names(&["amd64", "rare"]), Presence::Disconnected);
    }
    s.pipeline(1, "All nodes of label ‘rare’ are offline");
    assert_eq!(s.plan().warnings, ["job job1 (queue item 1) needs rare, which no node type of the configuration has"]);
}
