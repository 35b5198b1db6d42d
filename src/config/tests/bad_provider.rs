//! The errors of a `[provider.NAME]` that cannot be used.

use super::bad_input::check;
use super::*;

#[test]
fn the_clouds() {
    let rest = format!("{JENKINS}{NODE}");
    let user = "auth_url = \"http://os:5000\"\nusername = \"a\"\npassword = \"PASSWORD\"\n";
    check(
        "[provider.openstack]\n",
        &rest,
        &[
            (
                "",
                &[
                    "mita.toml:1: provider.openstack.auth_url: is missing; write it as in \"https://openstack.example.com:5000/\"",
                    "mita.toml:1: provider.openstack.username: is missing; write the user's name or, as user_id, its id",
                    "mita.toml:1: provider.openstack.password: is missing; give password_file with a file's name, \
                     password_env with a variable's name, or password",
                ],
            ),
            (
                &format!("{user}token = \"TOKEN\"\nauth_version = \"3.x_token\""),
                &[
                    "mita.toml:3: provider.openstack.username: has no effect with auth_version 3.x_token, whose token \
                     has a user; remove it",
                    "mita.toml:4: provider.openstack.password: has no effect with auth_version 3.x_token, whose token \
                     has a user; remove it",
                ],
            ),
            (
                &format!("{user}key = \"k.pem\"\nproxy = \"proxy:3128\"\nnetwork_endpoint_override = \"h\""),
                &[
                    "mita.toml:5: provider.openstack.key: has no effect without cert; write the certificate's file as well",
                    "mita.toml:6: provider.openstack.proxy: must begin with https:// or http://; write it as in \
                     \"http://proxy.example.com:3128\"",
                    "mita.toml:7: provider.openstack.network_endpoint_override: must begin with https:// or http://; write \
                     it as in \"https://compute.example.com/v2.1\"",
                ],
            ),
            (
                &format!("{user}cert = \"no.pem\""),
                &[
                    "mita.toml:5: provider.openstack.cert: no.pem does not exist; name a file in PEM form that this user can read",
                ],
            ),
            (
                &format!("{user}type = \"opnstack\""),
                &["mita.toml:5: provider.openstack.type: \"opnstack\" is unknown; did you mean \"openstack\"?"],
            ),
            (
                &format!("{user}type = \"ec2\""),
                &["mita.toml:5: provider.openstack.type: \"ec2\" is unknown; write one of \"openstack\", \"command\""],
            ),
            (
                &format!("{user}auth_version = \"2.0_apikey\""),
                &["mita.toml:5: provider.openstack.auth_version: \"2.0_apikey\" is unknown; \
                   write one of \"3.x_password\", \"3.x_appcred\", \"3.x_token\", \"2.0_password\""],
            ),
            (
                &format!("{user}auth_version = \"2.x_password\""),
                &[
                    "mita.toml:5: provider.openstack.auth_version: \"2.x_password\" is unknown; did you mean \"3.x_password\"?",
                ],
            ),
            (
                &format!("{user}interface = \"pubic\"\ninsecure = false\nregon = \"x\"\nuser = \"x\""),
                &[
                    "mita.toml:5: provider.openstack.interface: \"pubic\" is unknown; did you mean \"public\"?",
                    "mita.toml:6: provider.openstack.insecure: certificates are always verified; remove the key and \
                     name the service's certificate authority with cacert",
                    "mita.toml:7: provider.openstack.regon: unknown key; did you mean region?",
                    "mita.toml:8: provider.openstack.user: unknown key; did you mean user_id?",
                ],
            ),
            (
                &format!("{user}tenant_name = \"a\"\nproject_name = \"b\""),
                &[
                    "mita.toml:6: provider.openstack.project_name: means the same as tenant_name in line 5; keep one of the two",
                ],
            ),
            (
                &format!("{user}user_id = \"u\"\nuser_domain_name = \"d\""),
                &[
                    "mita.toml:5: provider.openstack.user_id: says the same as username; keep one of the two",
                    "mita.toml:6: provider.openstack.user_domain_name: has no effect with an id, which needs no domain; \
                     remove it",
                ],
            ),
            (
                &format!("{user}user_domain_name = \"d\"\nuser_domain_id = \"i\""),
                &[
                    "mita.toml:6: provider.openstack.user_domain_id: says the same as user_domain_name; keep one of the two",
                ],
            ),
            (
                &format!("{user}project_domain_name = \"d\""),
                &["mita.toml:5: provider.openstack.project_domain_name: has no effect without tenant_name; \
                   remove it or write tenant_name"],
            ),
            (
                &format!("{user}auth_version = \"3.x_password\"\napplication_credential_id = \"c\""),
                &[
                    "mita.toml:6: provider.openstack.application_credential_id: has no effect with auth_version 3.x_password; \
                   remove it",
                ],
            ),
            (
                &format!("{user}auth_version = \"2.0_password\"\nuser_domain_name = \"d\"\nproject_id = \"p\""),
                &[
                    "mita.toml:6: provider.openstack.user_domain_name: has no effect with auth_version 2.0_password; remove it",
                    "mita.toml:7: provider.openstack.project_id: has no effect with auth_version 2.0_password; remove it",
                ],
            ),
            (
                "auth_url = \"http://os/v2.0\"\nusername = \"a\"\npassword = \"PASSWORD\"",
                &[
                    "mita.toml:2: provider.openstack.auth_url: ends in /v2.0, which is not the version of auth_version; \
                   remove /v2.0 or write auth_version = \"2.0_password\"",
                ],
            ),
            (
                "auth_version = \"2.0_password\"\nauth_url = \"http://os/v3/\"\nusername = \"a\"\npassword = \"PASSWORD\"",
                &["mita.toml:3: provider.openstack.auth_url: ends in /v3, which is not the version of auth_version; \
                   remove /v3 or write auth_version = \"3.x_password\""],
            ),
            (
                &format!("{user}application_credential_id = \"c\"\napplication_credential_secret = \"SECRET\""),
                &[
                    "mita.toml:3: provider.openstack.username: has no effect with application_credential_id; remove it",
                    "mita.toml:4: provider.openstack.password: has no effect with auth_version 3.x_appcred, whose \
                     credential belongs to one project; remove it",
                ],
            ),
            (
                "auth_url = \"http://os\"\napplication_credential_name = \"c\"",
                &[
                    "mita.toml:1: provider.openstack.application_credential_secret: is missing; give \
                     application_credential_secret_file with a file's name, application_credential_secret_env with a \
                     variable's name, or application_credential_secret",
                    "mita.toml:1: provider.openstack.username: is missing; a credential's name is unique for one user \
                     only; write whose it is",
                ],
            ),
            (
                "auth_url = \"http://os\"\nauth_version = \"3.x_appcred\"\napplication_credential_secret = \"SECRET\"",
                &["mita.toml:1: provider.openstack.application_credential_id: is missing; \
                   write the credential's id, or its name and the username"],
            ),
            (
                &format!("{user}max = true"),
                &["mita.toml:5: provider.openstack.max: must be a whole number without quotes, and is true or false"],
            ),
        ],
    );
    check(
        "",
        &rest,
        &[
            (
                "provider = \"openstack\"",
                &[
                    "mita.toml:1: provider: must be a table, [provider], and is a text",
                    "mita.toml:7: nodes.ubuntu.provider: there is no provider \"openstack\"; write a [provider.openstack]",
                ],
            ),
            (
                "[provider.\" \"]\nauth_url = \"http://os\"\nusername = \"a\"\npassword = \"PASSWORD\"\n[provider.openstack]\n\
          auth_url = \"http://os\"\nusername = \"a\"\npassword = \"PASSWORD\"",
                &[
                    "mita.toml:1: provider.\" \": is not a name; write one without control characters and without spaces at its ends",
                ],
            ),
            (
                "",
                &[
                    "mita.toml:7: nodes.ubuntu.provider: there is no provider \"openstack\"; write a [provider.openstack]",
                ],
            ),
        ],
    );
}

#[test]
fn a_table_without_its_name_is_one_error() {
    let login = "auth_url = \"http://os:5000\"\nusername = \"a\"\npassword = \"PASSWORD\"\n";
    let unnamed = |text: &str| Folder::with(text).errors();
    assert_eq!(
        unnamed(&format!("[provider]\n{login}{JENKINS}{NODE}")),
        ["mita.toml:1: provider: [provider] needs a name: write [provider.NAME]"]
    );
    let node = NODE.replace(NODE.trim_start().lines().next().unwrap_or_default(), "[nodes]");
    let found = unnamed(&format!("[provider.openstack]\n{login}{JENKINS}{node}"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with(": nodes: [nodes] needs a name: write [nodes.NAME]"), "{found:?}");
}
