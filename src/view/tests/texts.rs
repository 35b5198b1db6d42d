//! What a person reads, to the letter.

use crate::domain::rule::Rule;
use crate::domain::world::Listing;
use crate::plan::model::{Problem, Subject};
use crate::plan::text::display::Detail;
use crate::view::compact::UNCUT;
use crate::view::document::run;
use crate::view::explain::explain;
use crate::view::overview::Overview;
use crate::view::status::Status;
use crate::view::status::filter::Filter;
use crate::view::status::text::{Layout, render};
use crate::view::style::unmarked;
use crate::view::tests::scene::Scene;
use mita_sim::jenkins::queue::Job;

fn status(scene: &Scene, layout: Layout) -> String {
    let report = scene.look();
    unmarked(&render(&Status::of(&Overview::of(&scene.loaded.config, &report)), 80, layout))
}

pub(super) fn explanation(scene: &Scene, subject: &str) -> String {
    let report = scene.look();
    explain(&Overview::of(&scene.loaded.config, &report), subject).render(80, Detail::Full)
}

#[test]
fn a_run_tells_each_action_with_its_outcome() {
    let scene = Scene::with_jobs();
    let report = scene.run();
    assert_eq!(run::render(&report, Detail::Terse), "+ ubuntu  openstack  20260105T080010Z-1  ceph-build (1) needs amd64 && trusty  [done, server 090f6c67-fa92-4435-a827-cb66ad474328]
1 ordered; seen: 4 jobs, 2 nodes, 0 servers of ours; 1 job waits: older jobs take the 1 that max 1 of ubuntu leaves: raise the limit, unless a server gets free in time
");
}

#[test]
fn status_lists_everything_and_fits_eighty_columns() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    let text = status(&scene, Layout::Compact);
    assert_eq!(
        text,
        "ceph-ci at 2026-01-05T08:02:10Z
1 of 50 servers; Jenkins has 3 nodes and 3 queue items
the next run has nothing to do
2 jobs wait: max or max_servers is reached (1), no node type has the labels (1)

Node types
  NAME    MAX  JOBS  BUSY
  ubuntu    1     1     1
  centos    -     0     0

Servers
  NAME                 TYPE    PROVIDER   AGE  STATE
  ubuntu+192.168.1.10  ubuntu  openstack   2m  busy   runs ceph-build #1 for 30s

Jobs
  ITEM  JOB               WAITS  RULE
  2     folder/ceph-dev  2m 10s  limit         node type ubuntu has its max of 1
  3     win-build        2m 10s  no_node_type  needs windows, which no node typ…
  4     rpm-build        2m 10s  blocked       Build #7 is already in progress…

Other nodes
  NAME           STATE   IDLE  RULE
  Built-In Node  online   0/0  not_ours  the built-in node; runs win-build #1
  vault          online   1/1  not_ours  no server of ours carries its name or…

mita status -o wide shows the reasons whole
"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    let report = scene.look();
    let whole = render(&Status::of(&Overview::of(&scene.loaded.config, &report)), UNCUT, Layout::Compact);
    assert!(!whole.contains("-o wide"), "nothing is cut: {whole}");
    let wide = status(&scene, Layout::Wide);
    assert!(wide.contains("needs windows, which no node type\n"), "{wide}");
}

#[test]
fn what_does_not_fit_the_screen_is_counted_and_what_matters_most_stays() {
    let scene = Scene::with_jobs();
    for _ in 0..8 {
        scene.sim.jenkins().submit(Job::freestyle("flood").label("trusty"));
    }
    scene.run();
    for lines in [12, 16, 20, 24] {
        let text = status(&scene, Layout::Screen(lines));
        assert!(text.lines().count() <= lines, "{lines}: {text}");
        assert!(text.contains("Node types"), "{lines}: {text}");
    }
    let whole = status(&scene, Layout::Screen(100));
    assert!(!whole.contains(" more line"), "{whole}");
    let rows = whole.lines().count();
    assert_eq!(status(&scene, Layout::Screen(rows)), whole, "it fits");
    let text = status(&scene, Layout::Screen(rows - 1));
    assert!(text.ends_with(": mita status\n") && text.contains(" more line"), "{text}");
    let text = status(&scene, Layout::Screen(22));
    assert!(text.contains("Servers") && text.contains("  and "), "{text}");
}

#[test]
fn what_could_not_be_read_is_not_counted() {
    let scene = Scene::with_jobs();
    assert!(status(&scene, Layout::Wide).contains("\nmita has not run yet\n"), "{}", status(&scene, Layout::Wide));
    scene.run();
    let mut report = scene.look();
    report.world.jenkins.queue = Listing::Unavailable("no answer".to_owned());
    let counted = |report: &_| run::render(report, Detail::Terse).lines().last().unwrap_or_default().to_owned();
    assert!(!counted(&report).contains("job") && counted(&report).contains(" nodes, 1 server of ours"), "{report:?}");
    report.world.jenkins.nodes = Listing::Unavailable("no answer".to_owned());
    report.world.clouds.values_mut().for_each(|cloud| cloud.servers = Listing::Unavailable("no answer".to_owned()));
    report.plan.actions.clear();
    let unseen = "could not look: Jenkins and openstack cannot be read";
    assert_eq!(counted(&report), unseen);
    let head = Status::of(&Overview::of(&scene.loaded.config, &report)).head;
    assert!(head.contains(unseen) && !head.contains("nothing to do"), "{head}");
}

#[test]
fn a_server_that_is_gone_is_neither_counted_nor_a_machine() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    let mut report = scene.look();
    let text = |report: &_| {
        let status = Status::of(&Overview::of(&scene.loaded.config, report));
        (run::render(report, Detail::Terse), unmarked(&render(&status, 80, Layout::Compact)))
    };
    let (counts, status) = text(&report);
    assert!(counts.contains("1 server of ours") && status.contains("Servers"), "{counts}{status}");
    for verdict in report.plan.verdicts.iter_mut().filter(|verdict| verdict.subject == Subject::Server) {
        verdict.rule = Rule::Gone;
    }
    let (counts, status) = text(&report);
    assert!(counts.contains("0 servers of ours") && !status.contains("Servers"), "{counts}{status}");
}

