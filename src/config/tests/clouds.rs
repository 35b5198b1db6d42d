//! Clouds of clouds.yaml, secure.yaml and the OS_* variables.

use super::*;
use crate::config::{
    Auth, Backend, ClientCertificate, CredentialId, Domain, Endpoints, Identified, Interface, OpenStackConfig,
};

/// A folder whose provider is this cloud, with these lines beside it.
fn folder(lines: &str, clouds: &str, secure: Option<&str>) -> Folder {
    let folder = Folder::with(&format!("[provider.openstack]\n{lines}\n{JENKINS}{NODE}"));
    fs::create_dir(folder.0.path().join("openstack")).unwrap();
    folder.write("openstack/clouds.yaml", clouds, 0o600);
    if let Some(secure) = secure {
        folder.write("openstack/secure.yaml", secure, 0o600);
    }
    folder
}

fn load(folder: &Folder) -> Result<Loaded, ConfigErrors> {
    folder.load_with(&[("XDG_CONFIG_HOME", folder.0.path().to_str().unwrap())])
}

fn openstack(loaded: Result<Loaded, ConfigErrors>) -> OpenStackConfig {
    let mut loaded = loaded.unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(loaded.warnings, [""; 0]);
    let Backend::OpenStack(openstack) = loaded.config.providers.remove(0).backend else { panic!("not OpenStack") };
    *openstack
}

fn named(name: &str, domain: Domain) -> Identified {
    Identified::Name { name: name.to_owned(), domain }
}

#[test]
fn a_cloud_is_read_with_its_secrets_laid_over_it() {
    let clouds = "\
defaults: &defaults
  region_name: main
  interface: internal
clouds:
  ci:
    <<: *defaults
    auth:
      auth_url: http://os.example.com:5000/v3
      username: adeza
      project_name: ceph-ci
      user-domain-name: people
      project_domain_id: default
    volume_api_version: 3
";
    let secure = "clouds:\n  ci:\n    auth:\n      password: 0123\n";
    let cloud = openstack(load(&folder("cloud = \"ci\"", clouds, Some(secure))));
    assert_eq!((cloud.auth_url.as_str(), cloud.region.as_deref()), ("http://os.example.com:5000/v3/", Some("main")));
    assert_eq!(cloud.interface, Interface::Internal);
    let Auth::Password { user, password, project } = cloud.auth else { panic!("{:?}", cloud.auth) };
    assert_eq!(user, named("adeza", Domain::Name("people".to_owned())));
    assert_eq!(project, Some(named("ceph-ci", Domain::Id("default".to_owned()))));
    assert_eq!(password.expose(), "0123");
}

#[test]
fn a_user_may_stand_under_the_older_word_and_a_profile_that_is_not_read_is_told() {
    for (word, profile) in [("user_name", ""), ("user-name", "profile: ovh, "), ("username", "cloud: ovh, ")] {
        let clouds =
            format!("clouds: {{ci: {{{profile}auth: {{auth_url: 'http://os', {word}: a, password: hunter2}}}}}}");
        let loaded = load(&folder("cloud = \"ci\"", &clouds, None)).unwrap();
        let Backend::OpenStack(openstack) = &loaded.config.providers[0].backend else { panic!("not OpenStack") };
        let Auth::Password { user, .. } = &openstack.auth else { panic!("{:?}", openstack.auth) };
        assert_eq!(*user, named("a", Domain::default()), "{word}");
        assert_eq!(loaded.warnings.len(), usize::from(!profile.is_empty()), "{profile} {:?}", loaded.warnings);
        let said = |line: &String| {
            line.ends_with("has the vendor profile \"ovh\", which mita does not read; write there what it needs of it")
        };
        assert!(loaded.warnings.iter().all(said), "{:?}", loaded.warnings);
    }
}

#[test]
fn what_the_table_says_beside_the_cloud_comes_before_it() {
    let clouds = "clouds: {ci: {regions: [a, {name: b}], auth: {auth_url: 'http://os', user_id: u, password: \
                  IN-THE-CLOUD, project_id: p, project_name: n}}}";
    let lines = "cloud = \"ci\"\nregion = \"b\"\ninterface = \"admin\"\npassword = \"IN-THE-TABLE\"\nmax = 3";
    let cloud = openstack(load(&folder(lines, clouds, None)));
    assert_eq!((cloud.region.as_deref(), cloud.interface), (Some("b"), Interface::Admin));
    let Auth::Password { user, password, project } = cloud.auth else { panic!("{:?}", cloud.auth) };
    assert_eq!((user, project), (Identified::Id("u".to_owned()), Some(Identified::Id("p".to_owned()))));
    assert_eq!(password.expose(), "IN-THE-TABLE");
}

