//! From nothing to the first job served, with what `mita init` writes and nothing else.

use crate::harness::{Installation, Setup, minutes};
use mita::config::FlavorChoice;
use mita_sim::jenkins::queue::Job;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;

/// A folder with the token, a clouds.yaml and no configuration.
fn nothing_yet() -> Installation {
    let it = Setup::new().start();
    fs::remove_file(it.config_file()).expect("the configuration of the scene");
    let cloud = |name: &str, password: &str| {
        format!(
            "  {name}:\n    region_name: RegionOne\n    auth:\n      auth_url: {}\n      username: mita\n      \
             password: {password}\n      project_name: ceph-ci\n",
            it.sim.auth_url("openstack")
        )
    };
    write(&it, "clouds.yaml", &format!("clouds:\n{}", cloud("ceph-ci", "mita-secret")));
    write(&it, "two.yaml", &format!("clouds:\n{}{}", cloud("ceph-ci", "mita-secret"), cloud("old", "not-this-one")));
    write(&it, "jenkins.token", "jenkins-api-token\n");
    it
}

fn write(it: &Installation, name: &str, text: &str) {
    let path = beside(it, name);
    fs::write(&path, text).expect("a writable folder");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("its own file");
}

fn beside(it: &Installation, name: &str) -> PathBuf {
    it.config_file().with_file_name(name)
}

fn config(it: &Installation) -> String {
    fs::read_to_string(it.config_file()).expect("a configuration")
}

#[test]
fn a_configuration_that_init_wrote_serves_the_first_job() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    write(&it, "openstack.secret", "ceph-ci-app-secret\n");
    let auth_url = it.sim.auth_url("openstack");
    let login = ["--auth-url", auth_url.as_str(), "--application-credential-id", credential.as_str()];
    let ended = it.program(&[&["init", "--jenkins-url", &url, "--owner", "ceph-ci"], login.as_slice()].concat());
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    for line in [
        "wrote mita.toml, boot-inbound-registered.sh, mita.cron",
        "  owner      ceph-ci",
        "  node type  ubuntu, at most 4 servers",
        "  image      Ubuntu Trusty (2014.04) cloudimg",
        "  size       m3.xlarge: 4 cores, 15 GiB of RAM, 80 GB of disk",
        "  key pair   jenkins-slave",
        "  network    ci-net (the only one)",
        "  for jobs   with the label linux",
        "  idle       some servers stay ready for the next jobs: see idle_grace, spare and ahead in the file",
        "mita.toml: ok, 1 node type, 1 provider, 2 warnings",
        "next:",
    ] {
        assert!(ended.stdout.lines().any(|other| other == line), "{line}\n{}", ended.stdout);
    }
    assert!(
        ended.stderr.contains("does not name the labels that jobs wait for"),
        "as check --online: {}",
        ended.stderr
    );
    assert!(it.sim.writes().is_empty(), "nothing is changed in a cloud");

    let text = config(&it);
    for line in [
        "owner = \"ceph-ci\"",
        "[provider.openstack]",
        "[nodes.ubuntu]",
        "size = \"m3.xlarge\"",
        "keyname = \"jenkins-slave\"",
        "token_file = \"jenkins.token\"",
        "#unlabelled = true",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}\n{text}");
    }
    assert!(text.contains("# There are: dup-image, Debian 12, Ubuntu Trusty (2014.04) cloudimg\n"), "{text}");
    assert!(!text.contains("networks"), "the cloud has one network and chooses it: {text}");
    for name in ["mita.toml", "boot-inbound-registered.sh", "mita.cron"] {
        let mode = fs::metadata(beside(&it, name)).expect("a file").mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }

    let checked = it.program(&["check", "--online"]);
    assert_eq!(checked.status, 0, "{}{}", checked.stdout, checked.stderr);

    it.sim.jenkins().submit(Job::freestyle("first").label("linux").lasting(minutes(1)));
    it.minutes_until(6, "the first job is built", |it| it.built() == ["first"]);
}