#[test]
fn without_runs_nothing_is_counted_down_and_the_silence_is_told() {
    let scene = Scene::with_jobs();
    for _ in 0..13 {
        scene.run();
    }
    let counted = status(&scene, Layout::Compact);
    assert!(counted.contains("  LEFT") && !counted.contains("last run"), "{counted}");
    scene.pass(600);
    let silent = status(&scene, Layout::Compact);
    let told = "the last run was 11m ago, and nothing happens before the next: does cron run mita?";
    assert!(silent.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{silent}");
    assert!(!silent.contains("LEFT"), "{silent}");
    let node = scene.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("ubuntu+")).unwrap();
    assert!(!explanation(&scene, &node).contains("\n  next "), "{}", explanation(&scene, &node));
}

#[test]
fn words_choose_a_part_and_names() {
    let scene = Scene::with_jobs();
    scene.run();
    let report = scene.look();
    let shown = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut status = Status::of(&Overview::of(&scene.loaded.config, &report));
        Filter::read(&words).apply(&mut status);
        let whole = Status::of(&Overview::of(&scene.loaded.config, &report)).head;
        assert!(status.head.starts_with(whole.trim_end()), "the numbers are those of everything: {}", status.head);
        assert_eq!(status.head.contains("nothing here contains \"nobody\""), words == ["nobody"], "{}", status.head);
        let jobs: Vec<String> = status.jobs.iter().flatten().map(|job| job.job.clone()).collect();
        (status.node_types.len(), status.servers.len(), jobs.join(" "))
    };
    assert_eq!(shown(&["jobs", "ceph-d"]), (0, 0, "folder/ceph-dev".to_owned()));
    assert_eq!(shown(&["nodes", "UBUNTU"]), (0, 1, String::new()));
    assert_eq!(shown(&["Nodes", "ubuntu"]), (0, 1, String::new()));
    let head = |word: &str| {
        let mut status = Status::of(&Overview::of(&scene.loaded.config, &report));
        Filter::read(&[word.to_owned()]).apply(&mut status);
        status.head
    };
    assert!(head("job").contains("nothing here contains \"job\"; mita status jobs shows all jobs"), "{}", head("job"));
    assert!(head("Jobz").contains("; mita status jobs shows all jobs"), "{}", head("Jobz"));
    assert_eq!(shown(&["types"]), (2, 0, String::new()));
    assert_eq!(shown(&["nobody"]), (0, 0, String::new()));
}

/// A scene after two runs, and the node that is online then.
fn with_node() -> (Scene, String) {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    let node = scene.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("ubuntu+")).unwrap();
    (scene, node)
}

#[test]
fn a_hold_of_a_busy_node_is_seen_with_who_and_why() {
    let (scene, node) = with_node();
    scene.sim.jenkins().hold(&node, "racks");
    scene.pass(90);
    let text = status(&scene, Layout::Compact);
    assert!(text.contains("busy, held  held by alice for 1m 30s: racks"), "{text}");
    let types = text.lines().find(|line| line.contains("BUSY")).unwrap();
    assert!(types.ends_with("BUSY"), "a server is in one column: {text}");
    assert!(
        explanation(&scene, &node).contains("  held            held by alice for 1m 30s: racks\n"),
        "{}",
        explanation(&scene, &node)
    );
    assert!(!explanation(&scene, &node).contains("offline cause"), "told once: {}", explanation(&scene, &node));
}