#[test]
fn a_token_a_client_certificate_and_other_addresses_are_read_as_openstacksdk_reads_them() {
    let clouds = "clouds: {ci: {auth_type: v3token, auth: {auth_url: 'http://os', token: TOKEN-OF-CI, project_id: p}, \
                  cert: CERT, key: KEY, compute_endpoint_override: 'https://nova/v2.1/', \
                  block_storage_endpoint_override: 'https://cinder/v3/%(project_id)s', unheard_of: {a: [b]}}}";
    let folder = folder("cloud = \"ci\"\nproxy = \"http://u:SECRET-OF-PROXY@proxy:3128\"", clouds, None);
    folder.write("cert.pem", "-----BEGIN CERTIFICATE-----\n", 0o600);
    folder.write("key.pem", "-----BEGIN PRIVATE KEY-----\n", 0o600);
    let path = |name: &str| folder.0.path().join(name);
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let clouds =
        clouds.replace("CERT,", &format!("{},", cert.display())).replace("KEY,", &format!("{},", key.display()));
    folder.write("openstack/clouds.yaml", &clouds, 0o600);
    let cloud = openstack(load(&folder));
    let Auth::Token { token, project } = cloud.auth else { panic!("{:?}", cloud.auth) };
    assert_eq!((token.expose(), project), ("TOKEN-OF-CI", Some(Identified::Id("p".to_owned()))));
    assert_eq!(cloud.connection.client_cert, Some(ClientCertificate { cert, key }));
    assert_eq!(cloud.connection.proxy.unwrap().expose(), "http://u:SECRET-OF-PROXY@proxy:3128");
    let expected = Endpoints {
        compute: Some("https://nova/v2.1".to_owned()),
        volume: Some("https://cinder/v3/%(project_id)s".to_owned()),
        ..Endpoints::default()
    };
    assert_eq!(cloud.connection.endpoints, expected);
}

#[test]
fn the_environment_is_a_cloud_of_its_own() {
    let variables = [
        ("OS_AUTH_URL", "http://os/"),
        ("OS_AUTH_TYPE", "v3applicationcredential"),
        ("OS_APPLICATION_CREDENTIAL_ID", "c1"),
        ("OS_APPLICATION_CREDENTIAL_SECRET", "SECRET-OF-C1"),
        ("OS_REGION_NAME", "main"),
        ("OS_USERNAME", ""),
    ];
    let cloud = openstack(folder("cloud = \"envvars\"", "", None).load_with(&variables));
    assert_eq!((cloud.auth_url.as_str(), cloud.region.as_deref()), ("http://os/", Some("main")));
    let Auth::ApplicationCredential { credential, secret } = cloud.auth else { panic!("{:?}", cloud.auth) };
    assert_eq!((credential, secret.expose()), (CredentialId::Id("c1".to_owned()), "SECRET-OF-C1"));
}

#[test]
fn the_ways_to_log_in_are_reported_apart_as_openstacksdk_does() {
    let auth = |extra: &str, auth: &str| {
        let clouds = format!("clouds: {{ci: {{{extra} auth: {{auth_url: 'http://os', {auth}}}}}}}");
        openstack(load(&folder("cloud = \"ci\"", &clouds, None))).auth
    };
    let user = "username: a, password: PASSWORD, tenant_name: t";
    assert!(matches!(auth("identity_api_version: '2.0',", user), Auth::V2Password { tenant: Some(_), .. }));
    assert!(matches!(auth("auth_type: v2password,", user), Auth::V2Password { .. }));
    assert!(matches!(auth("auth_type: v3password, identity_api_version: 2,", user), Auth::Password { .. }));
    let default = Identified::Name { name: "t".to_owned(), domain: Domain::Name("Default".to_owned()) };
    assert!(matches!(auth("", user), Auth::Password { project: Some(project), .. } if project == default));
    let credential = "application_credential_name: c, application_credential_secret: SECRET, username: a, domain_id: d";
    let Auth::ApplicationCredential { credential, .. } = auth("", credential) else { panic!() };
    assert_eq!(credential, CredentialId::Name { name: "c".to_owned(), user: named("a", Domain::Id("d".to_owned())) });
}