#[test]
fn s9_init_writes_no_secret_into_the_configuration() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let ended = it.program(&["init", "--jenkins-url", &url]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("which starts in another folder: move ./clouds.yaml to ~/"), "{}", ended.stdout);
    assert!(config(&it).contains("\ncloud = \"ceph-ci\"\n"), "the only cloud of clouds.yaml is taken");
    assert_eq!(it.program(&["check", "--online"]).status, 0);
    for secret in ["jenkins-api-token", "mita-secret"] {
        assert!(!config(&it).contains(secret));
    }
}

#[test]
fn the_variables_of_openstack_are_a_cloud_that_cron_does_not_have() {
    let it = nothing_yet();
    fs::remove_file(beside(&it, "clouds.yaml")).expect("a clouds.yaml");
    let (url, auth_url) = (format!("{}/", it.sim.jenkins_url()), it.sim.auth_url("openstack"));
    let variables = [
        ("OS_AUTH_URL", auth_url.as_str()),
        ("OS_USERNAME", "mita"),
        ("OS_PASSWORD", "mita-secret"),
        ("OS_PROJECT_NAME", "ceph-ci"),
    ];
    let ended = it.program_with(&["init", "--jenkins-url", &url], &variables, "");
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(config(&it).contains("\ncloud = \"envvars\"\n"), "{}", config(&it));
    assert!(ended.stdout.contains("cron does not have your OS_* variables"), "{}", ended.stdout);
    assert_eq!(it.program_with(&["reconcile", "--dry-run"], &variables, "").status, 0);
}

#[test]
fn s9_secrets_come_from_standard_input_and_go_into_files_of_their_own() {
    let it = nothing_yet();
    fs::remove_file(beside(&it, "jenkins.token")).expect("the token");
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    let (url, auth_url) = (format!("{}/", it.sim.jenkins_url()), it.sim.auth_url("openstack"));
    let arguments = format!(
        "init --jenkins-url {url} --jenkins-token-stdin --auth-url {auth_url} --application-credential-id {credential} \
         --application-credential-secret-stdin"
    );
    let arguments: Vec<&str> = arguments.split(' ').collect();
    for (input, error) in [
        ("", "--jenkins-token-stdin: standard input has no line for it"),
        ("jenkins-api-token\n", "--application-credential-secret-stdin: standard input has no line for it"),
        ("t0ken\nceph-ci-app-secret\n", "jenkins: GET "),
        ("jenkins-api-token\ns3cret-typed\n", "the secret of the application credential is wrong"),
    ] {
        let ended = it.program_with(&arguments, &[], input);
        assert!(ended.status == 2 && ended.stderr.contains(error), "{input}: {}", ended.stderr);
        assert!(!beside(&it, "jenkins.token").exists() && !it.config_file().exists(), "nothing is written");
    }
    // As Windows writes them.
    let ended = it.program_with(&arguments, &[], "\u{feff}jenkins-api-token\r\nceph-ci-app-secret\r\n");
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    for (name, secret) in [("jenkins.token", "jenkins-api-token\n"), ("openstack.secret", "ceph-ci-app-secret\n")] {
        assert_eq!(fs::read_to_string(beside(&it, name)).expect(name), secret);
        assert_eq!(fs::metadata(beside(&it, name)).expect(name).mode() & 0o777, 0o600, "{name}");
        assert!(!config(&it).contains(secret.trim()) && !ended.stdout.contains(secret.trim()));
    }
}

#[test]
fn a_user_can_log_in_with_a_password() {
    let it = nothing_yet();
    let (url, auth_url) = (format!("{}/", it.sim.jenkins_url()), it.sim.auth_url("openstack"));
    let arguments =
        format!("init --jenkins-url {url} --auth-url {auth_url} --username mita --project ceph-ci --password-stdin");
    let ended = it.program_with(&arguments.split(' ').collect::<Vec<_>>(), &[], "mita-secret\n");
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(config(&it).contains("\nusername = \"mita\"\n") && !config(&it).contains("mita-secret"));
    assert_eq!(it.program(&["check", "--online"]).status, 0);
}

