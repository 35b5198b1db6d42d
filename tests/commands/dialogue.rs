//! `mita init` at a terminal: what a person sees and types.

use crate::harness::{Installation, Setup, minutes};
use mita_sim::jenkins::queue::Job;
use std::fs;
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
    terminal.answer("URL of Jenkins [", "");
    terminal.answer("User in Jenkins [mita]: ", "");
    terminal.answer("(not shown; Enter to add it later): ", "jenkins-api-token");
    terminal.answer("URL of Keystone (auth_url): ", jenkins);
    terminal.answer("Id of the application credential (- to log in as a user): ", &credential);
    terminal.answer("(not shown; kept in openstack.secret): ", "ceph-ci-app-secret");
    terminal.expect("what answers at auth_url is not Keystone");
    terminal.answer("URL of Keystone (auth_url) [", &keystone);
    terminal.answer("Id of the application credential (- to log in as a user) [", "");
    terminal.answer("(not shown; kept in openstack.secret): ", "n0t-the-secret");
    terminal.answer("Region (Enter if the cloud has only one): ", "");
    terminal.expect("the secret of the application credential is wrong");
    terminal.answer("URL of Keystone (auth_url) [", "");
    terminal.answer("Id of the application credential (- to log in as a user) [", "");
    terminal.answer("(not shown; kept in openstack.secret): ", "ceph-ci-app-secret");
    terminal.answer("Region (Enter if the cloud has only one): ", "");
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
    for secret in ["n0t-the-token", "jenkins-api-token", "n0t-the-secret", "ceph-ci-app-secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!shown.contains("starting"), "{shown}");
    assert!(shown.contains("wrote mita.toml, jenkins.token, openstack.secret, boot-inbound-registered.sh"), "{shown}");
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
    let clouds = format!("clouds:\n  old: {{{auth}}}\n  ceph-ci: {{{auth}}}\n");
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
    terminal.answer("Cloud [ceph-ci]: ", "1");
    terminal.answer("Region (Enter if the cloud has only one): ", "RegionOne");
    for question in ["Image [", "Size [", "Key pair [", "node type [", "Labels of its nodes", "without a label"] {
        terminal.answer(question, "");
    }
    let (status, shown) = terminal.end();
    assert_eq!(status, 0, "{shown}");
    let config = fs::read_to_string(it.config_file()).expect("a configuration");
    assert!(config.contains("\ncloud = \"ceph-ci\"\nservice_region = \"RegionOne\"\n"), "{config}");
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
