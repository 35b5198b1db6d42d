//! What a configuration means.

use super::*;
use crate::config::{
    Auth, Backend, Boot, BootVolume, CredentialId, Domain, FlavorChoice, Hint, Identified, Interface, MinIdle,
    OpenStackConfig,
};
use crate::domain::names::{MitaId, NodeTypeName, ProviderName};
use jiff::SignedDuration;

fn openstack(provider: &str) -> OpenStackConfig {
    let text = format!("{JENKINS}[provider.openstack]\nauth_url = \"http://os.example.com:5000\"\n{provider}{NODE}");
    match config(&text).providers.remove(0).backend {
        Backend::OpenStack(openstack) => *openstack,
        Backend::Command(command) => panic!("{command:?}"),
    }
}

fn by_name(name: &str, domain: &str) -> Identified {
    Identified::Name { name: name.to_owned(), domain: Domain::Name(domain.to_owned()) }
}

#[test]
fn the_least_that_can_be_written_gets_the_documented_defaults() {
    let config = config(&format!("{JENKINS}{PROVIDER}{NODE}"));
    assert_eq!(config.state_file.to_str(), Some("/var/lib/mita/state.json"));
    assert_eq!(config.owner.as_str(), "ci.example.com");
    assert_eq!(config.deadline, SignedDuration::from_secs(50));
    assert_eq!((config.max_servers, config.concurrency), (50, 24));
    assert_eq!(config.times.stuck_after, SignedDuration::ZERO);
    assert_eq!(config.times.idle_grace, SignedDuration::from_mins(40));
    assert_eq!(config.times.boot_timeout, SignedDuration::from_mins(15));
    assert_eq!(config.times.join_timeout, SignedDuration::from_mins(15));
    assert_eq!(config.times.order_timeout, SignedDuration::from_mins(5));
    assert_eq!(config.jenkins.token.expose(), "TOKEN-OF-JO");
    assert_eq!(config.providers[0].max, None);
    let node = &config.node_types[0];
    assert_eq!(node.providers, [ProviderName::from("openstack")]);
    assert_eq!((node.image_name.as_str(), &node.size), ("Ubuntu 22.04", &FlavorChoice::Named("m1".into())));
    assert_eq!(node.boot, Boot::default());
    assert_eq!((node.executors, &node.min_idle, node.max, node.storage), (1, &MinIdle::Always(0), None, None));
    assert!(!node.unlabelled && !node.config_drive && node.labels.is_empty() && node.script.is_empty());
    assert_eq!(node.server_name_for(&MitaId::from("20261121T233012Z-1")), "ubuntu");
    assert_eq!(node.times, config.times);
}

#[test]
fn everything_else_that_a_node_type_asks_of_its_cloud_is_read() {
    let node = "[nodes.ubuntu]\nprovider = \"openstack\"\nimage = \"ubuntu-24.04-*\"\nmin_cores = 4\nmin_ram = \"8G\"\n\
         max = 1\nboot_volume = { size = 20, type = \"ssd\" }\nstorage = 10\nports = [\"p1\"]\n\
         floating_ip_pool = \"public\"\nserver_group = \"near\"\nscheduler_hints = { query = \"q\", cells = [\"a\", \"b\"] }\n\
         tags = [\"ci\"]\ndescription = \"for ceph\"\n";
    let node = config(&format!("{JENKINS}{PROVIDER}{node}")).node_types.remove(0);
    assert_eq!(node.size, FlavorChoice::AtLeast { cores: 4, ram_mib: 8192 });
    assert_eq!(node.volumes().collect::<Vec<_>>(), [20, 10]);
    let hints = [("query", Hint::One("q".into())), ("cells", Hint::Many(vec!["a".into(), "b".into()]))];
    let expected = Boot {
        volume: Some(BootVolume { size: 20, volume_type: Some("ssd".into()) }),
        ports: vec!["p1".into()],
        floating_ip_pool: Some("public".into()),
        server_group: Some("near".into()),
        scheduler_hints: hints.map(|(key, hint)| (key.to_owned(), hint)).into(),
        tags: vec!["ci".into()],
        description: Some("for ceph".into()),
    };
    assert_eq!(node.boot, expected);
    let only_memory = NODE.replace("size = \"m1\"", "min_ram = \"512M\"");
    let node = config(&format!("{JENKINS}{PROVIDER}{only_memory}")).node_types.remove(0);
    assert_eq!(node.size, FlavorChoice::AtLeast { cores: 0, ram_mib: 512 });
}

