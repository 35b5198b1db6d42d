//! What runs leave for monitors and for people: metrics for Prometheus, a status page, and the history behind both.

mod boards;
mod exposition;

use crate::harness::{Installation, Setup, minutes, seconds};
use exposition::{Family, read};
use mita::operator::Request;
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// An installation that writes both, with two jobs of which a server can take one.
fn watched() -> Installation {
    let it = Setup::trusty().start();
    it.edit_config(|text| format!("metrics_file = \"mita.prom\"\nhtml_file = \"mita.html\"\n{text}"));
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(3)));
    it.sim.jenkins().submit(Job::freestyle("win-build").label("windows"));
    it
}

fn file(it: &Installation, name: &str) -> PathBuf {
    it.config_file().with_file_name(name)
}

fn text(it: &Installation, name: &str) -> String {
    fs::read_to_string(file(it, name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn metrics(it: &Installation) -> BTreeMap<String, Family> {
    read(&text(it, "mita.prom"))
}

#[track_caller]
fn value(metrics: &BTreeMap<String, Family>, name: &str, labels: &str) -> f64 {
    let family = metrics.get(name).unwrap_or_else(|| panic!("there is no {name}"));
    *family.samples.get(labels).unwrap_or_else(|| panic!("{name} has no {labels}: {:?}", family.samples))
}

#[test]
fn each_run_leaves_metrics_that_an_independent_reader_and_promtool_accept() {
    let it = watched();
    for minute in 0..12 {
        it.reconcile(&[]);
        let metrics = metrics(&it);
        assert!(metrics.values().all(|family| !family.help.is_empty()));
        assert_eq!(value(&metrics, "mita_runs_total", "exit_status=\"0\""), f64::from(minute + 1));
        it.sim.advance(minutes(1));
    }
    let mode = fs::metadata(file(&it, "mita.prom")).map(|data| data.permissions().mode() & 0o777);
    assert_eq!(mode.ok(), Some(0o644), "node_exporter runs as another user");
    // Prometheus' own linter, where it is at hand.
    let linter =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    if let Ok(mut linter) = linter {
        let mut input = linter.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut input, text(&it, "mita.prom").as_bytes()).expect("promtool reads");
        drop(input);
        let said = linter.wait_with_output().expect("promtool ends");
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    }
}

#[test]
fn the_metrics_tell_of_fleet_queue_and_actions() {
    let it = watched();
    it.reconcile(&[]);
    let first = metrics(&it);
    let done = "action=\"create_server\",rule=\"demand\",outcome=\"done\"";
    assert_eq!(value(&first, "mita_actions_total", done), 1.0);
    assert_eq!(value(&first, "mita_servers", "node_type=\"trusty\",phase=\"ordered\""), 1.0);
    let refused = "action=\"create_server\",rule=\"demand\",outcome=\"refused\"";
    assert_eq!(value(&first, "mita_actions_total", refused), 0.0, "rates need a series from the beginning");
    assert_eq!(value(&first, "mita_server_join_seconds", "_countnode_type=\"trusty\""), 0.0);
    assert_eq!(value(&first, "mita_provider_servers", "provider=\"openstack\""), 1.0);
    let quota = |name, resource| value(&first, name, &format!("provider=\"openstack\",resource=\"{resource}\""));
    assert_eq!(
        (quota("mita_provider_quota_used", "instances"), quota("mita_provider_quota_limit", "instances")),
        (0.0, 20.0)
    );
    assert_eq!(quota("mita_provider_quota_limit", "ram_bytes"), f64::from(400_000) * 1_048_576.0);
    assert_eq!(value(&first, "mita_queue_items", "rule=\"demand\""), 1.0);
    assert_eq!(value(&first, "mita_queue_items", "rule=\"no_node_type\""), 1.0);
    assert_eq!(value(&first, "mita_service_up", "service=\"jenkins\",provider=\"\""), 1.0);
    assert!(value(&first, "mita_api_requests_total", "service=\"jenkins\",provider=\"\"") >= 3.0);
    it.sim.advance(minutes(1));
    for _ in 0..4 {
        it.reconcile(&[]);
        it.sim.advance(minutes(1));
    }
    let later = metrics(&it);
    assert_eq!(value(&later, "mita_servers", "node_type=\"trusty\",phase=\"busy\""), 1.0);
    assert_eq!(value(&later, "mita_queue_items", "rule=\"demand\""), 0.0, "a series does not go away");
    assert_eq!(value(&later, "mita_queue_oldest_wait_seconds", "rule=\"no_node_type\""), 240.0);
    assert_eq!(value(&later, "mita_actions_total", done), 1.0, "a counter does not either");
    assert_eq!(value(&later, "mita_server_join_seconds", "_countnode_type=\"trusty\""), 1.0);
    let up_to =
        |bound: &str| value(&later, "mita_server_join_seconds", &format!("_bucketnode_type=\"trusty\",le=\"{bound}\""));
    assert_eq!((up_to("10"), up_to("300"), up_to("+Inf")), (0.0, 1.0, 1.0));
    assert_eq!(value(&later, "mita_job_wait_seconds", "_count"), 1.0);
    assert_eq!(value(&later, "mita_events_total", "event=\"online\""), 1.0);
    assert_eq!(value(&later, "mita_server_seconds_total", "node_type=\"trusty\",phase=\"on_its_way\""), 60.0);
    let node = it.node();
    it.by_hand(&node, &Request::Hold { reason: None });
    it.sim.advance(minutes(1));
    it.reconcile(&[]);
    assert_eq!(value(&metrics(&it), "mita_events_total", "event=\"held\""), 1.0);
}

#[test]
fn metrics_and_history_count_the_same_waits() {
    let it = watched();
    it.sim.jenkins().submit(Job::freestyle("short").label("trusty").lasting(seconds(10)));
    for _ in 0..8 {
        it.reconcile(&[]);
        it.sim.advance(minutes(1));
    }
    let shown = it.program(&["history", "--since", "2026-01-01"]).stdout;
    assert!(shown.contains("\n1 job waited") && shown.contains("\n1 job left the queue"), "{shown}");
    assert_eq!(value(&metrics(&it), "mita_job_wait_seconds", "_count"), 1.0);
}

#[test]
fn the_page_names_and_links_the_builds_that_run() {
    let it = watched();
    for _ in 0..4 {
        it.reconcile(&[]);
        it.sim.advance(minutes(1));
    }
    it.reconcile(&[]);
    let (page, root) = (text(&it, "mita.html"), it.sim.jenkins_url());
    let node = it.node();
    for link in [
        format!("<a href=\"{root}/computer/{node}/\">"),
        format!("<a href=\"{root}/job/ceph-build/1/\">ceph-build #1</a>"),
    ] {
        assert!(page.contains(&link), "{link}\n{page}");
    }
    assert!(page.contains("What happened lately"));
}

#[test]
fn counters_outlive_a_lost_state_and_a_broken_history_stops_nothing() {
    let it = watched();
    it.reconcile(&[]);
    fs::remove_file(it.state_file()).expect("a state file");
    it.sim.advance(minutes(1));
    it.reconcile(&[]);
    assert_eq!(value(&metrics(&it), "mita_runs_total", "exit_status=\"0\""), 2.0);
    fs::write(file(&it, "state.json.history"), "{\"version\":1,\"samp").expect("a writable folder");
    it.sim.advance(minutes(1));
    it.reconcile(&[]);
    assert_eq!(value(&metrics(&it), "mita_runs_total", "exit_status=\"0\""), 1.0);
}

#[test]
fn a_run_that_could_not_read_a_service_says_so_and_keeps_the_last_success() {
    let it = watched();
    it.reconcile(&[]);
    let success = value(&metrics(&it), "mita_last_success_timestamp_seconds", "");
    it.sim.advance(minutes(1));
    it.sim.fault(Fault::new(Service::Jenkins, Kind::Html(502)).always());
    it.reconcile(&[]);
    let metrics = metrics(&it);
    assert_eq!(value(&metrics, "mita_last_run_exit_status", ""), 1.0);
    assert_eq!(value(&metrics, "mita_last_success_timestamp_seconds", ""), success);
    assert_eq!(value(&metrics, "mita_last_run_timestamp_seconds", ""), success + 60.0);
    assert_eq!(value(&metrics, "mita_service_up", "service=\"jenkins\",provider=\"\""), 0.0);
    assert!(value(&metrics, "mita_api_errors_total", "service=\"jenkins\",provider=\"\"") >= 1.0);
    assert!(!metrics.contains_key("mita_queue_items"), "what was not seen is not none");
    assert!(text(&it, "mita.html").contains("502"));
}

#[test]
fn a_run_that_ended_before_it_saw_anything_is_told_of_as_well() {
    let it = watched();
    it.reconcile(&[]);
    let success = value(&metrics(&it), "mita_last_success_timestamp_seconds", "");
    let state = fs::read_to_string(it.state_file()).expect("a state file");
    fs::write(it.state_file(), state.replace("\"version\": 1", "\"version\": 99")).expect("a writable folder");
    it.reconcile(&[]);
    let early = metrics(&it);
    assert_eq!(value(&early, "mita_last_run_exit_status", ""), 2.0);
    assert_eq!(value(&early, "mita_last_success_timestamp_seconds", ""), success);
    assert!(!early.contains_key("mita_servers"));
    let page = text(&it, "mita.html");
    assert!(page.contains("has version 99"), "{page}");
    // A configuration that cannot be read does not say where to write; the command line does.
    it.edit_config(|text| text.replace("keyname", "key_name"));
    let path = file(&it, "other.prom").display().to_string();
    let ended = it.program(&["reconcile", "--metrics-file", &path]);
    assert_eq!(ended.status, 2, "{}", ended.stderr);
    assert_eq!(value(&read(&text(&it, "other.prom")), "mita_last_run_exit_status", ""), 2.0);
}

#[test]
fn while_another_run_is_active_its_files_are_left_to_it() {
    let it = watched();
    it.reconcile(&[]);
    let before = (text(&it, "mita.prom"), text(&it, "mita.html"));
    let lock = mita::store::Store::lock(&it.state_file()).expect("the lock");
    let ended = it.program(&["reconcile"]);
    assert_eq!(ended.status, 4, "{}", ended.stderr);
    assert_eq!((text(&it, "mita.prom"), text(&it, "mita.html")), before);
    drop(lock);
}

#[test]
fn s8_a_dry_run_and_status_write_neither_metrics_nor_page_nor_history() {
    let it = watched();
    it.reconcile(&[]);
    let before = it.files();
    for arguments in [&["reconcile", "--dry-run"][..], &["status"], &["explain", "ceph-build"]] {
        assert_eq!(it.program(arguments).status, 0, "{arguments:?}");
        assert_eq!(it.files(), before, "{arguments:?}");
    }
    let refused = it.program(&["reconcile", "--dry-run", "--html", "x.html"]);
    assert_eq!(refused.status, 2, "{}", refused.stderr);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error_after_everything_else_was_done() {
    let it = watched();
    it.edit_config(|text| text.replace("\"mita.prom\"", "\"missing/mita.prom\""));
    let ended = it.program(&["reconcile"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stderr.contains("missing/mita.prom: there is no folder"), "{}", ended.stderr);
    assert_eq!(it.servers().len(), 1);
    assert!(file(&it, "mita.html").exists());
}

#[test]
fn s9_the_page_shows_no_secret_runs_no_script_but_its_own_and_asks_for_nothing() {
    let it = watched();
    let hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    it.sim.jenkins().submit(Job::freestyle(hostile).label("windows"));
    it.sim.jenkins().submit(Job::freestyle("mita-secret").label("windows"));
    it.reconcile(&[]);
    let page = text(&it, "mita.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "its own");
    assert!(!page.contains("<img") && !page.contains("javascript:"));
    // A link is followed by nobody but the reader.
    let root = it.sim.jenkins_url();
    let page_without_links = page.replace(&format!(" href=\"{root}/"), "").replace("src=x onerror", "");
    for reaching_out in [" src=", " href=", "url(", "@import", "http://", "https://"] {
        assert!(!page_without_links.contains(reaching_out), "{reaching_out}");
    }
    assert!(!page.contains("mita-secret") && page.contains("[secret]"));
    assert!(page.contains("default-src 'none'"));
    for (open, close) in [("<table", "</table>"), ("<div", "</div>"), ("<figure", "</figure>"), ("<svg", "</svg>")] {
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
}