#[test]
fn every_answer_can_be_given_as_an_option() {
    let it = nothing_yet();
    let credential = it.sim.cloud("openstack").app_credentials[0].id.clone();
    write(&it, "c.secret", "ceph-ci-app-secret\n");
    write(&it, "boot.sh", "#!/bin/sh\n${MITA_AGENT_SECRET}\n");
    it.sim.cloud("openstack").add_network("second", "10.0.0", None);
    let (url, auth_url) = (it.sim.jenkins_url(), it.sim.auth_url("openstack"));
    let arguments = [
        &format!("init --jenkins-url {url} --jenkins-user mita --jenkins-token-file jenkins.token"),
        &format!("--auth-url {auth_url} --application-credential-id {credential}"),
        "--application-credential-secret-file c.secret --region RegionOne --image dup-image --flavor m1.small",
        "--key jenkins-slave --network second --node build --max 7 --owner team --unlabelled",
        "--script-file boot.sh --labels",
    ]
    .join(" ");
    let arguments: Vec<&str> = arguments.split(' ').chain(["amd64 noble"]).collect();
    let ended = it.program(&arguments);
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    let config = it.config();
    assert_eq!(config.jenkins.user, "mita");
    assert_eq!(config.owner.as_str(), "team");
    let kind = &config.node_types[0];
    assert_eq!(
        (kind.name.as_str(), kind.image_name.as_str(), &kind.size),
        ("build", "dup-image", &FlavorChoice::Named("m1.small".into()))
    );
    assert_eq!(
        (kind.keyname.as_deref(), kind.max, kind.networks.as_slice()),
        (Some("jenkins-slave"), Some(7), &["second".to_owned()][..])
    );
    assert!(kind.unlabelled);
    assert_eq!(kind.labels.iter().map(String::as_str).collect::<Vec<_>>(), ["amd64", "noble"]);
    assert_eq!(kind.script, "#!/bin/sh\n${MITA_AGENT_SECRET}\n");
    assert!(!beside(&it, "boot-inbound-registered.sh").exists(), "a script of one's own is enough");
}

