//! What `mita status` and `mita explain` say of what there is not yet, and what a terminal gets.

use crate::harness::{Setup, minutes};
use mita_sim::jenkins::queue::Job;
use mita_sim::{Fault, Kind, Service};
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn what_the_next_run_would_order_is_not_said_to_be_ordered() {
    let it = Setup::trusty().start();
    it.sim.jenkins().add_agent("vault", "signing", 1);
    it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty").lasting(minutes(5)));
    let words = [&["status"][..], &["explain", "ceph-build"], &["explain", "vault"], &["status", "-o", "json"]];
    let look = |words: &[&str]| it.program(words).stdout;
    for words in words {
        let shown = look(words);
        assert!(!shown.contains("is ordered") && !shown.contains("Z-1"), "{words:?}: {shown}");
        assert!(!shown.contains("by run"), "{words:?}: {shown}");
    }
    assert!(look(&["status"]).contains("1 job waits: the next run would order a server"), "{}", look(&["status"]));
    assert!(look(&["status"]).contains("one trusty server would be ordered for it"), "{}", look(&["status"]));
    let shown = look(&["explain", "ceph-build"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("demand: needs trusty: one trusty server would be ordered for it"), "{shown}");
    assert!(look(&["explain", "vault"]).contains("seen by no run yet"), "{}", look(&["explain", "vault"]));
    it.minute();
    assert!(look(&["explain", "vault"]).contains("first seen by run 1, first online by run 1"));
}

#[test]
fn what_only_looks_warns_of_nothing_that_a_run_would_do() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().submit(Job::freestyle("a").label("nobodys").lasting(minutes(5)));
    it.sim.advance(minutes(30));
    let dry = it.program(&["reconcile", "--dry-run"]);
    let warned =
        |text: &str| text.lines().filter(|line| line.contains("warning")).map(str::to_owned).collect::<Vec<_>>();
    assert!(!warned(&dry.stderr).is_empty(), "{dry:?}");
    assert!(warned(&dry.stderr).iter().all(|line| line.contains("the next run would warn: ")), "{dry:?}");
    for words in [&["status"][..], &["explain", "a"], &["explain", &node], &["status", "-o", "json"]] {
        assert_eq!(it.program(words).stderr, "", "{words:?}");
    }
    std::fs::write(it.state_file(), "{").expect("its own file");
    assert!(it.program(&["status"]).stderr.contains("cannot be read"), "what is true now is said");
}

#[test]
fn what_goes_wrong_is_told_once_where_both_outputs_lead_to_one_place() {
    let it = Setup::trusty().start();
    it.sim.fault(Fault::new(Service::Nova, Kind::Html(500)).always());
    let told = |text: &str| text.matches("HTTP 500").count() + text.matches("answered 500").count();
    for words in ["status", "explain trusty", "reconcile --dry-run"] {
        let shown = |line: &str| {
            let mut shell = Command::new("sh");
            shell.args(["-c", line, env!("CARGO_BIN_EXE_mita")]).env_clear().env("MITA_CONFIG", it.config_file());
            shell.current_dir(it.config_file().parent().expect("a folder")).stdin(Stdio::null());
            String::from_utf8(shell.output().expect("a shell").stdout).expect("UTF-8")
        };
        let (both, report, errors) = (
            shown(&format!("exec \"$0\" {words} 2>&1")),
            shown(&format!("exec \"$0\" {words} 2>/dev/null")),
            shown(&format!("exec \"$0\" {words} 2>&1 >/dev/null")),
        );
        assert!(told(&report) > 0 && told(&both) == told(&report), "{words}: {both}");
        assert_eq!(told(&errors), told(&report), "{words}: a mail of cron has it, wherever the report goes: {errors}");
    }
}

#[test]
fn before_the_first_run_the_history_says_that_there_was_none() {
    let it = Setup::trusty().start();
    assert!(it.program(&["history"]).stderr.contains(": mita has not run yet"));
    it.minute();
    assert!(it.program(&["history"]).stderr.contains("no run did or saw anything"));
}

