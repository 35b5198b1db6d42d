//! What a queue item needs: each source, in the order of their precedence.

use crate::domain::world::*;
use crate::plan::tests::situation::*;

/// Three types, one of which serves jobs without a label.
fn types() -> Situation {
    let mut s = Situation::new();
    s.config.node_types.push(kind("debian", &["arm64", "bookworm"]));
    s.config.node_types.push(kind("any", &["small"]));
    s.config.node_types[2].unlabelled = true;
    s
}

/// What is said of the only queue item.
fn said(s: &Situation) -> String {
    let shown = whole(&s.plan());
    let job = shown.lines().find_map(|line| line.strip_prefix("  job 1  job1  ")).unwrap();
    job.split(" server 2026").next().unwrap().to_owned()
}

#[test]
fn a_label_is_read_from_every_form_of_the_reason() {
    for (why, need) in [
        ("Waiting for next available executor on ‘arm64’", "demand: needs arm64: debian"),
        ("Waiting for next available executor on arm64", "demand: needs arm64: debian"),
        ("All nodes of label ‘arm64’ are offline", "demand: needs arm64: debian"),
        ("All nodes of label 'arm64' are offline", "demand: needs arm64: debian"),
        ("There are no nodes with the label ‘arm64&&bookworm’", "demand: needs arm64 && bookworm: debian"),
        ("There are no nodes with the label ‘!arm64&&(amd64||x)’", "demand: needs !arm64 && (amd64 || x): ubuntu"),
        ("‘Jenkins’ doesn’t have label ‘arm64’", "demand: needs arm64: debian"),
        ("Jenkins doesn't have label arm64", "demand: needs arm64: debian"),
        ("Jenkins doesn’t have label arm64", "demand: needs arm64: debian"),
        ("‘a’ doesn’t have label ‘arm64’; ‘b’ is offline; ... and 3 more", "demand: needs arm64: debian"),
        (
            "There are no nodes with the label ‘foo bar’",
            "no_node_type: needs foo bar, which no node type of the configuration has",
        ),
        (
            "There are no nodes with the label ‘ARM64’",
            "no_node_type: needs ARM64, which no node type of the configuration has",
        ),
        ("There are no nodes with the label ‘debian’", "demand: needs debian: debian"),
        ("‘a’ is reserved for jobs with matching label expression", "demand: needs any node: any"),
        ("a is reserved for jobs with matching label expression", "demand: needs any node: any"),
        ("‘a’ is reserved for jobs tied to it", "demand: needs any node: any"),
        (
            "Waiting for something a plugin made up",
            "unknown_need: Jenkins says: Waiting for something a plugin made up",
        ),
        ("", "unknown_need: Jenkins says: no reason given"),
    ] {
        let mut s = types();
        s.nodes().push(offline_static("old"));
        s.pipeline(1, why);
        assert_eq!(said(&s), need, "{why}");
    }
}

fn offline_static(name: &str) -> Node {
    Node { presence: Presence::Disconnected, labels: names(&[name, "special"]), ..agent(name) }
}

#[test]
fn without_a_name_the_job_runs_anywhere_and_only_types_for_such_jobs_serve_it() {
    let mut s = types();
    s.nodes().push(offline_static("old"));
    s.pipeline(1, "Waiting for next available executor");
    assert_eq!(said(&s), "demand: needs any node: any");
    s.config.node_types[2].unlabelled = false;
    assert_eq!(said(&s), "no_node_type: needs any node, and no node type is unlabelled");
}

#[test]
fn a_project_without_a_label_runs_anywhere_though_jenkins_has_no_agents() {
    let mut s = types();
    s.wait(1, Task::Project { label: None }, "Waiting for next available executor");
    assert_eq!(said(&s), "demand: needs any node: any");
}

#[test]
fn the_reason_comes_before_the_projects_own_label() {
    let mut s = types();
    s.wait(1, Task::Project { label: Some("amd64".to_owned()) }, "There are no nodes with the label ‘arm64’");
    assert_eq!(said(&s), "demand: needs arm64: debian");
    s.item(1).why = Some("Waiting for next available executor".to_owned());
    assert_eq!(said(&s), "demand: needs amd64: ubuntu");
    s.item(1).why = None;
    assert_eq!(said(&s), "demand: needs amd64: ubuntu");
}