#[test]
fn idle_nodes_may_be_kept_by_the_hours_of_a_time_zone() {
    let hours = "min_idle = [{ days = \"mon-fri\", hours = \"8-18\", count = 3 }, { count = 1 }]\n";
    let config = config(&format!("time_zone = \"Europe/Berlin\"\n{JENKINS}{PROVIDER}{NODE}{hours}"));
    let min_idle = &config.node_types[0].min_idle;
    let at = |time: &str| min_idle.at(time.parse().unwrap());
    assert_eq!((at("2026-07-01T06:00:00Z"), at("2026-07-01T05:59:00Z"), at("2026-07-05T10:00:00Z")), (3, 1, 1));
    assert_eq!(min_idle.largest(), 3);
}

#[test]
fn every_key_of_a_node_type_is_read() {
    let node = format!(
        "{JENKINS}{PROVIDER}[provider.second]\nauth_url = \"http://os\"\nusername = \"a\"\npassword = \"PASSWORD\"\n\
         [nodes.ubuntu]\nprovider = [\"second\", \"openstack\"]\nimage = \"U\"\nflavor = \"m1\"\nkeyname = \"k\"\n\
         labels = \" b  a\\tc \"\nstorage = 10\nexecutors = 2\nmax = 0\nmin_idle = 1\nunlabelled = true\n\
         networks = \"net one\"\nsecurity_groups = [\"ssh\"]\navailability_zone = \"az1\"\nconfig_drive = true\n\
         max_age = \"1w 2d 3h\"\nmetadata = {{ team = \"build\" }}\nserver_name = \"{{node}}-{{id}}\"\nstuck_after = \"1s\"\nidle_grace = \"0s\"\n\
         boot_timeout = \"1h 30m\"\njoin_timeout = \"2 minutes\"\norder_timeout = \"3m\"\nscript = \"#!/bin/sh\\n\"\n"
    );
    let node = config(&node).node_types.remove(0);
    assert_eq!(node.providers, [ProviderName::from("second"), ProviderName::from("openstack")]);
    assert_eq!(
        (node.image_name.as_str(), &node.size, node.keyname.as_deref()),
        ("U", &FlavorChoice::Named("m1".into()), Some("k"))
    );
    assert_eq!(node.labels.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!((node.storage, node.executors, node.max, &node.min_idle), (Some(10), 2, Some(0), &MinIdle::Always(1)));
    assert_eq!(node.times.max_age, Some(SignedDuration::from_hours(9 * 24 + 3)));
    assert!(node.unlabelled && node.config_drive && !node.single_use);
    assert_eq!((node.networks, node.security_groups), (vec!["net one".to_owned()], vec!["ssh".to_owned()]));
    assert_eq!(node.availability_zone.as_deref(), Some("az1"));
    assert_eq!(node.metadata.get("team").map(String::as_str), Some("build"));
    assert_eq!(node.script, "#!/bin/sh\n");
    assert_eq!(node.times.stuck_after, SignedDuration::from_secs(1));
    assert_eq!(node.times.idle_grace, SignedDuration::ZERO);
    assert_eq!(node.times.boot_timeout, SignedDuration::from_mins(90));
    assert_eq!(node.times.join_timeout, SignedDuration::from_mins(2));
    assert_eq!(node.times.order_timeout, SignedDuration::from_mins(3));
}

#[test]
fn labels_are_separated_where_jenkins_separates_them_and_nowhere_else() {
    let node = "[nodes.a]\nprovider = \"openstack\"\nimage = \"u\"\nflavor = \"s\"\nlabels = \" gpu\\tbig\u{a0}one \\n linux\u{3000}\"\n";
    let labels = config(&format!("{JENKINS}{PROVIDER}{node}")).node_types.remove(0).labels;
    assert_eq!(labels.iter().collect::<Vec<_>>(), ["big\u{a0}one", "gpu", "linux\u{3000}"]);
}

#[test]
fn the_times_at_the_top_hold_where_a_node_type_has_none_of_its_own() {
    let config = config(&format!(
        "idle_grace = \"1h\"\nboot_timeout = \"20m\"\n{JENKINS}{PROVIDER}{NODE}idle_grace = \"2h\"\n[nodes.b]\n\
         provider = \"openstack\"\nimage = \"U\"\nsize = \"s\"\n"
    ));
    let grace = |name| config.times(&NodeTypeName::from(name)).idle_grace;
    assert_eq!(grace("ubuntu"), SignedDuration::from_hours(2));
    assert_eq!(grace("b"), SignedDuration::from_hours(1));
    assert_eq!(grace("no longer configured"), SignedDuration::from_hours(1));
    assert_eq!(config.node_types[0].times.boot_timeout, SignedDuration::from_mins(20));
}

#[test]
fn providers_and_node_types_keep_the_order_of_the_file() {
    let provider = |name: &str| PROVIDER.replace(".openstack]", &format!(".{name}]"));
    let node = |name: &str| NODE.replace(".ubuntu]", &format!(".{name}]"));
    let text = [
        node("zeta"),
        provider("openstack"),
        node("alpha"),
        JENKINS.to_owned(),
        provider("b"),
        node("mid"),
        provider("a"),
    ];
    let config = config(&text.concat());
    let node_types: Vec<_> = config.node_types.iter().map(|node_type| node_type.name.as_str()).collect();
    let providers: Vec<_> = config.providers.iter().map(|provider| provider.name.as_str()).collect();
    assert_eq!(node_types, ["zeta", "alpha", "mid"]);
    assert_eq!(providers, ["openstack", "b", "a"]);
}

#[test]
fn paths_are_relative_to_the_configuration_file() {
    let folder = Folder::with(&format!(
        "state_file = \"state.json\"\n{}token_file = \"token\"\n{PROVIDER}cacert = \"ca.pem\"\n{NODE}script_file = \"u.sh\"\n",
        JENKINS.replace("token = \"TOKEN-OF-JO\"\n", "")
    ));
    folder.write("token", "TOKEN-IN-A-FILE\r\n", 0o400);
    folder.write("ca.pem", "-----BEGIN CERTIFICATE-----\n", 0o644);
    folder.write("u.sh", "#!/bin/sh\necho ${MITA_NODE} ${JENKINS_URL}\n", 0o644);
    let Loaded { config, warnings, .. } = folder.load().unwrap();
    let Backend::OpenStack(openstack) = &config.providers[0].backend else { panic!("not OpenStack") };
    assert_eq!(warnings, [""; 0]);
    assert_eq!(config.state_file, folder.0.path().join("state.json"));
    assert_eq!(config.jenkins.token.expose(), "TOKEN-IN-A-FILE");
    assert_eq!(openstack.cacert, Some(folder.0.path().join("ca.pem")));
    assert_eq!(config.node_types[0].script, "#!/bin/sh\necho ${MITA_NODE} ${JENKINS_URL}\n");
}

#[test]
fn the_owner_is_the_one_that_is_written_else_host_and_path_of_the_controller() {
    let with = |top: &str, url: &str| {
        config(&format!("{top}{}{PROVIDER}{NODE}", JENKINS.replace("https://ci.example.com/", url))).owner
    };
    assert_eq!(with("owner = \"ceph-ci\"\n", "https://ci.example.com").as_str(), "ceph-ci");
    assert_eq!(with("", "http://CI.example.com:8080/jenkins/~x/").as_str(), "ci.example.com:8080/jenkins/-x");
}

#[test]
fn a_password_login_names_user_and_project_with_their_domains() {
    let plain =
        openstack("username = \"adeza\"\npassword = \"PASSWORD\"\ntenant_name = \"ceph-ci\"\nregion = \"main\"\n");
    assert_eq!((plain.auth_url.as_str(), plain.region.as_deref()), ("http://os.example.com:5000/", Some("main")));
    assert_eq!(plain.interface, Interface::Public);
    let Auth::Password { user, password, project } = plain.auth else { panic!("{:?}", plain.auth) };
    assert_eq!((user, project), (by_name("adeza", "Default"), Some(by_name("ceph-ci", "Default"))));
    assert_eq!(password.expose(), "PASSWORD");

    let full = openstack(
        "auth_version = \"3.x_password\"\nusername = \"adeza\"\npassword = \"PASSWORD\"\nproject_name = \"ceph-ci\"\n\
         domain_name = \"both\"\nproject_domain_id = \"d1\"\ninterface = \"internalURL\"\nservice_region = \"main\"\n",
    );
    assert_eq!(full.interface, Interface::Internal);
    let Auth::Password { user, project, .. } = full.auth else { panic!("{:?}", full.auth) };
    assert_eq!(user, by_name("adeza", "both"));
    assert_eq!(project, Some(Identified::Name { name: "ceph-ci".to_owned(), domain: Domain::Id("d1".to_owned()) }));

    let ids = openstack("user_id = \"u1\"\npassword = \"PASSWORD\"\nproject_id = \"p1\"\n");
    let Auth::Password { user, project, .. } = ids.auth else { panic!("{:?}", ids.auth) };
    assert_eq!((user, project), (Identified::Id("u1".to_owned()), Some(Identified::Id("p1".to_owned()))));

    let unscoped = openstack("user_id = \"u1\"\npassword = \"PASSWORD\"\n");
    assert!(matches!(unscoped.auth, Auth::Password { project: None, .. }));
}

#[test]
fn an_application_credential_is_recognised_by_its_keys() {
    let by_id = openstack("application_credential_id = \"c1\"\napplication_credential_secret = \"SECRET\"\n");
    let Auth::ApplicationCredential { credential, secret } = by_id.auth else { panic!("{:?}", by_id.auth) };
    assert_eq!((credential, secret.expose()), (CredentialId::Id("c1".to_owned()), "SECRET"));

    let by_its_name = openstack(
        "auth_version = \"3.x_appcred\"\napplication_credential_name = \"ci\"\nusername = \"adeza\"\n\
         user_domain_name = \"people\"\napplication_credential_secret = \"SECRET\"\n",
    );
    let Auth::ApplicationCredential { credential, .. } = by_its_name.auth else { panic!("{:?}", by_its_name.auth) };
    assert_eq!(credential, CredentialId::Name { name: "ci".to_owned(), user: by_name("adeza", "people") });
}

#[test]
fn the_old_login_of_keystone_takes_names_alone() {
    let v2 =
        openstack("auth_version = \"2.0_password\"\nusername = \"a\"\npassword = \"PASSWORD\"\ntenant_name = \"t\"\n");
    let Auth::V2Password { user, password, tenant } = v2.auth else { panic!("{:?}", v2.auth) };
    assert_eq!((user.as_str(), password.expose(), tenant.as_deref()), ("a", "PASSWORD", Some("t")));
}

#[test]
fn a_server_name_with_an_id_is_unique() {
    let node = config(&format!("{JENKINS}{PROVIDER}{NODE}server_name = \"ci-{{node}}-{{id}}\"\n")).node_types.remove(0);
    assert_eq!(node.server_name_for(&MitaId::from("20261121T233012Z-1")), "ci-ubuntu-20261121T233012Z-1");
}

#[test]
fn the_fingerprint_changes_with_the_meaning_and_with_nothing_else() {
    let text = format!("{JENKINS}{PROVIDER}{NODE}labels = [\"a\", \"b\"]\n");
    let fingerprint = |text: &str| config(text).fingerprint;
    let same = fingerprint(&text);
    for other_words in [
        text.replace("[nodes", "# a comment\n\n[nodes"),
        text.replace("[\"a\", \"b\"]", "\"b a\""),
        text.replace("TOKEN-OF-JO", "TOKEN-OF-JO-2").replace("PASSWORD-OF-ADEZA", "PASSWORD-2"),
        text.replace("image_name", "image"),
        format!("deadline = \"40s\"\nstate_file = \"s.json\"\n{text}executors = 1\n"),
    ] {
        assert_eq!(fingerprint(&other_words), same, "{other_words}");
    }
    for other_meaning in [
        text.replace("\"b\"", "\"c\""),
        text.replace("22.04", "24.04"),
        text.replace("\"m1\"", "\"m2\""),
        text.replace("nodes.ubuntu", "nodes.debian"),
        text.replace("os.example.com", "os2.example.com"),
        format!("{text}executors = 2\n"),
        format!("{text}script = \"#!/bin/sh\"\n"),
        format!("{text}unlabelled = true\n"),
        format!("owner = \"other\"\n{text}"),
    ] {
        assert_ne!(fingerprint(&other_meaning), same, "{other_meaning}");
    }
}

#[test]
fn what_works_but_is_probably_not_meant_draws_a_warning() {
    assert_eq!(
        warnings(&format!("{JENKINS}{PROVIDER}")),
        ["mita.toml: nodes: there is no node type, so nothing will be ordered; write a [nodes.NAME]"]
    );
    let node = |lines: &str| warnings(&format!("{NODE}{lines}{JENKINS}{PROVIDER}"));
    for (lines, warning) in [
        ("labels = [\"a\",\n  \"a\"]\n", "mita.toml:6: nodes.ubuntu.labels: \"a\" is in the list twice"),
        ("max = 1\nmin_idle = 2\n", "mita.toml:6: nodes.ubuntu.min_idle: 2 idle nodes cannot be kept with max = 1"),
        (
            "script = \"\\n#!/bin/sh\\n\"\n",
            "mita.toml:5: nodes.ubuntu.script: begins with white space, so that it does not run; begin with \
             the # itself",
        ),
        (
            "script = \"#!/bin/sh\\r\\necho\\r\\n\"\n",
            "mita.toml:5: nodes.ubuntu.script: has Windows line ends, so its interpreter is not found; \
             write it with Unix line ends",
        ),
        (
            "script = \"echo hello\\n\"\n",
            "mita.toml:5: nodes.ubuntu.script: begins with \"echo hello\", which cloud-init does not know; begin with \
             #!/bin/sh or #cloud-config",
        ),
        (
            "script = \"#!/bin/sh\\necho ${MITA_NAME}\"\n",
            "mita.toml:5: nodes.ubuntu.script: ${MITA_NAME} is not filled in; the variables are ${MITA_NODE}, ${MITA_ID}, \
             ${MITA_SERVER_NAME}, ${MITA_LABELS} and ${JENKINS_URL}",
        ),
    ] {
        assert_eq!(node(lines), [warning]);
    }
    assert_eq!(node("max = 0\nmin_idle = 2\n"), [""; 0]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_do_no_harm() {
    let text = format!("\u{feff}{JENKINS}{PROVIDER}{NODE}x = 1\n").replace('\n', "\r\n");
    assert!(Folder::with(&text).errors()[0].starts_with("mita.toml:13: nodes.ubuntu.x: unknown key"));
}