#[test]
fn a_job_is_explained_with_what_it_needs_and_what_each_node_type_answers() {
    let scene = Scene::with_jobs();
    scene.run();
    assert_eq!(
        explanation(&scene, "ceph-dev"),
        r#"Job folder/ceph-dev, queue item 2
  rule            limit: needs amd64 && trusty: node type ubuntu has its max of
                  1
  seen            waits for an executor, in the queue for 1m 10s; a project with
                  the label expression amd64 && trusty
  jenkins says    "There are no nodes with the label ‘amd64&&trusty’"
  next            raise the limit, unless a server gets free in time
  waits since     2026-01-05T08:00:10Z, when a run first saw it wait
  needs           amd64 && trusty
  known from      the label in the reason that Jenkins gives

  Node types
    NAME    FITS
    ubuntu  yes   has its max of 1
    centos  no    has amd64; lacks trusty

  On their way
    NAME                FITS
    20260105T080010Z-1  yes   connecting: active for 0s, not in Jenkins yet,
                              join_timeout 15m
"#
    );
}

#[test]
fn a_job_that_runs_is_explained_with_its_builds_and_their_nodes() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    assert_eq!(
        explanation(&scene, "ceph-build"),
        format!(
            "Job ceph-build
  runs            ceph-build #1 for 30s on ubuntu+192.168.1.10,
                  {}/job/ceph-build/1/
",
            scene.sim.jenkins_url()
        )
    );
}

#[test]
fn a_node_type_is_not_told_a_second_time_as_a_label() {
    let scene = Scene::with_jobs();
    let text = explanation(&scene, "ubuntu");
    assert!(text.starts_with("Node type ubuntu\n") && !text.contains("Label expression"), "{text}");
    assert!(text.contains("too little yet, 0 of the 8 servers that"), "{text}");
    scene.sim.jenkins().add_agent("spare", "ubuntu", 1);
    assert!(explanation(&scene, "ubuntu").contains("Label expression ubuntu"), "a node of others has the label");
}

#[test]
fn a_long_reason_of_a_person_is_cut_in_a_row() {
    let (scene, node) = with_node();
    scene.sim.jenkins().hold(&node, &"racks ".repeat(100));
    let report = scene.look();
    let text = render(&Status::of(&Overview::of(&scene.loaded.config, &report)), UNCUT, Layout::Compact);
    assert!(text.contains("racks ... (599 characters)") && text.lines().all(|line| line.len() < 300), "{text}");
}

#[test]
fn of_a_job_that_is_queued_many_times_the_oldest_items_are_told_of() {
    let scene = Scene::start();
    for _ in 0..12 {
        scene.sim.jenkins().submit(Job::pipeline("flood").label("trusty"));
    }
    scene.pass(10);
    let text = explanation(&scene, "flood");
    assert_eq!(text.matches("Job flood, queue item ").count(), 10);
    assert!(text.ends_with("\nand 2 younger queue items of this name: explain one by its id\n\nmita has not run yet: no run has seen or done any of this\n"), "{text}");
}

#[test]
fn a_blocked_job_is_explained_with_what_it_will_need() {
    let scene = Scene::with_jobs();
    assert_eq!(
        explanation(&scene, "rpm-build"),
        r#"Job rpm-build, queue item 4
  rule            blocked: Build #7 is already in progress (ETA: 2 min)
  seen            blocked, in the queue for 10s; a project with the label
                  expression centos
  jenkins says    "Build #7 is already in progress (ETA: 2 min)"
  needs           centos
  known from      the label expression of the project

  Node types
    NAME    FITS
    ubuntu  no    lacks centos
    centos  yes   0 servers; the quota of openstack has room for 20 more
                  (instances)

mita has not run yet: no run has seen or done any of this
"#
    );
}

/// Why an idle node is kept.
const RULES: &str = "
  Rules, until the first that fits
    NAME           FITS
    not_seen       no    provider openstack and Jenkins answered in full
    busy           no    node ubuntu+192.168.1.10 runs no build
    gone           no    its cloud says that it is active
    ambiguous      no    no other node could be it
    held           no    no node of it is set offline
    other_name     no    no node under another name keeps it
    asked          no    nobody asked for it with mita retire
    drain_resumed  no    no retirement of it is under way
    ordered        no    its cloud shows it
    error          no    it is active for 12m
    boot_timeout   no    it is active for 12m
    stopped        no    it is active for 12m
    unknown_state  no    it is active for 12m
    never_joined   no    it came online in Jenkins 11m ago
    offline        no    node ubuntu+192.168.1.10 is online
    single_use     no    its type is not single_use
    max_age        no    its type has no max_age
    kept_for_jobs  no    no waiting job is matched to it
    kept           yes   idle 3m, grace 10m