#[test]
fn the_projects_own_label_comes_before_the_one_node_that_fits_today() {
    let mut s = types();
    let mut node = offline_static("big");
    node.labels = names(&["big", "amd64", "gpu"]);
    s.nodes().push(node);
    for why in ["‘big’ is offline", "big is offline", "Waiting for next available executor on ‘big’"] {
        s.queue().clear();
        s.wait(1, Task::Project { label: Some("amd64".to_owned()) }, why);
        assert_eq!(said(&s), "demand: needs amd64: ubuntu", "{why}");
    }
}

#[test]
fn one_fitting_node_stands_for_a_type_of_its_name_then_for_one_with_its_labels() {
    for (node, labels, said_of) in [
        ("debian", vec!["special"], "demand: needs node debian: debian"),
        ("debian+10.9.9.9", vec!["arm64", "special"], "demand: needs node debian+10.9.9.9: debian"),
        ("debian+blade-7", vec!["bookworm", "amd64"], "demand: needs node debian+blade-7: ubuntu"),
        ("debian+blade-7", vec!["amd64"], "demand: needs node debian+blade-7: ubuntu"),
        (
            "debian+blade-7",
            vec!["special"],
            "no_node_type: needs node debian+blade-7, which no node type of the configuration has",
        ),
        ("static1", vec!["arm64"], "demand: needs node static1: debian"),
        ("static1", vec!["arm64", "debian"], "demand: needs node static1: debian"),
        (
            "static1",
            vec!["amd64", "arm64"],
            "no_node_type: needs node static1, which no node type of the configuration has",
        ),
        ("static1", vec![], "no_node_type: needs node static1, which no node type of the configuration has"),
    ] {
        let mut s = types();
        let mut there = offline_static(node);
        there.labels = names(&labels);
        there.labels.extend([node.to_owned()]);
        s.nodes().push(there);
        s.wait(1, Task::Unknown, &format!("‘{node}’ is offline"));
        assert_eq!(said(&s), said_of, "{node}");
    }
}

#[test]
fn l5_a_node_with_the_name_of_a_label_does_not_starve_the_jobs_that_ask_for_that_label() {
    for labels in [&[][..], &["arm64"], &["evil"]] {
        for why in ["‘arm64’ is offline", "Waiting for next available executor on ‘arm64’"] {
            let mut s = types();
            let mut evil = offline_static("arm64");
            evil.labels = names(&[labels, &["arm64"]].concat());
            s.nodes().push(evil);
            s.pipeline(1, why);
            assert_eq!(said(&s), "demand: needs node arm64: debian", "{labels:?} {why}");
        }
    }
}

#[test]
fn an_idle_node_with_the_name_of_a_label_is_supply_for_the_jobs_that_ask_for_that_label() {
    let mut s = types();
    let mut node = agent("arm64");
    node.labels = names(&["arm64"]);
    s.nodes().push(node);
    s.pipeline(1, "Waiting for next available executor on ‘arm64’");
    assert_eq!(said(&s), "idle_executor: needs node arm64: node arm64 has an idle executor");
}

#[test]
fn l1_a_node_with_the_name_of_a_label_stands_for_the_type_that_has_its_labels_if_there_is_one() {
    let mut s = types();
    let mut node = offline_static("arm64");
    node.labels = names(&["arm64", "amd64"]);
    s.nodes().push(node);
    s.pipeline(1, "‘arm64’ is offline");
    let said = said(&s);
    assert!(said.starts_with("demand: needs node arm64: ") && !said.ends_with("debian"), "{said}");
}

#[test]
fn l5_an_entry_with_the_name_of_a_node_type_does_not_draw_the_pipelines_for_its_labels_to_that_type() {
    for name in ["debian+10.9.9.9", "debian+x"] {
        for presence in [Presence::Disconnected, Presence::Online] {
            let mut s = types();
            let mut entry = agent(name);
            (entry.labels, entry.presence) = (names(&[name, "amd64"]), presence);
            (entry.idle, entry.idle_executors) = (false, 0);
            s.nodes().push(entry);
            let why = format!("Waiting for next available executor on ‘{name}’");
            s.pipeline(1, &why).in_queue_since = Some(s.now - time("6m"));
            s.runs(&format!(
                "
                | + ubuntu  os  20261121T120000Z-1  job1 (1) needs node {name}
                |   job 1  job1  demand: needs node {name}: ubuntu server 20261121T120000Z-1 is ordered for it
                |   node {name}  not_ours: no server of ours carries its name or address
            "
            ));
        }
    }
}

