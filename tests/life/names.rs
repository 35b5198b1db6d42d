//! Names and generations: odd letters, addresses of both kinds, prefixes, and Jenkins of every age.

use crate::harness::{Installation, Setup, minutes, seconds};
use mita::domain::rule::Rule;
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::Mode;
use mita_sim::jenkins::queue::Job;
use mita_sim::{JoinRule, Service};

/// A job of a minute is built, its node retired, and nothing is left.
fn a_whole_life(it: &Installation, job: Job, what: &str) {
    let name = job.name.clone();
    it.sim.jenkins().submit(job.lasting(minutes(1)));
    it.minutes_until(6, &format!("{what}: built"), |it| it.built().contains(&name));
    it.minutes_until(14, &format!("{what}: retired"), |it| it.nodes().is_empty() && it.servers().is_empty());
    it.minute();
    it.minute().did_nothing();
    assert_eq!(it.killed(), [""; 0], "{what}");
}

#[test]
fn jenkins_may_live_below_a_prefix_and_call_itself_by_another_address() {
    let set = |jenkins: &mut mita_sim::jenkins::Options| {
        jenkins.prefix = "/ci/jenkins".to_owned();
        jenkins.root_url = Some("https://jenkins.example.com/ci/jenkins".to_owned());
    };
    let it = Setup::trusty().jenkins(set).start();
    a_whole_life(&it, Job::freestyle("build").label("trusty"), "prefix");
}

#[test]
fn node_types_may_have_plus_signs_blanks_and_letters_of_any_script_in_their_names() {
    for name in ["gcc+clang", "büild-farm", "x=y,z", "日本"] {
        let it = Setup::new().node(name, "labels = \"amd64 odd\"").start();
        a_whole_life(&it, Job::freestyle("build").label("odd"), name);
    }
}

#[test]
fn a_job_may_ask_for_a_node_type_by_its_name() {
    let it = Setup::new().node("gcc+clang", "labels = \"amd64\"").start();
    a_whole_life(&it, Job::freestyle("build").label("gcc+clang"), "by name");
}

#[test]
fn a_node_may_carry_the_servers_ipv6_address_with_dashes() {
    let it = Setup::new().node("trusty", "labels = \"amd64 trusty\"\nnetworks = [\"six\"]").start();
    it.sim.cloud("openstack").add_network("six", "10.6.0", Some("2001:db8::"));
    it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty").named("{server}+{ip6}"));
    it.sim.jenkins().submit(Job::freestyle("first").label("trusty").lasting(minutes(1)));
    it.minutes_until(6, "joined", |it| !it.nodes().is_empty());
    let node = it.node();
    assert!(node.starts_with("trusty+2001-db8-"), "{node}");
    it.minutes_until(20, "retired", |it| it.nodes().is_empty() && it.servers().is_empty());
    assert_eq!(it.orders(), 1);
}

#[test]
fn servers_with_names_of_their_own_are_found_by_them() {
    for named in ["{server}", "{server}+{ip}", "{mita_id}", "{id}", "{node}+{ip}"] {
        let lines = "labels = \"amd64 trusty\"\nserver_name = \"ci-{node}-{id}\"";
        let it = Setup::new().node("trusty", lines).start();
        it.sim.on_boot("trusty", JoinRule::base_plus_ip(seconds(30), "amd64 trusty").named(named));
        a_whole_life(&it, Job::freestyle("build").label("trusty"), named);
    }
}

#[test]
fn two_servers_of_one_name_are_told_apart_by_their_addresses() {
    let it = Setup::trusty().start();
    it.sim.jenkins().submit(Job::freestyle("short").label("trusty").lasting(minutes(1)));
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(40)));
    it.minutes_until(20, "the idle one goes", |it| it.servers().len() == 1);
    let nodes = it.nodes();
    assert!(matches!(nodes.as_slice(), [_]), "{nodes:?}");
    it.minutes(10);
    assert_eq!((it.killed().len(), it.nodes()), (0, nodes));
}

#[test]
fn an_address_that_is_used_again_leads_to_its_new_server() {
    let it = Setup::trusty().start();
    for round in 0..3 {
        a_whole_life(&it, Job::freestyle(&format!("build-{round}")).label("trusty"), "again");
    }
    assert_eq!(it.orders(), 3);
}

