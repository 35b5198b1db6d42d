//! A small client of Jenkins for the tests alone: it shares nothing with the program's own.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ureq::tls::{RootCerts, TlsConfig};

/// A log-in to one controller.
pub(super) struct Controller {
    agent: ureq::Agent,
    /// With a slash at its end.
    url: String,
    authorization: String,
}

/// What came of a queue item.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Build {
    /// The node; empty for the built-in one.
    #[serde(rename = "builtOn")]
    pub(super) node: String,
    /// None while it runs.
    pub(super) result: Option<String>,
    #[serde(rename = "queueId")]
    pub(super) item: u64,
}

/// What Jenkins answers: its status, where it sends the caller, and the text.
struct Answer {
    status: u16,
    location: String,
    text: String,
}

impl Controller {
    pub(super) fn new(url: &str, user: &str, token: &str) -> Controller {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder().http_status_as_error(false).tls_config(tls);
        // A write that succeeds sends browsers to a page.
        let agent = config.max_redirects(0).max_redirects_will_error(false).build().into();
        let url = format!("{}/", url.trim_end_matches('/'));
        let authorization = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{token}")));
        Controller { agent, url, authorization }
    }

    fn try_to_send(&self, method: &str, path: &str, xml: Option<&str>) -> Result<Answer, ureq::Error> {
        let path = path.replace('[', "%5B").replace(']', "%5D").replace('{', "%7B").replace('}', "%7D");
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("Authorization", &self.authorization);
        let request = if xml.is_some() { request.header("Content-Type", "application/xml") } else { request };
        let answer = self.agent.run(request.body(xml.unwrap_or_default().to_owned())?)?;
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        let (status, location) = (answer.status().as_u16(), location.unwrap_or_default().to_owned());
        Ok(Answer { status, location, text: answer.into_body().read_to_string()? })
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, xml: Option<&str>) -> Answer {
        self.try_to_send(method, path, xml).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// A write that has to be done.
    #[track_caller]
    fn post(&self, path: &str, xml: Option<&str>) -> Answer {
        let answer = self.send("POST", path, xml);
        assert!((200..400).contains(&answer.status), "POST {path}: {} {}", answer.status, answer.text);
        answer
    }

    #[track_caller]
    fn read(&self, path: &str) -> Value {
        let answer = self.send("GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap_or_else(|error| panic!("GET {path}: {error}: {}", answer.text))
    }

    /// The program of agents, which this controller speaks with.
    pub(super) fn program_of_agents(&self) -> Vec<u8> {
        let mut answer = self.agent.get(format!("{}jnlpJars/agent.jar", self.url)).call().unwrap();
        assert_eq!(answer.status(), 200, "jnlpJars/agent.jar");
        answer.body_mut().read_to_vec().unwrap()
    }

    /// Makes a job for nodes with this label, whose builds last so many seconds. Several of them may run at once.
    pub(super) fn create_job(&self, name: &str, label: &str, seconds: f64) {
        let document = format!(
            "<?xml version='1.1' encoding='UTF-8'?>\n<project>\n  <description>A test of mita.</description>\n  \
             <properties/>\n  <scm class=\"hudson.scm.NullSCM\"/>\n  <assignedNode>{label}</assignedNode>\n  \
             <canRoam>false</canRoam>\n  <disabled>false</disabled>\n  <triggers/>\n  \
             <concurrentBuild>true</concurrentBuild>\n  <builders>\n    <hudson.tasks.Shell>\n      \
             <command>sleep {seconds}</command>\n    </hudson.tasks.Shell>\n  </builders>\n  <publishers/>\n  \
             <buildWrappers/>\n</project>"
        );
        self.post(&format!("createItem?name={name}"), Some(&document));
    }

    /// Queues a build without a quiet period, and gives the id of its queue item.
    pub(super) fn queue_build(&self, job: &str) -> u64 {
        let answer = self.post(&format!("job/{job}/build?delay=0sec"), None);
        assert_eq!(answer.status, 201, "{}", answer.text);
        let id = answer.location.trim_end_matches('/').rsplit('/').next().and_then(|id| id.parse().ok());
        id.unwrap_or_else(|| panic!("no queue item in {:?}", answer.location))
    }

    /// Whether a build of the job waits, and then its builds.
    pub(super) fn job(&self, job: &str) -> (bool, Vec<Build>) {
        // What has left the queue when it is read is a build when the builds are.
        let waits = self.read(&format!("job/{job}/api/json?tree=inQueue"))["inQueue"] == true;
        let mut job = self.read(&format!("job/{job}/api/json?tree=builds[builtOn,result,queueId]{{0,100}}"));
        (waits, serde_json::from_value(job["builds"].take()).unwrap())
    }

    /// The build that a queue item became.
    pub(super) fn build_of(&self, job: &str, item: u64) -> Option<Build> {
        self.job(job).1.into_iter().find(|build| build.item == item)
    }

    fn names(answer: &Value, list: &str, key: &str) -> Vec<String> {
        let all = answer[list].as_array().into_iter().flatten();
        all.filter_map(|one| one[key].as_str()).map(str::to_owned).collect()
    }

    /// The nodes whose names begin like this.
    pub(super) fn nodes(&self, beginning: &str) -> Vec<String> {
        let mut names =
            Self::names(&self.read("computer/api/json?tree=computer[displayName]"), "computer", "displayName");
        names.retain(|name| name.starts_with(beginning));
        names
    }

    /// Why Jenkins says that a node is offline.
    pub(super) fn offline_reason(&self, node: &str) -> Value {
        self.read(&format!("computer/{node}/api/json?tree=offlineCauseReason"))["offlineCauseReason"].take()
    }

    /// A person sets a node offline, or brings it back.
    pub(super) fn toggle_offline(&self, name: &str, message: &str) {
        self.post(&format!("computer/{name}/toggleOffline?offlineMessage={message}"), None);
    }

    /// Deletes the nodes and the jobs whose names begin like this, as far as that is possible.
    pub(super) fn clean_up(&self, beginning: &str) {
        let lists = [
            ("computer/api/json?tree=computer[displayName]", "computer", "displayName", "computer"),
            ("api/json?tree=jobs[name]", "jobs", "name", "job"),
        ];
        for (list, key, name, place) in lists {
            let answer = self.try_to_send("GET", list, None).map(|answer| answer.text).unwrap_or_default();
            let names = Self::names(&serde_json::from_str(&answer).unwrap_or_default(), key, name);
            for name in names.iter().filter(|name| name.starts_with(beginning)) {
                let gone = self.try_to_send("POST", &format!("{place}/{name}/doDelete"), None);
                if !gone.is_ok_and(|answer| answer.status < 400) {
                    println!("{place} {name} is left over");
                }
            }
        }
    }
}
