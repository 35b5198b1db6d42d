//! What the commands of a person take as a name, and what they answer.

use crate::harness::{Installation, Setup, minutes};
use mita::operator::{Consent, Ended, Request};
use mita::plan::model::Subject;
use mita_sim::jenkins::Version;
use mita_sim::jenkins::nodes::CauseKind;
use mita_sim::jenkins::queue::Job;
use std::fs;

fn hold(reason: &str) -> Request {
    Request::Hold { reason: Some(reason.to_owned()) }
}

fn occupied() -> Installation {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.sim.jenkins().occupy(&node, Job::freestyle("stuck").lasting(minutes(1_000)));
    it.minute();
    it
}

#[test]
fn a_node_has_the_same_names_for_every_command() {
    let it = Setup::trusty().with_idle_node();
    let (node, server) = (it.node(), it.server().id);
    let address = node.trim_start_matches("trusty+").to_owned();
    let page = format!("{}/computer/{}/", it.sim.jenkins_url(), node.replace('+', "%2B"));
    for name in [&node, &address, &page, &server, &server[..8], &format!(" {node} ")] {
        let explained = it.program(&["explain", name]);
        assert_eq!(explained.status, 0, "{name}: {}", explained.stderr);
        let held = it.program(&["hold", name]);
        let told = format!("hold {node}: takes no build and is left alone until `mita release {node}`\n");
        assert_eq!((held.status, held.stdout), (0, told), "{name}: {}", held.stderr);
        let released = it.program(&["release", name, "-o", "json"]);
        let document: serde_json::Value = serde_json::from_str(&released.stdout).expect("JSON");
        assert_eq!((document["node"].as_str(), document["outcome"].as_str()), (Some(&*node), Some("done")), "{name}");
        let history = it.program(&["history", name]);
        assert!(history.stdout.contains("held"), "{name}: {}", history.stderr);
    }
    let empty = it.program(&["hold", ""]);
    assert!(empty.status == 2 && empty.stderr.contains("write a name"), "{}", empty.stderr);
    assert_eq!(it.program(&["retire", &address]).status, 0);
    assert!(it.nodes().is_empty() && it.servers().is_empty());
}

#[test]
fn s2_the_page_of_a_node_of_another_jenkins_names_nothing_here() {
    let it = Setup::trusty().with_idle_node();
    let page = format!("https://jenkins.elsewhere.example/prefix/computer/{}/", it.node());
    for command in ["explain", "hold", "release", "retire", "history"] {
        let ended = it.program(&[command, &page]);
        let told = format!("jenkins.elsewhere.example/prefix/computer/{} is no page of the Jenkins of this", it.node());
        assert_eq!((ended.status, ended.stdout.as_str()), (2, ""), "{command}: {}", ended.stderr);
        assert!(ended.stderr.contains(&told), "{command}: {}", ended.stderr);
    }
    assert_eq!((it.nodes().len(), it.servers().len()), (1, 1));
}

#[test]
fn what_another_request_replaces_or_withdraws_is_said() {
    let it = occupied();
    let pause = |reason: &str| it.program_with(&["pause", "--reason", reason], &[("SUDO_USER", reason)], "").stdout;
    assert!(!pause("alice").contains("replaces"));
    assert!(!pause("alice").contains("replaces"), "it is the same");
    let told = pause("bob");
    assert!(told.contains("that replaces an earlier pause: everything was paused by alice since "), "{told}");
    let resumed = it.program(&["resume"]).stdout;
    assert_eq!(resumed, "everything goes on; that ends the pause of bob: bob\n");
    let node = it.node();
    it.program_with(&["retire", &node, "--when-idle"], &[("SUDO_USER", "alice")], "");
    let released = it.program_with(&["release", &node], &[("SUDO_USER", "bob")], "").stdout;
    assert!(released.trim_end().ends_with("is no longer to be retired, as alice had asked"), "{released}");
    it.program(&["retire", &node, "--when-idle"]);
    let held = it.program(&["hold", &node, "--reason", "forensics"]).stdout;
    assert!(held.trim_end().ends_with("; it is no longer to be retired"), "{held}");
    let released = it.program_with(&["release", &node], &[("SUDO_USER", "bob")], "").stdout;
    assert!(released.trim_end().ends_with(" held it: forensics"), "{released}");
}