#[test]
fn an_option_that_the_services_do_not_know_is_refused_with_the_nearest_name() {
    let it = nothing_yet();
    it.sim.cloud("openstack").add_network("second", "10.0.0", None);
    let url = format!("{}/", it.sim.jenkins_url());
    for (option, value, error) in [
        ("--image", "Debian-12", "--image Debian-12: the cloud has no image of this name; did you mean \"Debian 12\"?"),
        ("--flavor", "m1.smal", "--flavor m1.smal: the cloud has no flavor of this name; did you mean \"m1.small\"?"),
        ("--key", "jenkins", "--key jenkins: the cloud has no key pair of this name; "),
        ("--network", "secnd", "--network secnd: the cloud has no network of this name; did you mean \"second\"?"),
        ("--node", "a/b", "--node a/b: holds '/'"),
        ("--labels", "a&&b", "--labels a&&b: the label \"a&&b\" holds &"),
        ("--max", "0", "write a whole number from 1 on"),
        ("--owner", "my ci", "--owner: "),
        ("--region", "Nowhere", "the region \"Nowhere\" lacks "),
        ("--cloud", "ceph", "mita: --cloud ceph: ./clouds.yaml has no cloud \"ceph\"; did you mean \"ceph-ci\"?"),
        ("--jenkins-user", "wrong", "Jenkins does not know this user with this token"),
    ] {
        let ended = it.program(&["init", "--jenkins-url", &url, option, value]);
        assert!(ended.status == 2 && ended.stderr.contains(error), "{option}: {}{}", ended.stdout, ended.stderr);
        assert!(!ended.stderr.contains("[secret]"), "nothing honest is hidden: {}", ended.stderr);
        assert!(!it.config_file().exists(), "nothing is written: {option}");
    }
    for (wrong, error) in [
        ("ci.example.com", "--jenkins-url ci.example.com: must begin with https:// or http://"),
        (it.sim.auth_url("openstack").as_str(), "the answer does not come from Jenkins"),
        ("http://127.0.0.1:1/", "connection refused"),
    ] {
        let ended = it.program(&["init", "--jenkins-url", wrong]);
        assert!(ended.status == 2 && ended.stderr.contains(error), "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn a_keystone_that_is_none_is_named_so() {
    let it = nothing_yet();
    let (url, auth_url) = (format!("{}/", it.sim.jenkins_url()), it.sim.auth_url("openstack"));
    let nova = auth_url.replace("identity/v3", "compute/v2.1");
    write(&it, "openstack.secret", "ceph-ci-app-secret\n");
    for wrong in [nova.as_str(), url.as_str()] {
        let login = ["--auth-url", wrong, "--application-credential-id", "abc"];
        let ended = it.program(&[&["init", "--jenkins-url", &url], login.as_slice()].concat());
        let said =
            ended.status == 2 && ended.stderr.contains("what answers at auth_url is not Keystone: correct auth_url");
        assert!(said, "{wrong}: {}", ended.stderr);
    }
}

#[test]
fn what_is_there_is_not_overwritten_without_force() {
    let it = nothing_yet();
    write(&it, "mita.toml", "mine\n");
    write(&it, "boot-inbound-registered.sh", "my own\n");
    let arguments = ["init", "--offline"];
    let ended = it.program(&arguments);
    assert_eq!(ended.status, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("mita.toml already exists") && ended.stderr.contains("--force"), "{}", ended.stderr);
    assert_eq!(config(&it), "mine\n");
    assert_eq!(it.program(&["init", "--offline", "--force"]).status, 0);
    assert!(config(&it).contains("[jenkins]"));
    assert_eq!(fs::read_to_string(beside(&it, "boot-inbound-registered.sh")).expect("the script"), "my own\n");
}

#[test]
fn s9_the_password_in_a_url_with_a_blank_is_not_shown() {
    let it = nothing_yet();
    let ended = it.program(&["init", "--offline", "--jenkins-url", "http://mita:my pw@ci.example.com/"]);
    assert_eq!(ended.status, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("...@ci.example.com") && !ended.stderr.contains("pw"), "{}", ended.stderr);
}

#[test]
fn the_secret_of_another_configuration_beside_it_is_not_replaced() {
    let it = nothing_yet();
    let init = "printf 'another-token\\n' | $MITA init --offline --jenkins-token-stdin --file second.toml";
    let (status, shown) = it.terminal(init).end();
    assert_eq!(status, 2, "{shown}");
    assert!(shown.contains("jenkins.token already exists with another secret"), "{shown}");
    assert_eq!(fs::read_to_string(beside(&it, "jenkins.token")).expect("the token"), "jenkins-api-token\n");
    assert!(!beside(&it, "second.toml").exists());
    assert!(shown.contains("--jenkins-token-file jenkins-2.token; --force replaces the other one"), "{shown}");
    assert_eq!(it.terminal(&format!("{init} --jenkins-token-file jenkins-2.token")).end().0, 0);
    assert_eq!(fs::read_to_string(beside(&it, "jenkins.token")).expect("the token"), "jenkins-api-token\n");
    assert_eq!(fs::read_to_string(beside(&it, "jenkins-2.token")).expect("the token"), "another-token\n");
    assert_eq!(it.terminal(&format!("{init} --force")).end().0, 0);
    assert_eq!(fs::read_to_string(beside(&it, "jenkins.token")).expect("the token"), "another-token\n");
}

#[test]
fn a_secret_that_would_be_refused_at_the_end_is_refused_before_anybody_is_asked() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let ended = it.program_with(&["init", "--jenkins-url", &url, "--jenkins-token-stdin"], &[], "another-token\n");
    assert!(ended.status == 2 && ended.stderr.contains("jenkins.token already exists"), "{}", ended.stderr);
    assert!(it.sim.requests().is_empty());
}

#[test]
fn the_last_line_of_init_puts_mita_in_cron_when_it_is_pasted() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let ended = it.program(&["init", "--jenkins-url", &url]);
    let line = ended.stdout.lines().last().expect("a line").trim();
    let folder = it.config_file().parent().expect("a folder").to_owned();
    write(&it, "table", "0 4 * * * another\n");
    let fake = "#!/bin/sh\ncase \"$1\" in -l) cat table ;; *) cat > table.new ;; esac\n";
    write(&it, "crontab", fake);
    fs::set_permissions(beside(&it, "crontab"), Permissions::from_mode(0o700)).expect("its own file");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let pasted = Command::new("sh").args(["-c", line]).current_dir(&folder).env("PATH", path).status();
    assert!(pasted.expect("a shell").success(), "{line}");
    let table = fs::read_to_string(beside(&it, "table.new")).expect("a crontab");
    let jobs: Vec<&str> = table.lines().filter(|line| line.contains("* * *")).collect();
    let run = |second: u8| {
        let config = it.config_file().canonicalize().expect("a configuration");
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_mita")).expect("the program");
        format!("* * * * *  sleep {second}; {} reconcile --config {}", program.display(), config.display())
    };
    assert_eq!(jobs, ["0 4 * * * another", &run(10), &run(40)]);
    assert!(table.contains("\nPATH=") && table.contains("\nMAILTO=root\n"), "as cron.example: {table}");
}

