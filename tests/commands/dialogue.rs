//! `mita init` at a terminal: what a person sees and types.

use crate::harness::{Installation, Setup, minutes};
use mita_sim::jenkins::queue::Job;
use std::fs;
use std::process::Command;
use std::time::Duration;

/// A folder without any file.
fn empty_folder() -> Installation {
    let it = Setup::new().start();
    fs::remove_file(it.config_file()).expect("the configuration of the scene");
    it
}

#[test]
fn a_person_comes_from_an_empty_folder_to_the_first_job_with_mistakes_on_the_way() {
    let it = empty_folder();
    let (jenkins, keystone) = (it.sim.jenkins_url(), it.sim.auth_url("openstack"));
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    let mut terminal = it.terminal("exec $MITA init --owner ceph-ci");
    terminal.answer("URL of Jenkins: ", "ci.example.com");
    terminal.expect("must begin with https:// or http://");
    terminal.answer("URL of Jenkins: ", &keystone);
    terminal.expect("the answer does not come from Jenkins");
    terminal.expect("URL of Jenkins: ");
    assert_eq!(terminal.idle(Duration::from_millis(2500)), "", "nothing disturbs a person who thinks");
    terminal.press(&format!("{jenkins}\n"));
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.answer("(not shown; Enter to add it later): ", "n0t-the-token");
    terminal.expect("status 401");
    terminal.answer("API token of mita in Jenkins (not shown; Enter to correct the URL or the user): ", "");
    terminal.answer("URL of Jenkins [", "");
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.answer("(not shown; Enter to add it later): ", "n0t-this-token");
    terminal.expect("status 401");
    terminal.answer("(not shown; Enter to correct the URL or the user): ", "jenkins-api-token");
    terminal.answer("URL of Keystone (auth_url): ", "http://127.0.0.1:1/v3");
    terminal.expect("http://127.0.0.1:1/v3: ");
    terminal.expect("connection refused");
    terminal.answer("URL of Keystone (auth_url): ", jenkins);
    terminal.expect("what answers at auth_url is not Keystone");
    terminal.answer("URL of Keystone (auth_url): ", &keystone);
    terminal.answer("Id of the application credential (- to log in as a user): ", "its-name");
    terminal.answer("(not shown; kept in openstack.secret): ", "n0t-the-secret");
    terminal.expect("there is no such application credential, or its name was given as its id");
    terminal.answer("Secret of the application credential (not shown; Enter to correct another answer): ", "");
    terminal.answer("URL of Keystone (auth_url) [", "");
    terminal.answer("Id of the application credential (- to log in as a user) [its-name]: ", &credential);
    terminal.answer("(not shown; kept in openstack.secret): ", "n0t-the-secret");
    terminal.expect("the secret of the application credential is wrong");
    terminal.answer("Secret of the application credential (not shown; Enter to correct another answer): ", "");
    terminal.answer("URL of Keystone (auth_url) [", "");
    terminal.answer("Id of the application credential (- to log in as a user) [", "");
    terminal.answer("(not shown; kept in openstack.secret): ", "n0t-that-secret");
    terminal.answer("(not shown; Enter to correct another answer): ", "ceph-ci-app-secret");
    terminal.answer("Image [Ubuntu Trusty (2014.04) cloudimg]: ", "Debian 13");
    terminal.expect("did you mean \"Debian 12\"?");
    terminal.answer("Image [Ubuntu Trusty (2014.04) cloudimg]: ", "");
    terminal.answer("Size [m3.xlarge]: ", "3");
    terminal.answer("Key pair [jenkins-slave]: ", "");
    terminal.answer("Name of the node type [ubuntu]: ", "a/b");
    terminal.expect("which Jenkins allows in no node name");
    terminal.answer("Name of the node type [ubuntu]: ", "");
    terminal.answer("Labels of its nodes, which jobs ask for [linux]: ", "");
    terminal.answer("Serve jobs without a label as well? (yes or no) [no]: ", "");
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    for secret in [
        "n0t-the-token",
        "n0t-this-token",
        "jenkins-api-token",
        "n0t-the-secret",
        "n0t-that-secret",
        "ceph-ci-app-secret",
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!shown.contains("starting"), "{shown}");
    assert!(!shown.contains("[jenkins]"), "there is no such table yet: {shown}");
    let copied = |line: &&str| line.contains("crontab") || line.ends_with(&credential);
    let wide: Vec<&str> = shown.lines().filter(|line| line.chars().count() > 80 && !copied(line)).collect();
    assert!(wide.is_empty(), "{wide:?}");
    let written = "wrote mita.toml, jenkins.token, openstack.secret, boot-inbound-registered.sh, mita.cron";
    assert!(unfolded(&shown).contains(written), "{shown}");
    assert!(shown.contains("mita.toml: ok, 1 node type, 1 provider"), "{shown}");
    assert!(shown.contains("  size       m1.small: 1 core, 2 GiB of RAM"), "{shown}");

    it.sim.jenkins().submit(Job::freestyle("first").label("linux").lasting(minutes(1)));
    it.minutes_until(6, "the first job is built", |it| it.built() == ["first"]);
}

