//! The keys of `[provider.NAME]`.

use super::budget::BUDGET;
use super::key::{Key, Kind, MOST, key, refused, same};

/// Those of every type.
pub(crate) const OF_EVERY_TYPE: &[&str] = &["type", "max", "budget", "billing"];

/// Those of type "command", besides the keys of every type. All others belong to OpenStack.
pub(crate) const OF_COMMAND: &[&str] = &["command", "environment", "timeout"];

/// `proxy`, also in `[jenkins]`.
pub(super) const PROXY: Key = key(
    "proxy",
    Kind::Proxy,
    "the environment's",
    "the proxy, as http://[USER:PASSWORD@]HOST:PORT, which must allow CONNECT for https and http; the environment: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
);

/// `[provider.NAME]`
pub(crate) const PROVIDER: &[Key] = &[
    key(
        "type",
        Kind::OneOf(&["openstack", "command"]),
        "openstack",
        "the kind of cloud: OpenStack, or a program that does what mita asks",
    ),
    key(
        "max",
        Kind::Number(0, MOST),
        "none",
        "the maximum number of servers of this provider at a time; 0: order none",
    ),
    key(
        "budget",
        Kind::Table(BUDGET),
        "none",
        "the machine-hours that its servers may use, as in { hours = 400, per = \"week\" }: then nothing more is ordered",
    ),
    key(
        "command",
        Kind::Texts,
        "required for type command",
        "for type command: the program, with its arguments; a path with a slash is relative to the configuration file",
    ),
    key("environment", Kind::Texts, "none", "for type command: variables of mita's environment that the program gets"),
    key("timeout", Kind::Time, "20s", "for type command: the maximum duration of one call of the program"),
    key(
        "billing",
        Kind::Time,
        "each second",
        "the time that the cloud charges as a whole once it has begun, as in 1h: an idle server goes in its last five minutes",
    ),
    key(
        "cloud",
        Kind::Text,
        "",
        "a cloud in clouds.yaml and secure.yaml, in place of the keys for URL and credentials; envvars: use the OS_* variables",
    ),
    key("auth_url", Kind::Url, "required without cloud", "the URL of Keystone, with or without /v3 or /v2.0"),
    key(
        "auth_version",
        Kind::OneOf(&["3.x_password", "3.x_appcred", "3.x_token", "2.0_password"]),
        "chosen by the other keys",
        "the method to log in with",
    ),
    key("username", Kind::Text, "", "the user to log in as"),
    key("user_id", Kind::Text, "", "the user's id, in place of username; needs no domain"),
    key("password", Kind::Lines, "", "the user's password"),
    key("password_file", Kind::Path, "", "a file that contains only the password"),
    key("password_env", Kind::Text, "", "an environment variable with the password"),
    key("tenant_name", Kind::Text, "the user's default project", "the project of the servers"),
    same("project_name", "tenant_name"),
    key("tenant_id", Kind::Text, "", "the project's id, in place of tenant_name; needs no domain"),
    same("project_id", "tenant_id"),
    key("user_domain_name", Kind::Text, "Default", "the user's domain"),
    key("user_domain_id", Kind::Text, "", "the user's domain, by id"),
    key("project_domain_name", Kind::Text, "Default", "the project's domain"),
    key("project_domain_id", Kind::Text, "", "the project's domain, by id"),
    key("domain_name", Kind::Text, "", "the domain of both user and project"),
    key("application_credential_id", Kind::Text, "", "the id of the application credential"),
    key("application_credential_name", Kind::Text, "", "its name, in place of its id; needs username or user_id"),
    key("application_credential_secret", Kind::Lines, "", "its secret"),
    key("application_credential_secret_file", Kind::Path, "", "a file that contains only the secret"),
    key("application_credential_secret_env", Kind::Text, "", "an environment variable with the secret"),
    key("token", Kind::Lines, "", "a Keystone token, in place of user and password"),
    key("token_file", Kind::Path, "", "a file that contains only the token"),
    key("token_env", Kind::Text, "", "an environment variable with the token"),
    key("service_region", Kind::Text, "the only one", "the region in Keystone's catalogue"),
    same("region", "service_region"),
    same("region_name", "service_region"),
    key(
        "interface",
        Kind::OneOf(&["public", "internal", "admin", "publicURL", "internalURL", "adminURL"]),
        "public",
        "which endpoints of the catalogue to use",
    ),
    key(
        "compute_endpoint_override",
        Kind::Url,
        "the catalogue's",
        "the URL of the compute service; %(project_id)s stands for the project's id",
    ),
    key("image_endpoint_override", Kind::Url, "the catalogue's", "the URL of the image service"),
    key("network_endpoint_override", Kind::Url, "the catalogue's", "the URL of the network service"),
    key("volume_endpoint_override", Kind::Url, "the catalogue's", "the URL of the volume service"),
    PROXY,
    key(
        "cacert",
        Kind::Path,
        "the system's",
        "a PEM file with the certificate authority to trust, in place of the system's",
    ),
    key("cert", Kind::Path, "none", "a PEM file with the client certificate, if the cloud requires one"),
    key("key", Kind::Path, "cert", "a PEM file with the key of that certificate, if cert does not contain it"),
    refused("insecure"),
    key(
        "dashboard_url",
        Kind::Url,
        "none",
        "the dashboard of the cloud (Horizon), to which the status page links servers",
    ),
];