/// Without a page the job may ask for the name or for any label: if the first guess was in vain, the next follows.
#[test]
fn l5_an_entry_with_the_name_of_one_node_type_and_the_label_of_another_starves_the_jobs_of_neither() {
    for (name, labels) in
        [("ubuntu", &["arm64"][..]), ("ubuntu", &["arm64", "spare"]), ("ubuntu+10.9.9.9", &["amd64", "arm64", "spare"])]
    {
        let mut s = types();
        let mut entry = offline_static(name);
        entry.labels = names(&[labels, &[name]].concat());
        s.nodes().push(entry);
        s.wait(1, Task::Unknown, &format!("‘{name}’ is offline"));
        s.run().after("1m").joins("new1", "10.0.0.1");
        s.run().after("1m").run();
        assert_eq!(said(s.after("1m")), format!("on_its_way: needs node {name}: debian"), "{labels:?}");
    }
}

#[test]
fn in_a_composite_reason_no_node_is_taken_for_the_one_that_fits() {
    let mut s = types();
    s.nodes().push(offline_static("static1"));
    s.wait(1, Task::Unknown, "‘static1’ is not accepting tasks; ‘static2’ is offline");
    assert_eq!(said(&s), "unknown_need: Jenkins says: ‘static1’ is not accepting tasks; ‘static2’ is offline");
}

#[test]
fn a_matrix_configuration_needs_those_of_its_axis_values_that_are_labels() {
    let axes = |values: &[&str]| Task::Matrix { axis_values: values.iter().map(|&value| value.to_owned()).collect() };
    for (values, said_of) in [
        (vec!["arm64", "gcc-12"], "demand: needs arm64: debian"),
        (vec!["bookworm", "arm64"], "demand: needs bookworm && arm64: debian"),
        (vec!["amd64", "arm64"], "no_node_type: needs amd64 && arm64, which no node type of the configuration has"),
        (vec!["gcc-12"], "demand: needs any node: any"),
    ] {
        let mut s = types();
        s.nodes().push(offline_static("old"));
        s.wait(1, axes(&values), "Waiting for next available executor");
        assert_eq!(said(&s), said_of, "{values:?}");
    }
    let mut s = types();
    s.wait(1, axes(&["amd64"]), "There are no nodes with the label ‘arm64’");
    assert_eq!(said(&s), "demand: needs arm64: debian");
}

#[test]
fn a_need_once_read_is_remembered_as_long_as_the_item_is_queued() {
    let mut s = types();
    s.config.max_servers = 0;
    s.pipeline(1, "There are no nodes with the label ‘arm64’");
    s.run();
    s.config.max_servers = 9;
    s.item(1).why = Some("Waiting for next available executor".to_owned());
    assert_eq!(said(&s), "demand: needs arm64: debian");
    s.item(1).why = Some("something else".to_owned());
    assert_eq!(said(&s), "demand: needs arm64: debian");
    s.item(1).stage = Stage::Blocked;
    s.config.max_servers = 0;
    s.after("1m").run();
    s.item(1).stage = Stage::Buildable;
    s.config.max_servers = 9;
    assert_eq!(said(&s), "demand: needs arm64: debian");
    let item = s.item(1).clone();
    s.queue().clear();
    s.run();
    s.queue().push(item);
    assert_eq!(said(&s), "unknown_need: Jenkins says: something else");
}

#[test]
fn a_label_that_was_read_once_comes_before_the_one_node_that_fits_by_now() {
    let mut s = types();
    s.config.max_servers = 0;
    s.pipeline(1, "Waiting for next available executor on ‘amd64’");
    s.run();
    s.config.max_servers = 9;
    let mut node = offline_static("big");
    node.labels = names(&["big", "amd64", "gpu"]);
    s.nodes().push(node);
    s.item(1).why = Some("‘big’ is offline".to_owned());
    assert_eq!(said(&s), "demand: needs amd64: ubuntu");
}