#[test]
fn while_a_person_has_paused_removals_nobody_retires_a_node_there() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    it.program_with(&["pause", "--type", "trusty", "--reason", "audit"], &[("SUDO_USER", "alice")], "");
    for options in [&[][..], &["--when-idle"], &["--force", "--yes"]] {
        let refused = it.program(&[&["retire", &node], options].concat());
        assert_eq!(refused.status, 3, "{options:?}: {}{}", refused.stdout, refused.stderr);
        let told = "node type trusty is paused by alice since ";
        let cure = ", until `mita resume --type trusty`: audit; end the pause with `mita resume --type trusty` first";
        assert!(refused.stderr.contains(told) && refused.stderr.trim_end().ends_with(cure), "{}", refused.stderr);
    }
    it.minutes(2).did_nothing();
    assert_eq!((it.nodes().len(), it.servers().len()), (1, 1));
    assert_eq!(it.program(&["resume", "--type", "trusty"]).status, 0);
    assert_eq!(it.program(&["retire", &node]).status, 0);
}

#[test]
fn a_misspelled_name_is_told_with_similar_ones() {
    let it = occupied();
    let explained = it.program(&["explain", "stukc"]);
    assert!(explained.status == 1 && explained.stderr.contains("; similar: stuck"), "{}", explained.stderr);
    let status = it.program(&["status", "trustyy"]).stdout;
    assert!(status.contains("nothing here contains \"trustyy\"; similar: trusty"), "{status}");
}

#[test]
fn an_interrupt_at_the_question_says_that_nothing_is_done() {
    let it = occupied();
    let line = format!("$MITA --config {} retire {} --force", it.config_file().display(), it.node());
    let mut terminal = it.terminal(&line);
    terminal.expect("End it, and delete the node and its server? [y/N]");
    terminal.press("\u{3}");
    let (status, shown) = terminal.end();
    assert!(status == 130 && shown.contains("[y/N]") && shown.contains("nothing is done"), "{status}: {shown}");
    assert_eq!((it.nodes().len(), it.servers().len()), (1, 1));
}

#[test]
fn names_of_files_are_completed_from_the_current_folder() {
    let it = Setup::trusty().start();
    let shell = [("COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", "3")];
    let ended = it.program_with(&["--", "mita", "check", "--config", "mita.t"], &shell, "");
    assert_eq!(ended.stdout.trim_end(), "mita.toml", "{}", ended.stderr);
}

#[test]
fn names_are_completed_from_the_configuration_of_the_line() {
    let it = Setup::trusty().start();
    fs::rename(it.config_file(), it.config_file().with_file_name("other.toml")).expect("a configuration");
    let shell = [("COMPLETE", "bash"), ("_CLAP_IFS", "\n"), ("_CLAP_COMPLETE_INDEX", "4")];
    for words in
        [&["pause", "--config=other.toml", "--type", "tr"][..], &["--config=other.toml", "pause", "--type", "tr"]]
    {
        let ended = it.program_with(&[&["--", "mita"], words].concat(), &shell, "");
        assert_eq!(ended.stdout.trim_end(), "trusty", "{words:?}: {}", ended.stderr);
    }
}

#[test]
fn s1_an_address_of_two_nodes_names_neither() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let address = node.trim_start_matches("trusty+").to_owned();
    let other = format!("vault+{address}");
    it.sim.jenkins().add_agent(&other, "signing", 1);
    let answer = it.by_hand(&address, &Request::Retire { when_idle: false });
    assert_eq!(answer.ended, Ended::Refused);
    assert_eq!(answer.reason, format!("this can be {node} or {other}: name one of them"));
    assert_eq!(it.by_hand(&node, &hold("mine")).ended, Ended::Done, "its whole name is enough");
}