#[test]
fn what_is_wrong_with_a_cloud_is_reported_at_the_key_that_names_it() {
    let good = "auth_url: 'http://os', username: a, password: hunter2";
    for (clouds, reported) in [
        ("a: [hunter2", "FILE is not YAML in line 2, column 1"),
        (
            "clouds:\n\tceph-ci:\n\t\tpassword: hunter2\n",
            "FILE is not YAML in line 2, column 2: YAML allows no tab before a key; write blanks",
        ),
        ("a: 1", "FILE has no clouds; write them under the key clouds"),
        ("", "FILE has no clouds; write them under the key clouds"),
        ("clouds: {CI: {auth: {}}}", "FILE has no cloud \"ci\"; did you mean \"CI\"?"),
        ("clouds: {prod: {auth: {}}, test: {}}", "FILE has no cloud \"ci\"; there are prod, test"),
        (
            "clouds: {ci: {auth: {auth_url: 'http://os', password: hunter2}}}",
            "cloud ci of FILE has no username; set it or user_id there",
        ),
        (
            "clouds: {ci: {auth: {auth_url: 'http://os', username: a, password: ''}}}",
            "cloud ci of FILE has no password; set it there, or write password_file next to cloud",
        ),
        (
            "clouds: {ci: {profile: ovh, auth: {username: a, password: hunter2}}}",
            "cloud ci of FILE relies on the vendor profile \"ovh\", which mita does not read; write auth_url there",
        ),
        (
            "clouds: {ci: {auth: {auth_url: 'http://a:hunter2@os', username: a, password: hunter2}}}",
            "cloud ci of FILE has an auth_url that holds user information before the host; write user and secret under \
             keys of their own; write it as in \"https://openstack.example.com:5000/\"",
        ),
        (
            &format!("clouds: {{ci: {{verify: False, auth: {{{good}}}}}}}"),
            "cloud ci of FILE turns the verification of certificates off; name the cloud's certificate authority with cacert",
        ),
        (
            &format!("clouds: {{ci: {{auth_type: v3totp, auth: {{{good}}}}}}}"),
            "cloud ci of FILE has the auth_type \"v3totp\"; use v3password, v3applicationcredential or v3token",
        ),
        (
            &format!("clouds: {{ci: {{auth: {{{good}, trust_id: t}}}}}}"),
            "cloud ci of FILE has trust_id, a way to log in that mita does not know; use a password or an application \
             credential",
        ),
        (
            &format!("clouds: {{ci: {{system_scope: all, auth: {{{good}}}}}}}"),
            "cloud ci of FILE has system_scope, with which a token belongs to no project; remove it and set project_name",
        ),
        (
            &format!("clouds: {{ci: {{regions: [a, b], auth: {{{good}}}}}}}"),
            "cloud ci of FILE has several regions; write service_region here, one of a, b (openstacksdk takes the first)",
        ),
        (
            &format!("clouds: {{ci: {{interface: inner, auth: {{{good}}}}}}}"),
            "cloud ci of FILE has the unknown interface \"inner\"; write public, internal or admin",
        ),
        (
            &format!("clouds: {{ci: {{cacert: /no/ca.pem, auth: {{{good}}}}}}}"),
            "cloud ci of FILE names a cacert, and /no/ca.pem does not exist; name a file in PEM form that this user can read",
        ),
        (
            "clouds: {ci: {auth: {auth_url: 'http://os', application_credential_name: c, \
             application_credential_secret: hunter2}}}",
            "cloud ci of FILE names an application credential without its user; set username or user_id there",
        ),
    ] {
        let folder = folder("cloud = \"ci\"", clouds, None);
        let errors = load(&folder).expect_err(clouds);
        let reported =
            format!("mita.toml:2: provider.openstack.cloud: {}", reported.replace("FILE", "openstack/clouds.yaml"));
        assert_eq!(folder.plain(errors.lines()), [reported], "{clouds}");
    }
}

#[test]
fn a_named_clouds_file_is_looked_for_nowhere_else() {
    let folder = Folder::with(&format!("[provider.openstack]\ncloud = \"ci\"\n{JENKINS}{NODE}"));
    let errors = folder.load_with(&[("OS_CLIENT_CONFIG_FILE", "/no/clouds.yaml"), ("HOME", "/home/jo")]).unwrap_err();
    assert_eq!(
        folder.plain(errors.lines()),
        ["mita.toml:2: provider.openstack.cloud: no clouds.yaml found; looked for /no/clouds.yaml"]
    );
}

#[test]
fn an_environment_that_lacks_something_names_the_variable() {
    assert_eq!(
        Folder::with(&format!("[provider.openstack]\ncloud = \"envvars\"\n{JENKINS}{NODE}")).errors(),
        [
            "mita.toml:2: provider.openstack.cloud: the environment has no OS_AUTH_URL; set it there",
            "mita.toml:2: provider.openstack.cloud: the environment has no OS_USERNAME; set it or OS_USER_ID there",
            "mita.toml:2: provider.openstack.cloud: the environment has no OS_PASSWORD; set it there, \
             or write password_file next to cloud",
        ]
    );
}