";

#[test]
fn a_node_is_explained_with_its_server_and_what_comes_next() {
    let scene = Scene::with_jobs();
    for _ in 0..13 {
        scene.run();
    }
    let name = scene.sim.jenkins().node_names().into_iter().find(|name| name.starts_with("ubuntu+")).unwrap();
    assert_eq!(
        explanation(&scene, &name),
        format!(
            "Node ubuntu+192.168.1.10
  rule            kept: idle 3m, grace 10m
  seen            online, 1 of 1 executor idle
  labels          amd64, trusty, ubuntu+192.168.1.10
  is              server 20260105T080010Z-1 of node type ubuntu,
                  090f6c67-fa92-4435-a827-cb66ad474328
  remembered      first seen by run 3, first online by run 3
  idle            for 3m, first seen idle at 2026-01-05T08:10:10Z
  next            retired in 7m unless a build comes
{RULES}"
        )
    );
    assert_eq!(
        explanation(&scene, "20260105T080010Z-1"),
        format!(
            "Server ubuntu, 090f6c67-fa92-4435-a827-cb66ad474328
  rule            kept: idle 3m, grace 10m
  seen            active, 192.168.1.10, made by its cloud 2026-01-05T08:00:10Z
  node type       ubuntu at provider openstack
  order           20260105T080010Z-1, 2026-01-05T08:00:10Z (13m ago), by run 1
  nodes           ubuntu+192.168.1.10
  remembered      active since 2026-01-05T08:01:10Z; first seen online in
                  Jenkins 2026-01-05T08:02:10Z
  next            retired in 7m unless a build comes
{RULES}"
        )
    );
}

#[test]
fn a_label_expression_is_explained_label_by_label() {
    let scene = Scene::with_jobs();
    assert_eq!(
        explanation(&scene, "amd64&&(trustyy||signing)"),
        "Label expression amd64 && (trustyy || signing)
  nodes           no node in Jenkins fits

  Labels in it
    NAME     FITS
    amd64    yes   node type ubuntu, centos; 0 nodes in Jenkins
    signing  yes   no node type; 1 node in Jenkins
    trustyy  no    no node type; 0 nodes in Jenkins; similar: trusty

  Node types
    NAME    FITS
    ubuntu  no    has amd64; lacks signing, trustyy
    centos  no    has amd64; lacks signing, trustyy

mita has not run yet: no run has seen or done any of this
"
    );
}

#[test]
fn what_nothing_is_called_is_told_with_names_like_it() {
    let scene = Scene::with_jobs();
    let report = scene.look();
    let explanation = explain(&Overview::of(&scene.loaded.config, &report), "ceph-biuld");
    assert!(!explanation.has_found_anything());
    assert_eq!(
        explanation.nothing(),
        r#"nothing is called "ceph-biuld": no job in the queue, no node, no server of ours, no node type, no provider, no label that a node type or a node has, and nothing in the journal; similar: ceph-build"#
    );
}

#[test]
fn a_server_whose_removal_is_paused_is_counted_where_it_is_shown() {
    let scene = Scene::with_jobs();
    scene.run();
    scene.run();
    let mut report = scene.look();
    for verdict in report.plan.verdicts.iter_mut().filter(|verdict| verdict.subject == Subject::Server) {
        verdict.rule = Rule::Paused;
    }
    let status = Status::of(&Overview::of(&scene.loaded.config, &report));
    assert_eq!((status.node_types[0].held, status.node_types[0].servers.total), (1, 1));
}

#[test]
fn a_screen_shows_whole_what_went_wrong_and_the_rest_as_far_as_it_fits() {
    let scene = Scene::with_jobs();
    scene.run();
    let mut report = scene.look();
    let error = format!("GET https://{}/servers/detail: no answer within 20 s", "cloud.".repeat(20));
    report.plan.problems = vec![Problem { place: "provider openstack".into(), error }];
    let shown = |report: &_, lines| {
        let status = Status::of(&Overview::of(&scene.loaded.config, report));
        unmarked(&render(&status, 80, Layout::Screen(lines)))
    };
    let text = shown(&report, 24);
    assert!(text.contains("no answer within 20 s") && text.lines().count() <= 24, "{text}");
    report.plan.problems = vec![report.plan.problems[0].clone(); 30];
    let text = shown(&report, 24);
    assert!(text.contains("  and ") && text.lines().count() <= 24, "{text}");
}