#[test]
fn s7_a_new_reason_replaces_that_of_the_same_person_and_nobody_elses() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let shown = || {
        let jenkins = it.sim.jenkins();
        let node = jenkins.nodes.iter().find(|known| known.name == node).expect("the node");
        node.mark.as_ref().map_or(String::new(), |mark| mark.message.clone())
    };
    assert_eq!(it.by_hand(&node, &hold("disk swap")).ended, Ended::Done);
    assert_eq!(it.by_hand(&node, &hold("disk swap")).ended, Ended::AlreadySo);
    let again = it.by_hand(&node, &hold("still the disk"));
    assert_eq!(again.ended, Ended::Done);
    assert!(again.reason.ends_with("; the new reason replaces the old one"), "{}", again.reason);
    assert_eq!(shown(), "held by adeza with mita: still the disk");
    // The program holds in the name of another person.
    let other = it.program(&["hold", &node, "--reason", "my turn"]);
    let told = format!("hold {node}: it is held by adeza already: still the disk; that reason stays\n");
    assert_eq!((other.status, other.stdout), (0, told));
    assert_eq!(shown(), "held by adeza with mita: still the disk");
    it.minutes(60).did_nothing();
    it.by_hand(&node, &Request::Release);
    it.sim.jenkins().hold(&node, "racks");
    let answer = it.by_hand(&node, &hold("mine"));
    assert!(answer.reason.ends_with("; that reason stays"), "{}", answer.reason);
    assert_eq!(shown(), "racks");
}

#[test]
fn s7_a_hold_that_jenkins_shows_no_more_since_the_agent_was_lost_prevents_a_retirement_by_hand() {
    let it = Setup::trusty().jenkins(|jenkins| jenkins.version = Version::new(2, 481)).with_idle_node();
    let node = it.node();
    it.sim.jenkins().hold(&node, "mine");
    it.minute();
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "gone for lunch");
    it.minutes(30);
    for when_idle in [false, true] {
        let answer = it.by_hand(&node, &Request::Retire { when_idle });
        assert!(answer.ended == Ended::Refused && answer.reason.contains("mita release"), "{}", answer.reason);
    }
    assert_eq!(it.command(&["retire", &node, "--force", "--yes"]), 3);
    assert_eq!((it.nodes().len(), it.servers().len()), (1, 1));
}

#[test]
fn s7_a_reason_is_shown_as_it_was_written_whatever_version_of_jenkins_escapes_it() {
    for version in [Version::lts(2, 426, 3), Version::lts(2, 528, 1), Version::lts(2, 555, 1), Version::new(2, 568)] {
        let it = Setup::trusty().jenkins(|jenkins| jenkins.version = version).with_idle_node();
        let node = it.node();
        for reason in ["don't touch: a < b & \"c\"", "a : don't"] {
            it.sim.jenkins().hold(&node, reason);
            let told = format!("a person set node {node} offline: \"{reason}\"");
            assert_eq!(it.minute().verdict(Subject::Node, &node).reason, told, "{version}");
        }
    }
}

#[test]
fn s7_a_forced_retirement_of_a_held_node_is_refused_before_anybody_is_asked() {
    let it = occupied();
    let node = it.node();
    it.by_hand(&node, &hold("mine"));
    let forced = it.program(&["retire", &node, "--force"]);
    assert_eq!(forced.status, 3, "{}", forced.stderr);
    assert!(forced.stderr.contains(&format!("a person holds it: `mita release {node}` first")), "{}", forced.stderr);
    let plain = it.program(&["retire", &node]).stderr;
    let next = format!("a person holds it: `mita release {node}` first, then `mita retire --when-idle {node}`");
    assert!(plain.contains(&next), "{plain}");
    assert_eq!(it.killed(), [""; 0]);
}

#[test]
fn what_a_forced_retirement_would_end_is_the_answer_until_it_is_confirmed() {
    let it = occupied();
    let (node, server) = (it.node(), it.server().id);
    let answer = it.by_hand(&server, &Request::EndBuild(Consent::Needed));
    let Ended::Asks(work) = &answer.ended else { panic!("{answer:?}") };
    assert!(work.len() == 1 && work[0].starts_with(&format!("{node} runs stuck #1 (http")), "{work:?}");
    assert_eq!(answer.node.as_ref().map(|name| name.as_str()), Some(&*node));
    assert_eq!((it.killed(), it.nodes()), (vec![], vec![node.clone()]));
    it.sim.world().rules.builds_may_end_on.push(node);
    assert_eq!(it.command(&["retire", &server, "--force", "--yes"]), 0);
    assert_eq!(it.killed().len(), 1);
}

#[test]
fn a_command_that_waits_for_a_run_says_so_at_once_and_in_the_end_what_to_do() {
    let it = Setup::trusty().with_idle_node();
    let _lock = mita::store::Store::lock(&it.state_file()).expect("the lock");
    let mut terminal = it.terminal(&format!("$MITA --config {} pause", it.config_file().display()));
    let waiting = "mita: waiting for the active run to end";
    terminal.expect(&format!("{waiting} (1s)"));
    let first = terminal.shown.split(waiting).nth(1).expect("it is shown");
    assert!(!first.starts_with(" ("), "at once: {}", terminal.shown);
    terminal.expect("another run is active (process");
    terminal.expect("try again once it has ended");
    assert_eq!(terminal.end().0, 4);
}

