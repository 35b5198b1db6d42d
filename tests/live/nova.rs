//! A small client of OpenStack's APIs for the tests alone: it shares nothing with the program's own but the log-in data
//! that the configuration reads from `clouds.yaml`.

use mita::config::{Auth, Backend, Config, CredentialId, Domain, Identified};
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// A log-in to one cloud.
pub(super) struct Cloud {
    agent: ureq::Agent,
    token: String,
    body: Value,
}

impl Cloud {
    /// Logs in to a cloud of `clouds.yaml`; none where there is no such cloud.
    pub(super) fn named(name: &str) -> Option<Cloud> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mita.toml");
        let text = format!(
            "[jenkins]\nurl = \"http://127.0.0.1:1/\"\nuser = \"u\"\ntoken = \"t\"\n[provider.c]\ncloud = \"{name}\"\n\
             [nodes.n]\nprovider = \"c\"\nimage_name = \"i\"\nsize = \"s\"\nlabels = [\"l\"]\n"
        );
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let config = Config::load(&path).ok()?.config;
        let Backend::OpenStack(cloud) = &config.providers[0].backend else { panic!("not OpenStack") };
        let auth = match &cloud.auth {
            Auth::Password { user, password, project } => {
                let mut user = identified(user);
                user["password"] = password.expose().into();
                let scope = json!({"project": project.as_ref().map(identified)});
                json!({"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope})
            }
            Auth::ApplicationCredential { credential: CredentialId::Id(id), secret } => json!({"identity": {
                "methods": ["application_credential"],
                "application_credential": {"id": id, "secret": secret.expose()}}}),
            other => panic!("the tests do not log in like this: {other:?}"),
        };
        Some(Cloud::log_in(&cloud.auth_url, &json!({ "auth": auth })))
    }

    /// Logs in with this body of a token request.
    pub(super) fn log_in(auth_url: &str, body: &Value) -> Cloud {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let base = auth_url.trim_end_matches('/').trim_end_matches("/v3");
        let answer = agent.post(format!("{base}/v3/auth/tokens")).send(body.to_string()).unwrap();
        assert_eq!(answer.status(), 201, "cannot log in at {base}");
        let token = answer.headers()["x-subject-token"].to_str().unwrap().to_owned();
        let body = serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap();
        Cloud { agent, token, body }
    }

    /// The token itself.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The project that the token is for.
    pub(super) fn project(&self) -> &Value {
        &self.body["token"]["project"]
    }

    /// The public address of a service.
    pub(super) fn service(&self, kind: &str) -> String {
        let services = self.body["token"]["catalog"].as_array().unwrap();
        let service = services.iter().find(|service| service["type"] == kind).unwrap();
        let endpoints = service["endpoints"].as_array().unwrap();
        let public = endpoints.iter().find(|endpoint| endpoint["interface"] == "public").unwrap();
        public["url"].as_str().unwrap().trim_end_matches('/').to_owned()
    }

    /// Sends a request and gives status and body; null where the body is no JSON.
    #[track_caller]
    pub(super) fn send(&self, method: &str, service: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.try_to_send(method, service, path, body)
            .unwrap_or_else(|error| panic!("{method} {service} {path}: {error}"))
    }

    /// The same for a test that may have failed already: a second panic would end all others.
    pub(super) fn try_to_send(
        &self,
        method: &str,
        service: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), ureq::Error> {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.service(service)))
            .header("X-Auth-Token", &self.token)
            .header("Content-Type", "application/json");
        let text = body.map(Value::to_string).unwrap_or_default();
        let answer = self.agent.run(request.body(text)?)?;
        let status = answer.status().as_u16();
        Ok((status, serde_json::from_str(&answer.into_body().read_to_string()?).unwrap_or_default()))
    }

    /// The body of an answer that has to be a success.
    #[track_caller]
    pub(super) fn ask(&self, method: &str, service: &str, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self.send(method, service, path, body);
        assert!((200..300).contains(&status), "{method} {service} {path}: {status} {answer}");
        answer
    }

    /// Every server of the project.
    pub(super) fn servers(&self) -> Vec<Value> {
        self.ask("GET", "compute", "/servers/detail", None)["servers"].as_array().unwrap().clone()
    }

    /// The servers with this mark that are not on their way out.
    pub(super) fn servers_of(&self, owner: &str) -> Vec<Value> {
        let mut servers = self.servers();
        servers.retain(|server| {
            server["metadata"]["mita_owner"] == owner && server["OS-EXT-STS:task_state"] != "deleting"
        });
        servers
    }

    /// One server; none where it is gone.
    pub(super) fn server(&self, id: &str) -> Option<Value> {
        let (status, mut body) = self.send("GET", "compute", &format!("/servers/{id}"), None);
        (status != 404).then(|| body["server"].take())
    }

    /// Orders a server past the program, as somebody else would, and gives its id.
    pub(super) fn order(&self, name: &str, image: &str, size: &str, metadata: &Value) -> String {
        let flavors = self.ask("GET", "compute", "/flavors", None);
        let flavor = flavors["flavors"].as_array().unwrap().iter().find(|flavor| flavor["name"] == size).unwrap();
        let images = self.ask("GET", "image", "/v2/images", None);
        let image = images["images"].as_array().unwrap().iter().find(|found| found["name"] == image).unwrap();
        let body = json!({"server": {"name": name, "flavorRef": flavor["id"], "imageRef": image["id"],
            "metadata": metadata}});
        let created = self.ask("POST", "compute", "/servers", Some(&body));
        created["server"]["id"].as_str().unwrap().to_owned()
    }

    /// Deletes what carries this mark and what has these ids, as far as that is possible.
    pub(super) fn clean_up(&self, owner: &str, ids: &[String]) {
        let listing = self.try_to_send("GET", "compute", "/servers/detail", None).map(|(_, body)| body);
        let servers = listing.unwrap_or_default()["servers"].as_array().cloned().unwrap_or_default();
        let marked = servers.iter().filter(|server| server["metadata"]["mita_owner"] == owner);
        let marked = marked.filter_map(|server| server["id"].as_str());
        for id in marked.chain(ids.iter().map(String::as_str)) {
            if let Err(error) = self.try_to_send("DELETE", "compute", &format!("/servers/{id}"), None) {
                println!("server {id} is left over: {error}");
            }
        }
        let listing = self.try_to_send("GET", "network", "/v2.0/floatingips", None).map(|(_, body)| body);
        let addresses = listing.unwrap_or_default()["floatingips"].as_array().cloned().unwrap_or_default();
        let mark = format!("mita owner={owner} ");
        for address in addresses.iter().filter(|ip| ip["description"].as_str().is_some_and(|d| d.starts_with(&mark))) {
            let path = format!("/v2.0/floatingips/{}", address["id"].as_str().unwrap_or_default());
            if let Err(error) = self.try_to_send("DELETE", "network", &path, None) {
                println!("floating IP {path} is left over: {error}");
            }
        }
    }

    /// The tags of a server, which the first microversion does not show.
    pub(super) fn tags_of(&self, server: &str) -> Vec<String> {
        let url = format!("{}/servers/{server}/tags", self.service("compute"));
        let request = self.agent.get(url).header("X-Auth-Token", &self.token);
        let answer = request.header("OpenStack-API-Version", "compute 2.26").call().unwrap();
        let body: Value = serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap();
        let mut tags: Vec<String> = serde_json::from_value(body["tags"].clone()).unwrap();
        tags.sort();
        tags
    }

    /// The floating IPs with this text in their description.
    pub(super) fn floating_ips_of(&self, text: &str) -> Vec<Value> {
        let answer = self.ask("GET", "network", "/v2.0/floatingips", None);
        let mut all = answer["floatingips"].as_array().unwrap().clone();
        all.retain(|ip| ip["description"].as_str().is_some_and(|description| description.contains(text)));
        all
    }

    /// The volumes that were made for this server.
    pub(super) fn volumes_of(&self, server: &str) -> Vec<Value> {
        let answer = self.ask("GET", "volumev3", "/volumes/detail", None);
        let volumes = answer["volumes"].as_array().unwrap();
        volumes.iter().filter(|volume| volume["name"] == format!("{server}-blank-vol")).cloned().collect()
    }
}

fn identified(who: &Identified) -> Value {
    match who {
        Identified::Id(id) => json!({"id": id}),
        Identified::Name { name, domain: Domain::Name(domain) } => json!({"name": name, "domain": {"name": domain}}),
        Identified::Name { name, domain: Domain::Id(id) } => json!({"name": name, "domain": {"id": id}}),
    }
}
