//! The arguments of `mita init`.
//!
//! Every option of a log-in conflicts with `--cloud` itself: clap drops a requirement, here of `--auth-url`, that conflicts
//! with an option that is there.

use crate::cli::args::no_config::NoConfig;
use crate::cli::args::numbers;
use crate::cli::candidates;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;
use std::path::PathBuf;

/// `mita init`
#[derive(Args, Clone, Debug)]
pub(crate) struct Init {
    /// The root URL of Jenkins, with its path if it has one
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "URL")]
    pub(crate) jenkins_url: Option<String>,

    /// The Jenkins user to log in as [default: mita]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "USER")]
    pub(crate) jenkins_user: Option<String>,

    /// The file with the API token of that user, relative to the configuration [default: jenkins.token]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "FILE")]
    pub(crate) jenkins_token_file: Option<String>,

    /// The environment variable with that token, in place of a file
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "VARIABLE", conflicts_with = "jenkins_token_file")]
    pub(crate) jenkins_token_env: Option<String>,

    /// Read that token from the first line of standard input, and keep it in the file
    #[arg(long, conflicts_with = "jenkins_token_env")]
    pub(crate) jenkins_token_stdin: bool,

    /// A cloud in clouds.yaml, or envvars for the OS_* variables [default: the only cloud in clouds.yaml]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME", add = ArgValueCompleter::new(candidates::clouds))]
    pub(crate) cloud: Option<String>,

    /// The URL of Keystone, to log in without clouds.yaml
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "URL", conflicts_with = "cloud")]
    pub(crate) auth_url: Option<String>,

    /// The id of the application credential to log in with
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "ID", requires = "auth_url", conflicts_with = "cloud")]
    pub(crate) application_credential_id: Option<String>,

    /// The file with the secret of that credential, relative to the configuration [default: openstack.secret]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "FILE", requires = "application_credential_id", conflicts_with = "cloud")]
    pub(crate) application_credential_secret_file: Option<String>,

    /// Read that secret from standard input, after the token if that is read there too, and keep it in the file
    #[arg(long, requires = "application_credential_id", conflicts_with = "cloud")]
    pub(crate) application_credential_secret_stdin: bool,

    /// The user to log in as, in place of an application credential
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "USER", requires = "auth_url", conflicts_with_all = ["application_credential_id", "cloud"])]
    pub(crate) username: Option<String>,

    /// The project of that user
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME", requires = "username", conflicts_with = "cloud")]
    pub(crate) project: Option<String>,

    /// The domain of that user and project [default: Default]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME", requires = "username", conflicts_with = "cloud")]
    pub(crate) domain: Option<String>,

    /// The file with the password of that user, relative to the configuration [default: openstack.password]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "FILE", requires = "username", conflicts_with = "cloud")]
    pub(crate) password_file: Option<String>,

    /// Read that password from standard input, after the token if that is read there too, and keep it in the file
    #[arg(long, requires = "username", conflicts_with = "cloud")]
    pub(crate) password_stdin: bool,

    /// The region, if the cloud has several
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) region: Option<String>,

    /// The image of the servers, by name or id
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) image: Option<String>,

    /// The flavor of the servers, by name or id
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) flavor: Option<String>,

    /// The key pair that may log in to the servers
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) key: Option<String>,

    /// The network of the servers, if the project has several
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) network: Option<String>,

    /// The name of the node type [default: a short name of the image]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "NAME")]
    pub(crate) node: Option<String>,

    /// The labels of the nodes in Jenkins, separated by blanks [default: linux]
    #[arg(long, value_name = "LABELS")]
    pub(crate) labels: Option<String>,

    /// Let the nodes also serve jobs without a label
    #[arg(long)]
    pub(crate) unlabelled: bool,

    /// The maximum number of servers of this type at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = numbers::at_least_one, allow_negative_numbers = true)]
    pub(crate) max: u32,

    /// The mark of this installation [default: host and path of the Jenkins URL]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "OWNER")]
    pub(crate) owner: Option<String>,

    /// Who creates the nodes in Jenkins: mita, for agents that connect to Jenkins (inbound) or that Jenkins connects to
    /// (ssh), or the boot script (none)
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Register::Inbound, requires_if("ssh", "credentials_id"))]
    pub(crate) register: Register,

    /// The id of the credentials in Jenkins that log in to the servers, for --register ssh
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "ID")]
    pub(crate) credentials_id: Option<String>,

    /// The boot script, relative to the configuration [default: a script that mita writes beside it]
    #[arg(long, value_parser = NonEmptyStringValueParser::new(), value_name = "FILE")]
    pub(crate) script_file: Option<String>,

    /// Do not ask the clouds; leave a placeholder for each value that no option gives
    #[arg(long)]
    pub(crate) offline: bool,

    /// Where to write the configuration
    #[arg(long, value_name = "FILE", default_value = "mita.toml", alias = "output")]
    pub(crate) file: PathBuf,

    /// Overwrite an existing file
    #[arg(long)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) no_config: NoConfig,
}

/// Who creates the nodes in Jenkins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Register {
    Inbound,
    Ssh,
    None,
}