#[test]
fn jenkins_of_every_age_is_understood() {
    let ages =
        [(1, 480), (1, 580), (1, 651), (2, 1), (2, 60), (2, 93), (2, 94), (2, 138), (2, 319), (2, 541), (2, 578)];
    for (major, minor) in ages {
        let it = Setup::trusty().jenkins(|jenkins| jenkins.version = Version::new(major, minor)).start();
        it.sim.jenkins().add_agent("static-1", "other", 1);
        it.sim.jenkins().submit(Job::freestyle("free").label("amd64 && trusty").lasting(minutes(1)));
        it.sim.jenkins().submit(Job::pipeline("pipe").label("trusty").lasting(minutes(1)));
        let what = format!("{major}.{minor}");
        it.minutes_until(8, &format!("{what}: both built"), |it| it.built().len() == 2);
        let left = |it: &Installation| it.nodes() == ["static-1"] && it.servers().is_empty();
        it.minutes_until(16, &format!("{what}: retired"), left);
        assert!(it.orders() <= 2, "{what}: {} orders", it.orders());
    }
}

#[test]
fn pipelines_without_names_of_before_2021_are_served() {
    let it = Setup::trusty().jenkins(|jenkins| jenkins.pipeline_names = false).start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    it.sim.jenkins().submit(Job::pipeline("pipe").label("amd64&&trusty").lasting(minutes(1)));
    it.minute().did(&["create_server trusty demand done"]);
    it.minutes_until(6, "built", |it| it.built() == ["pipe"]);
}

#[test]
fn matrix_configurations_are_served_by_the_values_of_their_axes() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    it.sim.jenkins().submit(Job::matrix("ceph", "label=debian,flavour=small").label("debian").lasting(minutes(1)));
    it.minute().did(&["create_server debian demand done"]);
    it.minutes(4);
    assert_eq!(it.built().len(), 1);
}

#[test]
fn a_job_without_a_label_goes_to_unlabelled_types_alone() {
    let it = Setup::trusty().node("any", "labels = \"any\"\nunlabelled = true").start();
    it.sim.on_boot("any", JoinRule::base_plus_ip(seconds(30), "any"));
    let mut busy = mita_sim::jenkins::nodes::Node::new("static-1", "other", 1).online();
    busy.mode = Mode::Exclusive;
    it.sim.jenkins().add_node(busy);
    it.sim.jenkins().submit(Job::freestyle("roams").lasting(minutes(1)));
    it.minute().did(&["create_server any demand done"]);
    it.minutes_until(5, "built", |it| it.built() == ["roams"]);
}

#[test]
fn the_one_node_that_jenkins_names_stands_for_its_type() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::freestyle("long").label("trusty").lasting(minutes(60)));
    let id = it.sim.jenkins().submit(Job::pipeline("second").label("amd64 && trusty").lasting(minutes(1)));
    let run = it.minute();
    let why = run.verdict(Subject::QueueItem, &id.to_string());
    assert_eq!(why.rule, Rule::Demand, "{node}: {}", run.story());
    it.minutes(4);
    assert!(it.built().contains(&"second".to_owned()));
}

#[test]
fn a_label_that_a_plugin_put_in_place_of_the_jobs_own_is_the_one_that_counts() {
    let it = Setup::trusty().node("debian", "labels = \"amd64 debian\"").start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    let mut job = Job::freestyle("moved").label("trusty").lasting(minutes(1));
    job.label_override = Some("debian".to_owned());
    it.sim.jenkins().submit(job);
    it.minute().did(&["create_server debian demand done"]);
}

#[test]
fn l1_a_job_that_jenkins_leaves_out_of_its_list_with_labels_is_found_in_the_one_without() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("static-1", "other", 1);
    it.sim.jenkins().submit(Job::freestyle("plain").label("trusty||xenial").lasting(minutes(30)));
    it.sim.jenkins().submit(Job::freestyle("quoted").label("\"trusty||xenial\"").lasting(minutes(1)));
    let run = it.minute();
    assert_eq!(run.rule(Subject::QueueItem, "quoted"), Rule::Demand, "the first run asks both ways: {}", run.story());
    it.sim.jenkins().submit(Job::freestyle("later").label("\"trusty||xenial\"").lasting(minutes(1)));
    let run = it.minute();
    assert_eq!(
        run.rule(Subject::QueueItem, "later"),
        Rule::Demand,
        "so does each, while there is one: {}",
        run.story()
    );
    it.minutes_until(12, "built", |it| ["quoted", "later"].iter().all(|job| it.built().contains(&(*job).to_owned())));
    let asked: usize = (0..10).map(|_| it.minute().count(Service::Jenkins, "GET", "/queue/api/json")).sum();
    assert_eq!(asked, 11, "without one, one run in ten asks both ways");
}