#[test]
fn the_lines_to_copy_after_an_init_with_sudo_name_its_user() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let ended = it.program_with(&["init", "--jenkins-url", &url], &[("SUDO_USER", "alice")], "");
    let user = Command::new("id").arg("-un").output().expect("id, of coreutils").stdout;
    let line = format!("  sudo -u {} mita reconcile --dry-run --config ", String::from_utf8_lossy(&user).trim());
    assert!(ended.stdout.contains(&line), "{}{}", ended.stdout, ended.stderr);
    let crontab = beside(&it, "mita.cron").canonicalize().expect("the crontab");
    let its = format!("sudo crontab -u {}", String::from_utf8_lossy(&user).trim());
    let line = format!("  ({its} -l 2>/dev/null; sudo cat {}) | {its} -\n", crontab.display());
    assert!(ended.stdout.ends_with(&line), "{line}{}", ended.stdout);
}

#[test]
fn a_second_configuration_has_a_state_of_its_own() {
    let it = nothing_yet();
    for (file, state) in [("mita.toml", "state.json"), ("second.toml", "second.state.json")] {
        let path = beside(&it, file);
        let ended = it.program(&["init", "--offline", "--force", "--file", &path.display().to_string()]);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
        let written = fs::read_to_string(&path).expect("a configuration");
        assert!(written.contains(&format!("\nstate_file = \"{state}\"\n")), "{written}");
    }
}

