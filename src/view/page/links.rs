//! Links to the pages of what the page shows: in Jenkins, and in the dashboard of a cloud.

use crate::config::Config;
use crate::domain::address;
use crate::domain::names::ProviderName;
use crate::view::page::html::text;
use crate::view::status::activity::BuildStatus;
use maud::{Markup, html};

/// Where the services are, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Links<'a> {
    config: &'a Config,
}

impl<'a> Links<'a> {
    pub(crate) fn of(config: &'a Config) -> Self {
        Links { config }
    }

    /// The name of a node, with a link to its page.
    pub(crate) fn node(&self, name: &str) -> Markup {
        link(&format!("{}{}", self.config.jenkins.url, address::node_path(name)), name)
    }

    /// The name of a job, with a link to its page.
    pub(crate) fn job(&self, name: &str) -> Markup {
        link(&format!("{}{}", self.config.jenkins.url, address::job_path(name)), name)
    }

    /// The name of a build, with a link to its page if Jenkins says where that is.
    pub(crate) fn build(&self, build: &BuildStatus) -> Markup {
        match &build.url {
            Some(url) => link(url, &build.name),
            None => html! { (text(&build.name)) },
        }
    }

    /// A link to the server's page in the dashboard of its cloud, if that is configured.
    pub(crate) fn dashboard(&self, provider: Option<&ProviderName>, id: &str) -> Option<Markup> {
        let of_name = |name: &ProviderName| self.config.providers.iter().find(|provider| provider.name == *name);
        let dashboard = provider.and_then(of_name)?.dashboard_url.as_deref()?;
        Some(link(&format!("{dashboard}project/instances/{}/", address::percent_encode(id)), "↗"))
    }

    /// The name of a server, with a link to its page in the dashboard of its cloud, if that is configured.
    pub(crate) fn server(&self, provider: Option<&ProviderName>, id: &str, name: &str) -> Markup {
        html! { (text(name)) @if let Some(link) = self.dashboard(provider, id) { " " (link) } }
    }
}

fn link(url: &str, name: &str) -> Markup {
    html! { a href=(text(url)) { (text(name)) } }
}