#[test]
fn a_command_to_copy_is_on_one_line_of_the_terminal() {
    let it = Setup::trusty().with_idle_node();
    let node = it.node();
    let terminal = it.terminal(&format!("$MITA --config {} hold {node}", it.config_file().display()));
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains(&format!("`mita release {node}`")), "{shown}");
}

#[test]
fn a_pause_of_an_unknown_name_names_those_that_there_are() {
    let it = Setup::trusty().start();
    let unknown = it.program(&["pause", "--type", "nope"]).stderr;
    assert!(unknown.contains("has no node type \"nope\"; it has trusty"), "{unknown}");
    let unknown = it.program(&["pause", "--provider", "openstak"]).stderr;
    assert!(unknown.contains("; similar: openstack"), "{unknown}");
    let help = it.program(&["resume", "--help"]).stdout;
    assert!(help.starts_with("End all pauses"), "{help}");
}

#[test]
fn history_names_what_is_like_an_unknown_subject_and_takes_an_end_alone() {
    let it = Setup::trusty().with_idle_node();
    it.by_hand(&it.node(), &hold("mine"));
    let unknown = it.program(&["history", "trustyy"]);
    assert_eq!(unknown.status, 1);
    assert!(unknown.stderr.contains("nothing about \"trustyy\"; similar: trusty"), "{}", unknown.stderr);
    let unknown = it.program(&["history", "nosuch"]).stderr;
    assert!(unknown.contains("nothing about \"nosuch\"; `mita history --since 7d` shows what it has"), "{unknown}");
    let ended = it.program(&["history", "--until", "2020-01-01T00:00"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("the journal has nothing since 2019-12-31T00:00:00Z"), "{}", ended.stderr);
}

#[test]
fn l6_a_build_that_waits_for_an_agent_whose_server_is_gone_is_ended_by_the_command_that_the_problem_names() {
    let it = Setup::trusty().with_idle_node();
    let (node, server) = (it.node(), it.server().id);
    it.sim.jenkins().occupy(&node, Job::pipeline("stuck").lasting(minutes(1_000)));
    it.minute();
    it.sim.cloud("openstack").delete_server(&server);
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    let run = it.minutes(20);
    let told = format!("node {node}");
    let problem = run.report.plan.problems.iter().find(|problem| problem.place == told).expect("a problem");
    assert!(problem.error.contains("its server is gone") && problem.error.contains("mita retire --force NODE"));
    let usual = it.by_hand(&node, &Request::Retire { when_idle: false });
    assert_eq!(usual.ended, Ended::Refused);
    let way_out = format!("still runs a build, which `mita retire --force {node}` ends");
    assert!(usual.reason.contains(&way_out), "{}", usual.reason);
    let asked = it.program(&["retire", &node, "--force"]);
    assert!(asked.status == 2 && asked.stderr.contains("stuck #1"), "{}", asked.stderr);
    it.sim.world().rules.builds_may_end_on.push(node.clone());
    assert_eq!(it.command(&["retire", &node, "--force", "--yes"]), 0);
    it.minutes_until(6, "the node goes", |it| it.nodes().is_empty());
    let history = it.program(&["history", &node]).stdout;
    assert!(history.contains("forced: ends part of stuck #1"), "{history}");
    let run = it.minute();
    assert!(run.report.plan.problems.is_empty(), "{:?}", run.report.plan.problems);
}

#[test]
fn who_releases_a_node_whose_server_is_gone_is_told_that_mita_deletes_it() {
    let it = Setup::trusty().with_idle_node();
    let (node, server) = (it.node(), it.server().id);
    it.by_hand(&node, &hold("look"));
    it.sim.cloud("openstack").delete_server(&server);
    it.sim.jenkins().disconnect(&node, CauseKind::ChannelTermination, "lost");
    it.minutes(5);
    let answer = it.by_hand(&node, &Request::Release);
    assert!(answer.reason.contains(&format!("mita deletes it: its server {server} is gone")), "{}", answer.reason);
    it.minutes_until(5, "the node goes", |it| it.nodes().is_empty());
}