#[test]
fn offline_nobody_is_asked_and_what_is_left_to_do_is_told() {
    let it = nothing_yet();
    fs::remove_file(beside(&it, "clouds.yaml")).expect("a clouds.yaml");
    let ended = it.program(&["init", "--offline"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    assert!(it.sim.requests().is_empty());
    let told =
        "  put the secret of the application credential into openstack.secret: (umask 077; cat > openstack.secret)\n";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    write(&it, "openstack.secret", "a-secret\n");
    let ended = it.program(&["check"]);
    assert_eq!(ended.status, 0, "with the secret in its file the rest is right: {}", ended.stderr);
}

#[test]
fn what_cannot_be_guessed_is_asked_for_by_the_name_of_its_option() {
    let it = nothing_yet();
    let told = |arguments: &[&str]| {
        let ended = it.program(arguments);
        assert_eq!(ended.status, 2, "{}", ended.stdout);
        assert!(!it.config_file().exists(), "nothing is written");
        ended.stderr
    };
    assert!(told(&["init"]).contains("URL of Jenkins? Name it with --jenkins-url"));
    let jenkins = format!("{}/", it.sim.jenkins_url());
    let url = ["init", "--jenkins-url", &jenkins];
    fs::rename(beside(&it, "two.yaml"), beside(&it, "clouds.yaml")).expect("two clouds");
    assert!(told(&url).contains("which cloud? Name one with --cloud: there are ceph-ci, old"));
    let with = |more: [&'static str; 2]| [url.as_slice(), &more].concat();
    assert!(told(&with(["--cloud", "ceph-ic"])).contains("did you mean \"ceph-ci\"?"));
    assert!(told(&with(["--cloud", "old"])).contains("the password is wrong"));
    fs::remove_file(beside(&it, "clouds.yaml")).expect("a clouds.yaml");
    assert!(told(&url).contains("no cloud found: no clouds.yaml names one"));
    let elsewhere = it.program_with(&url, &[("OS_CLIENT_CONFIG_FILE", "/no/clouds.yaml")], "");
    assert!(elsewhere.stderr.contains("OS_CLIENT_CONFIG_FILE names /no/clouds.yaml, which does not exist"));
    assert!(told(&["init", "--file", "off/mita.toml"]).contains("there is no folder off, make it with: mkdir -p off"));
    assert!(told(&["init", "--file", "."]).contains("is a folder: name a file in it, as in --file ./mita.toml"));
    assert!(
        told(&[url.as_slice(), &["--auth-url", &it.sim.auth_url("openstack")]].concat())
            .contains("who logs in to the cloud?")
    );
}

#[test]
fn a_cloud_of_clouds_yaml_has_its_log_in_and_takes_no_other() {
    let it = nothing_yet();
    for option in [
        &["--auth-url", "https://keystone"][..],
        &["--application-credential-id", "4711"],
        &["--username", "mita"],
        &["--username", "mita", "--project", "ceph-ci"],
        &["--project", "ceph-ci"],
        &["--domain", "Default"],
        &["--password-stdin"],
    ] {
        let ended = it.program(&[&["init", "--offline", "--cloud", "ceph-ci"], option].concat());
        assert_eq!(ended.status, 2, "{option:?}: {}", ended.stdout);
        assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
    }
}

#[test]
fn after_errors_the_next_step_is_to_correct_them() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    write(&it, "long.sh", &format!("#!/bin/sh\n# {}\n", "x".repeat(70_000)));
    let ended = it.program(&["init", "--jenkins-url", &url, "--script-file", "long.sh"]);
    assert_ne!(ended.status, 0, "{}", ended.stdout);
    let next = "next:\n  correct the errors above\n  mita check --online --config mita.toml\n";
    assert!(ended.stdout.ends_with(next), "{}{}", ended.stdout, ended.stderr);
}

#[test]
fn a_token_that_is_missing_is_left_to_do_with_the_command_for_it() {
    let it = nothing_yet();
    fs::remove_file(beside(&it, "jenkins.token")).expect("the token");
    let url = format!("{}/", it.sim.jenkins_url());
    let ended = it.program(&["init", "--jenkins-url", &url]);
    assert_eq!(ended.status, 0, "{}{}", ended.stdout, ended.stderr);
    let told = "next:\n  put the API token of mita into jenkins.token: (umask 077; cat > jenkins.token)\n";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
}

#[test]
fn what_root_makes_in_the_folder_of_another_user_belongs_to_that_user() {
    let it = nothing_yet();
    let folder = it.config_file().with_file_name("etc");
    fs::create_dir(&folder).expect("a folder");
    // Only root can give a folder away; anybody else makes files of their own only.
    let given = std::os::unix::fs::chown(&folder, Some(12_345), Some(12_345)).is_ok();
    let ended = it.program(&["init", "--offline", "--file", "etc/mita.toml"]);
    assert_eq!(ended.status, 0, "{}", ended.stderr);
    let owner = fs::metadata(&folder).expect("the folder").uid();
    assert_eq!(given, owner == 12_345);
    for name in ["mita.toml", "boot-inbound-registered.sh", "mita.cron"] {
        assert_eq!(fs::metadata(folder.join(name)).expect(name).uid(), owner, "{name}");
    }
}

#[test]
fn the_nodes_can_be_made_by_ssh_or_by_the_boot_script_instead() {
    let it = nothing_yet();
    let url = format!("{}/", it.sim.jenkins_url());
    let init = ["init", "--force", "--jenkins-url", &url, "--register"];
    let ended = it.program(&[init.as_slice(), &["ssh"]].concat());
    assert!(ended.status == 2 && ended.stderr.contains("--credentials-id"), "{}", ended.stderr);
    assert_eq!(it.program(&[init.as_slice(), &["ssh", "--credentials-id", "agents"]].concat()).status, 0);
    assert!(config(&it).contains("register = \"ssh\"\ncredentials_id = \"agents\"\n"), "{}", config(&it));
    assert_eq!(it.program(&["check", "--online"]).status, 0);
    let ended = it.program(&[init.as_slice(), &["none"]].concat());
    assert!(ended.stdout.contains("set the values at the top of boot-inbound.sh"), "{}{}", ended.stdout, ended.stderr);
    assert!(!config(&it).contains("register ="));
    assert_eq!(it.program(&["check", "--online"]).status, 0);
}