#[test]
fn a_person_with_two_clouds_chooses_one_or_another_one() {
    let it = empty_folder();
    let keystone = it.sim.auth_url("openstack");
    let auth = format!("auth: {{auth_url: {keystone}, username: mita, password: mita-secret, project_name: ceph-ci}}");
    let clouds = format!("clouds:\n  old: {{{auth}}}\n  ceph-ci: {{region_name: RegionOne, {auth}}}\n");
    fs::write(it.config_file().with_file_name("clouds.yaml"), clouds).expect("a writable folder");
    let mut terminal = it.terminal("exec $MITA init --jenkins-user mita");
    terminal.answer("URL of Jenkins: ", it.sim.jenkins_url());
    terminal.answer("(not shown; Enter to add it later): ", "");
    terminal.expect("   3  another  log in to another cloud");
    terminal.answer("Cloud [ceph-ci]: ", "3");
    terminal.answer("URL of Keystone (auth_url): ", &keystone);
    terminal.answer("(- to log in as a user): ", "-");
    terminal.answer("User: ", "mita");
    terminal.answer("Project: ", "ceph-ci");
    terminal.answer("Domain of user and project [Default]: ", "");
    terminal.answer("Password of mita (not shown; kept in openstack.password): ", "n0t-the-password");
    terminal.expect("the password is wrong");
    terminal.answer("Password of mita (not shown; Enter to correct another answer): ", "");
    terminal.answer("Cloud [ceph-ci]: ", "3");
    for question in
        ["(auth_url) [", "(- to log in as a user) [-]: ", "User [mita]: ", "Project [ceph-ci]: ", "[Default]: "]
    {
        terminal.answer(question, "");
    }
    terminal.answer("(not shown; kept in openstack.password): ", "n0t-the-password");
    terminal.answer("Password of mita (not shown; Enter to correct another answer): ", "");
    terminal.answer("Cloud [ceph-ci]: ", "1");
    for question in ["Image [", "Size [", "Key pair [", "node type [", "Labels of its nodes", "without a label"] {
        terminal.answer(question, "");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    let config = fs::read_to_string(it.config_file()).expect("a configuration");
    assert!(config.contains("\ncloud = \"ceph-ci\"\n"), "{config}");
    assert!(shown.contains("put the API token of mita into jenkins.token: "), "{shown}");
    assert!(!it.config_file().with_file_name("openstack.password").exists(), "it is of no use any more");
}

#[test]
fn s9_ctrl_c_at_any_question_leaves_the_terminal_as_it_was_and_nothing_behind() {
    for at_secret in [false, true] {
        let it = empty_folder();
        let mut terminal = it.terminal("sh -c '$MITA init; echo ended; stty -a'; exit 0");
        terminal.expect("URL of Jenkins: ");
        if at_secret {
            terminal.press(&format!("{}\n", it.sim.jenkins_url()));
            terminal.answer("User in Jenkins [mita]: ", "");
            terminal.expect("(not shown; Enter to add it later): ");
            terminal.press("s3cr\u{3}");
            terminal.expect("nothing was written");
            terminal.expect("ended");
        } else {
            // The whole foreground ends, the shell included.
            terminal.press("\u{3}");
        }
        let (_, shown) = terminal.end();
        assert!(!at_secret || (shown.contains(" echo ") && shown.contains(" icanon ")), "{shown}");
        assert!(!shown.contains("s3cr"), "{shown}");
        assert!(it.files().is_empty(), "{:?}", it.files().keys());
    }
}

#[test]
fn ctrl_z_at_a_question_stops_the_program_and_the_question_comes_again() {
    let it = empty_folder();
    let mut terminal = it.terminal("exec bash --norc -i -c '$MITA init; echo stopped; stty -a; fg >/dev/null; exit 7'");
    terminal.expect("URL of Jenkins: ");
    terminal.press("half an answer\u{1a}");
    terminal.expect("stopped");
    terminal.expect(" icanon ");
    terminal.answer("URL of Jenkins: ", it.sim.jenkins_url());
    terminal.answer("User in Jenkins [mita]: ", "\u{3}");
    let (_, shown) = terminal.end();
    assert!(shown.contains("interrupted: nothing was written"), "{shown}");
    assert!(it.files().is_empty(), "{:?}", it.files().keys());
}

#[test]
fn ctrl_c_at_a_question_ends_the_program_as_the_signal_does() {
    let it = empty_folder();
    let mut terminal = it.terminal("exec $MITA init");
    terminal.expect("URL of Jenkins: ");
    terminal.press("\u{3}");
    let (status, shown) = terminal.end();
    assert_eq!(status, 130, "{shown}");
    assert!(shown.ends_with("mita: interrupted: nothing was written\r\n"), "{shown}");
}

#[test]
fn a_secret_that_is_there_is_named_and_one_that_a_person_types_in_its_place_is_kept_beside_it() {
    let it = empty_folder();
    let beside = |name: &str| it.config_file().with_file_name(name);
    fs::write(beside("jenkins.token"), "of-another-mita\n").expect("a writable folder");
    fs::write(beside("openstack.secret"), "of-another-cloud\n").expect("a writable folder");
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    let mut terminal = it.terminal("exec $MITA init");
    terminal.answer("URL of Jenkins: ", it.sim.jenkins_url());
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.expect("using the token in jenkins.token, which is already there");
    terminal.answer("(not shown; Enter to correct the URL or the user): ", "jenkins-api-token");
    terminal.expect("jenkins.token has another one and stays as it is: this one is kept in jenkins-2.token");
    terminal.answer("URL of Keystone (auth_url): ", &it.sim.auth_url("openstack"));
    terminal.answer("(- to log in as a user): ", &credential);
    terminal.expect("using the secret in openstack.secret, which is already there");
    terminal.answer("(not shown; Enter to correct another answer): ", "ceph-ci-app-secret");
    for question in ["Image [", "Size [", "Key pair [", "node type [", "Labels of its nodes", "without a label"] {
        terminal.answer(question, "");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    let read = |name: &str| fs::read_to_string(beside(name)).expect("a file");
    assert_eq!(read("jenkins.token") + &read("openstack.secret"), "of-another-mita\nof-another-cloud\n");
    assert_eq!(read("jenkins-2.token") + &read("openstack-2.secret"), "jenkins-api-token\nceph-ci-app-secret\n");
    assert!(read("mita.toml").contains("\ntoken_file = \"jenkins-2.token\"\n"), "{shown}");
}

#[test]
fn a_wrong_option_at_a_terminal_costs_no_answer() {
    let it = empty_folder();
    let clouds = it.config_file().with_file_name("clouds.yaml");
    fs::write(clouds, "clouds:\n  ceph-ci: {auth: [\n").expect("a writable folder");
    let keystone = it.sim.auth_url("openstack");
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    let wrong = "--jenkins-url http://127.0.0.1:1/ --cloud nowhere --region Nowhere --image nothing --labels a,,b\\&c";
    let mut terminal = it.terminal(&format!("exec $MITA init {wrong}"));
    terminal.expect("--jenkins-url http://127.0.0.1:1/: connection refused");
    terminal.answer("URL of Jenkins: ", it.sim.jenkins_url());
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.answer("(not shown; Enter to add it later): ", "jenkins-api-token");
    terminal.expect("clouds.yaml");
    terminal.answer("URL of Keystone (auth_url): ", &keystone);
    terminal.answer("(- to log in as a user): ", &credential);
    terminal.answer("(not shown; kept in openstack.secret): ", "ceph-ci-app-secret");
    terminal.expect("--image nothing: the cloud has no image of this name");
    terminal.answer("Image [", "3");
    for question in ["Size [", "Key pair [", "node type ["] {
        terminal.answer(question, "");
    }
    terminal.expect("--labels a,,b&c: ");
    terminal.answer("Labels of its nodes", "linux");
    terminal.answer("without a label", "");
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
}

#[test]
fn the_region_is_asked_for_where_there_are_several_before_anything_fails() {
    let it = Setup::new().openstack(|cloud| cloud.regions = vec!["RegionOne".into(), "RegionTwo".into()]).start();
    fs::remove_file(it.config_file()).expect("the configuration of the scene");
    let keystone = it.sim.auth_url("openstack");
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    let login = format!("--auth-url {keystone} --application-credential-id {credential}");
    let options = format!("--jenkins-url {} --jenkins-user mita {login}", it.sim.jenkins_url());
    let mut terminal = it.terminal(&format!("exec $MITA init {options}"));
    terminal.answer("(not shown; Enter to add it later): ", "");
    terminal.answer("(not shown; kept in openstack.secret): ", "ceph-ci-app-secret");
    terminal.expect("   2  RegionTwo");
    terminal.answer("Region [RegionOne]: ", "RegionThree");
    terminal.expect("the cloud has no such region; ");
    terminal.answer("Region [RegionOne]: ", "1");
    for question in ["Image [", "Size [", "Key pair [", "node type [", "Labels of its nodes", "without a label"] {
        terminal.answer(question, "");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    let config = fs::read_to_string(it.config_file()).expect("a configuration");
    assert!(config.contains("\nservice_region = \"RegionOne\"\n"), "{config}");

    let piped = format!(
        "printf 'jenkins-api-token\\nceph-ci-app-secret\\n' | $MITA init --force {options} \
                         --jenkins-token-stdin --application-credential-secret-stdin"
    );
    let (status, shown) = it.terminal(&piped).end();
    assert_eq!(status, 2, "{shown}");
    assert!(shown.contains("which region? Name one with --region: there are RegionOne, RegionTwo"), "{shown}");
}

#[test]
fn the_regions_that_clouds_yaml_lists_are_asked_for() {
    let it = empty_folder();
    let keystone = it.sim.auth_url("openstack");
    let auth = format!("auth: {{auth_url: {keystone}, username: mita, password: mita-secret, project_name: ceph-ci}}");
    let clouds = format!("clouds:\n  ceph-ci: {{region_name: [RegionOne, RegionTwo], {auth}}}\n");
    fs::write(it.config_file().with_file_name("clouds.yaml"), clouds).expect("a writable folder");
    let mut terminal = it.terminal(&format!("exec $MITA init --jenkins-url {} --cloud ceph-ci", it.sim.jenkins_url()));
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.answer("(not shown; Enter to add it later): ", "");
    terminal.answer("Region [RegionOne]: ", "");
    terminal.expect("Image [");
}

#[test]
fn s9_an_answer_that_is_pasted_before_its_question_is_not_shown_unless_its_question_shows_it() {
    let it = empty_folder();
    it.sim.set_latency(Duration::from_millis(700));
    let mut terminal = it.terminal("exec $MITA init");
    terminal.expect("URL of Jenkins: ");
    // All at once, as from the clipboard: the terminal has the token before anybody asked for it.
    terminal.press(&format!("{}\nm-i-t-a\njenkins-api-token\n", it.sim.jenkins_url()));
    terminal.expect("User in Jenkins [mita]: m-i-t-a\r\n");
    terminal.expect("(not shown; Enter to add it later): \r\n");
    terminal.press("pasted-while-mita-waits\n");
    terminal.expect("(not shown; Enter to correct the URL or the user): \r\n");
    assert!(!terminal.shown.contains("jenkins-api-token"), "{}", terminal.shown);
    assert!(!terminal.shown.contains("pasted-while"), "{}", terminal.shown);
}

#[test]
fn the_terminal_is_restored_when_a_signal_ends_the_program_while_it_waits() {
    for signal in ["INT", "TERM"] {
        let it = empty_folder();
        it.sim.set_latency(Duration::from_secs(30));
        let mut terminal = it.terminal("trap : INT; sh -c 'echo pid $$.; exec $MITA init'; stty -a");
        terminal.answer("URL of Jenkins: ", it.sim.jenkins_url());
        terminal.expect("asking Jenkins (");
        let pid = terminal.shown.split("pid ").nth(1).and_then(|rest| rest.split('.').next()).expect("its number");
        if signal == "INT" {
            terminal.press("\u{3}");
        } else {
            let sent = Command::new("kill").arg(pid).status().expect("kill");
            assert!(sent.success());
        }
        terminal.expect(" icanon ");
        let (_, shown) = terminal.end();
        assert!(shown.contains(" echo ") && shown.contains("isig "), "{signal}: {shown}");
    }
}

#[test]
fn a_refused_variable_and_the_address_of_a_page_cost_no_answer() {
    let it = empty_folder();
    let jenkins = it.sim.jenkins_url().to_owned();
    let login = "--username mita --project ceph-ci --domain Default";
    let options = format!("--auth-url {} {login} --jenkins-token-env TOKEN", it.sim.auth_url("openstack"));
    let mut terminal = it.terminal(&format!("export TOKEN=\"'of-yesterday'\"; exec $MITA init {options}"));
    for page in ["login", "job/a/job/b/", "user/mita/configure"] {
        terminal.answer("URL of Jenkins: ", &format!("{jenkins}/{page}"));
        terminal.expect(&format!("is the address of a page; the URL of Jenkins itself is {jenkins}/"));
    }
    terminal.answer("URL of Jenkins: ", &jenkins);
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.expect("the token begins and ends with a quote");
    terminal.expect("the token is that of the variable TOKEN");
    terminal.answer("(not shown; Enter to correct the URL or the user): ", "jenkins-api-token");
    terminal.expect("kept in jenkins.token, in place of the variable TOKEN");
    terminal.answer("(not shown; kept in openstack.password): ", "mita-secret");
    for question in ["Image [", "Size [", "Key pair [", "node type [", "Labels of its nodes", "without a label"] {
        terminal.answer(question, "");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    let config = fs::read_to_string(it.config_file()).expect("a configuration");
    assert!(config.contains("\ntoken_file = \"jenkins.token\"\n") && !config.contains("token_env"), "{config}");

    fs::write(it.config_file().with_file_name("jenkins.token"), "old\n").expect("a writable folder");
    for (command, from) in [
        ("$MITA init --force </dev/null", "jenkins.token"),
        ("printf 'mita-secret\n' | $MITA init --force --jenkins-token-stdin", "the first line of standard input"),
    ] {
        let (status, shown) = it.terminal(&format!("{command} --jenkins-url {jenkins}")).end();
        let shown = unfolded(&shown);
        assert_eq!(status, 2, "{shown}");
        assert!(shown.contains(from), "{from}: {shown}");
    }
    let piped = format!("printf 'mita-secret\\n' | TOKEN=old $MITA init --force {options} --jenkins-url {jenkins}");
    let (status, shown) = it.terminal(&format!("{piped} --password-stdin")).end();
    assert_eq!(status, 2, "{shown}");
    let shown = unfolded(&shown);
    assert!(shown.contains("the token is that of the variable TOKEN; or write a configuration"), "{shown}");
}

/// What a terminal showed, each line as it was before it was folded.
fn unfolded(shown: &str) -> String {
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}