#[test]
fn a_label_guessed_from_axes_gives_way_to_the_one_node_that_fits() {
    let mut s = types();
    s.config.max_servers = 0;
    s.wait(1, Task::Matrix { axis_values: vec!["amd64".to_owned()] }, "Waiting for next available executor");
    s.run();
    s.config.max_servers = 9;
    s.nodes().push(offline_static("debian"));
    s.item(1).why = Some("‘debian’ is offline".to_owned());
    assert_eq!(said(&s), "demand: needs node debian: debian");
}

#[test]
fn a_pipeline_whose_label_is_known_does_not_resume_when_a_reason_names_a_node_of_ours() {
    let mut s = Situation::new();
    s.pipeline(1, "There are no nodes with the label ‘amd64’");
    s.run();
    s.joins("new1", "10.0.0.1").presence = Presence::Disconnected;
    s.item(1).why = Some("‘ubuntu+10.0.0.1’ is offline".to_owned());
    s.project(2, "amd64").in_queue_since = Some(s.now);
    s.after("1m").runs(
        "
        | + ubuntu  os  20261121T120100Z-1  job2 (2) needs amd64
        |   job 1  job1  on_its_way: needs amd64: ubuntu server 20261121T120000Z-1 is on its way
        |   job 2  job2  demand: needs amd64: ubuntu server 20261121T120100Z-1 is ordered for it
        |   node ubuntu+10.0.0.1  connecting: active for 0s, its node was never online yet, join_timeout 15m
        |   server new1  ubuntu  connecting: active for 0s, its node was never online yet, join_timeout 15m
    ",
    );
}

#[test]
fn a_pipeline_that_asks_for_a_node_of_ours_that_is_gone_resumes_for_six_minutes() {
    for why in [
        "‘ubuntu+10.0.0.1’ is offline",
        "There are no nodes with the label ‘ubuntu+10.0.0.1’",
        "All nodes of label ‘ubuntu+10.0.0.1’ are offline",
        "Waiting for next available executor on ‘ubuntu+10.0.0.1’",
        "‘Jenkins’ doesn’t have label ‘ubuntu+10.0.0.1’",
        "Must run on ubuntu+10.0.0.1 not other",
    ] {
        let mut s = types();
        s.pipeline(1, why);
        let resumes = "resuming: resumes after a restart of Jenkins and waits for node ubuntu+10.0.0.1 itself";
        assert_eq!(said(&s), resumes, "{why}");
        s.item(1).in_queue_since = Some(s.now - time("5m 59s"));
        assert_eq!(said(&s), resumes, "{why}");
        s.item(1).in_queue_since = Some(s.now - time("6m"));
        assert_eq!(said(&s), "demand: needs node ubuntu+10.0.0.1: ubuntu", "{why}");
    }
}

#[test]
fn a_pipeline_that_resumes_on_a_node_named_by_its_order_is_served_by_its_labels_in_the_end() {
    let mut s = types();
    s.active("s1", "ubuntu", "10.0.0.1");
    s.memory("s1").joined_at = Some(s.now);
    let mut node = agent("m1");
    node.presence = Presence::Disconnected;
    s.nodes().push(node);
    s.node_memory("m1").server = Some("s1".into());
    s.pipeline(1, "‘m1’ is offline").in_queue_since = Some(s.now - time("6m"));
    assert_eq!(said(&s), "demand: needs node m1: ubuntu");
}

#[test]
fn a_pipeline_that_asks_for_somebody_elses_node_needs_one_like_it() {
    let mut s = types();
    let mut node = offline_static("static1");
    node.labels = names(&["static1", "arm64"]);
    s.nodes().push(node);
    s.pipeline(1, "‘static1’ is offline");
    assert_eq!(said(&s), "demand: needs node static1: debian");
}

#[test]
fn a_project_that_asks_for_a_node_of_ours_does_not_resume() {
    let mut s = types();
    s.wait(1, Task::Unknown, "‘ubuntu+10.0.0.1’ is offline");
    assert_eq!(said(&s), "demand: needs node ubuntu+10.0.0.1: ubuntu");
}