#[test]
fn keys_that_the_cloud_answers_have_no_effect_beside_it() {
    let clouds = "clouds: {ci: {auth: {auth_url: 'http://os', application_credential_id: c, \
                  application_credential_secret: hunter2}}}";
    let folder = folder("cloud = \"ci\"\nauth_url = \"http://os\"\npassword = \"hunter3\"", clouds, None);
    assert_eq!(
        folder.plain(load(&folder).unwrap_err().lines()),
        [
            "mita.toml:3: provider.openstack.auth_url: has no effect with cloud; write it there or remove cloud",
            "mita.toml:4: provider.openstack.password: has no effect: cloud ci of openstack/clouds.yaml logs in another \
             way; remove it",
        ]
    );
}

#[test]
fn a_clouds_file_with_secrets_that_others_can_read_draws_a_warning() {
    let clouds = "clouds: {ci: {auth: {auth_url: 'http://os', username: a, password: hunter2}}}";
    let folder = folder("cloud = \"ci\"", clouds, Some("clouds: {ci: {region_name: main}}"));
    folder.write("openstack/clouds.yaml", clouds, 0o644);
    folder.write("openstack/secure.yaml", "clouds: {ci: {region_name: main}}", 0o644);
    assert_eq!(
        folder.plain(&load(&folder).unwrap().warnings),
        ["mita.toml:2: provider.openstack.cloud: openstack/clouds.yaml holds a secret and can be read by others \
          (mode 0644): chmod 600 openstack/clouds.yaml"]
    );
}

#[test]
fn the_values_of_a_region_are_laid_over_its_cloud_log_in_included() {
    let clouds = "\
clouds:
  ci:
    regions:
      - name: main
        values:
          interface: internal
          auth: {auth_url: 'http://main/v3', project_name: main-ci}
      - name: old
      - {name: far, values: {auth: {auth_url: 'http://far/v3', password: FAR-PASSWORD}}}
    interface: admin
    auth: {auth_url: 'http://old/v3', username: a, password: NEAR-PASSWORD, project_name: ci}
";
    let of = |region: &str| openstack(load(&folder(&format!("cloud = \"ci\"\nregion = \"{region}\""), clouds, None)));
    for (region, url, interface, project, secret) in [
        ("main", "http://main/v3/", Interface::Internal, "main-ci", "NEAR-PASSWORD"),
        ("old", "http://old/v3/", Interface::Admin, "ci", "NEAR-PASSWORD"),
        ("far", "http://far/v3/", Interface::Admin, "ci", "FAR-PASSWORD"),
    ] {
        let cloud = of(region);
        assert_eq!((cloud.auth_url.as_str(), cloud.interface), (url, interface), "{region}");
        assert_eq!(cloud.region.as_deref(), Some(region));
        let Auth::Password { password, project: of_region, .. } = cloud.auth else { panic!("{:?}", cloud.auth) };
        assert_eq!((of_region, password.expose()), (Some(named(project, Domain::default())), secret), "{region}");
    }
}

#[test]
fn one_region_of_several_has_to_be_named_however_they_are_listed() {
    let auth = "auth: {auth_url: 'http://os', username: a, password: hunter2}";
    for (regions, several) in [
        ("regions: [{name: a}, b]", true),
        ("region_name: [a, b]", true),
        ("region_name: 'a, b'", true),
        ("regions: [{name: a, values: {region_name: other}}]", false),
        ("regions: a", false),
        ("region_name: [a]", false),
        ("region_name: a", false),
    ] {
        let clouds = format!("clouds: {{ci: {{{regions}, {auth}}}}}");
        let without = load(&folder("cloud = \"ci\"", &clouds, None));
        match without {
            Ok(_) if several => panic!("{regions}"),
            Ok(_) => assert_eq!(openstack(without).region.as_deref(), Some("a"), "{regions}"),
            Err(errors) => {
                assert!(
                    several
                        && errors.lines()[0]
                            .ends_with("service_region here, one of a, b (openstacksdk takes the first)"),
                    "{errors}"
                );
            }
        }
        let named = openstack(load(&folder("cloud = \"ci\"\nservice_region = \"a\"", &clouds, None)));
        assert_eq!(named.region.as_deref(), Some("a"), "{regions}");
    }
    for (line, regions, wrong) in [
        (
            "region = \"c\"",
            "regions: [a, {name: b}]",
            "has no region \"c\"; correct service_region here to one of a, b",
        ),
        ("", "regions: [{values: {}}]", "has a region without a name; write one as in {name: NAME, values: {...}}"),
        ("", "regions: [{name: a, values: x}]", "has values of the region a that are no mapping"),
        ("", "interface: [public]", "has several values as interface; write one there"),
    ] {
        let clouds = format!("clouds: {{ci: {{{regions}, {auth}}}}}");
        let errors = load(&folder(&format!("cloud = \"ci\"\n{line}"), &clouds, None)).expect_err(regions);
        assert!(errors.lines()[0].contains(wrong), "{errors}");
    }
}