#[test]
fn a_label_expression_with_a_mistake_is_said_to_be_one() {
    let it = Setup::trusty().start();
    for (subject, said) in [
        ("trusty &&", "it is incomplete: a label is missing at its end, after character 9"),
        ("(trusty", "it is incomplete: the parenthesis at character 1 is not closed"),
        ("trusty amd64", "there is no operator such as && before \"amd64\" at character 8"),
    ] {
        let ended = it.program(&["explain", subject]);
        assert_eq!(ended.status, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    let ended = it.program(&["explain", "solaris"]);
    assert!(ended.status == 1 && ended.stderr.contains("nothing is called \"solaris\""), "{}", ended.stderr);
}

#[test]
fn a_provider_can_be_explained() {
    let it = Setup::trusty().with_idle_node();
    it.sim.jenkins().submit(Job::freestyle("one").label("trusty").lasting(minutes(5)));
    it.sim.jenkins().submit(Job::freestyle("two").label("trusty").lasting(minutes(5)));
    let shown = it.program(&["explain", "openstack"]).stdout;
    for part in
        ["Provider openstack", "yes; 1 server of all users", "1, of this installation", "left: 1", "  trusty  yes"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    it.program(&["pause", "--provider", "openstack", "--reason", "move"]);
    let shown = it.program(&["explain", "openstack"]).stdout;
    assert!(shown.contains("  trusty  no") && shown.contains("move"), "{shown}");
    let near = it.program(&["explain", "openstak"]);
    assert!(near.stderr.contains("similar: openstack"), "{}", near.stderr);
}

#[test]
fn a_person_who_wants_no_escape_sequences_gets_none() {
    for wish in ["TERM=dumb", "NO_COLOR=1"] {
        let it = Setup::trusty().start();
        it.sim.jenkins().submit(Job::freestyle("ceph-build").label("trusty"));
        it.sim.set_latency(Duration::from_millis(300));
        let all = "$MITA status; $MITA explain ceph-build; $MITA history; $MITA check --online; $MITA reconcile; \
                   $MITA pause --for 1h; $MITA status -o wide; $MITA nosuch; $MITA --help; $MITA explain nosuch";
        let config = it.config_file().display().to_string();
        let (_, shown) = it.terminal(&format!("export {wish} MITA_CONFIG={config}; {all}")).end();
        assert!(shown.contains("ceph-build") && shown.contains("Usage"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{wish}: {shown:?}");
        // A line of progress is shown to those who only want no colours.
        assert_eq!(
            shown.contains("mita: asking") || shown.contains("mita: starting"),
            wish != "TERM=dumb",
            "{wish}: {shown:?}"
        );
    }
}

#[test]
fn a_screen_that_is_too_short_says_how_much_is_missing() {
    let it = Setup::trusty().start();
    for number in 0..30 {
        it.sim.jenkins().submit(Job::freestyle(&format!("job-{number}")).label("trusty"));
    }
    it.sim.jenkins().add_agent("vault", "signing", 1);
    let config = it.config_file().display().to_string();
    let mut terminal = it.terminal(&format!("stty rows 14; exec $MITA status --watch 1 --config {config}"));
    terminal.expect("Every 1s");
    terminal.expect("more lines: mita status");
    terminal.press("\u{3}");
    terminal.end();
}

#[test]
fn no_line_of_a_status_is_wider_than_the_terminal() {
    let it = Setup::trusty().top("max_servers = 1").start();
    it.sim.jenkins().add_agent("vault", "signing", 1);
    for label in ["trusty", "windows", "trusty", "solaris && sparc"] {
        it.sim.jenkins().submit(Job::freestyle("a-job").label(label));
    }
    it.minute();
    it.sim.jenkins().submit(Job::freestyle("a-job-that-comes-later").label("plan9 && a-label-that-no-node-type-has"));
    let config = it.config_file().display().to_string();
    let commands = ["reconcile", "status", "check --online", "pause --reason 'new racks, new cables, new switches'"];
    let all = commands.map(|command| format!("$MITA {command}")).join("; ");
    let (_, shown) = it.terminal(&format!("export NO_COLOR=1 MITA_CONFIG={config}; {all}")).end();
    let lines = shown.split(['\r', '\n']);
    let wide: Vec<&str> = lines.filter(|line| line.trim_end().chars().count() > 80).collect();
    assert!(wide.is_empty() && shown.contains("jobs wait") && shown.contains("warning: job"), "{wide:?}: {shown}");
}

#[test]
fn a_shell_offers_the_parts_and_the_names_that_a_status_can_show_alone() {
    let it = Setup::trusty().with_idle_node();
    let config = it.config_file().display().to_string();
    let variables = [("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("MITA_CONFIG", config.as_str())];
    let offered = it.program_with(&["--", "mita", "status", ""], &variables, "").stdout;
    for word in ["servers", "jobs", "types", "trusty", "openstack", &it.node()] {
        assert!(offered.lines().any(|line| line == word), "{word}: {offered}");
    }
}

#[test]
fn the_name_of_a_node_type_explains_the_type_and_not_each_of_its_servers() {
    let it = Setup::trusty().with_idle_node();
    let ended = it.program(&["explain", "trusty"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("Node type trusty\n  servers         1"), "{}", ended.stdout);
    assert!(ended.stdout.contains("  Providers: is it ordered there now?\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("Server trusty"), "{}", ended.stdout);
    let ended = it.program(&["explain", &it.server().id]);
    assert!(ended.stdout.contains("Server trusty"), "{}", ended.stdout);
}

#[test]
fn a_verdict_is_printed_once_however_much_is_logged() {
    let it = Setup::trusty().with_idle_node();
    let run = it.program(&["reconcile", "--dry-run", "-vv"]);
    let verdict = format!("node {}  ", it.node());
    let printed = [&run.stdout, &run.stderr].map(|text| text.matches(&verdict).count());
    assert_eq!(printed, [1, 0], "{run:?}");
}
