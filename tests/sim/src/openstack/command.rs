//! The same cloud as a program sees it that mita starts (`type = "command"`): one request for each call of the program.
//!
//! `/command/VERB` takes the document of a call and gives its answer; the header `X-Exit` has the exit status of a call that
//! fails, and the body then its standard error. A script hands the calls on.

use serde_json::{Value, json};

use crate::clock::{iso, millis};
use crate::codec::base64_encode;
use crate::http::{Request, Response};
use crate::openstack::{Cloud, Server, Status, Token};

const WRONG: u8 = 65;
const NO_ROOM: u8 = 73;
const CONFLICT: u8 = 74;

impl Cloud {
    pub(crate) fn command(&mut self, path: &[&str], request: &Request) -> Response {
        let Some(document) = request.json().filter(|document| document["version"] == 1) else {
            return refused(WRONG, "the request has no version 1");
        };
        let id = document["id"].as_str().unwrap_or_default();
        match path {
            ["list"] => {
                let old = |server: &&Server| self.now >= server.created + millis(self.options.list_lag);
                let servers: Vec<Value> = self.present().filter(old).map(shown).collect();
                done(&json!({ "servers": servers }))
            }
            ["create"] => self.create_by_command(&document, request),
            ["show"] => {
                let server = self.present().find(|server| server.id == id);
                let console = self.console.as_ref().filter(|_| document["console"] == true && server.is_some());
                done(&json!({"server": server.map(shown), "console": console}))
            }
            ["delete"] => {
                let locked = self.present().find(|server| server.id == id).map(|server| server.locked);
                match locked {
                    Some(true) => refused(CONFLICT, &format!("server {id} is locked")),
                    Some(false) => done(&json!({ "existed": self.delete_server(id) })),
                    None => done(&json!({ "existed": false })),
                }
            }
            ["check"] => self.check_by_command(&document),
            _ => refused(WRONG, "an unknown verb"),
        }
    }

    fn present(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().filter(|server| server.project == self.project && server.status != Status::Deleted)
    }

    fn create_by_command(&mut self, document: &Value, request: &Request) -> Response {
        let order = document["mita_id"].as_str().unwrap_or_default().to_owned();
        let mark = |key: &str| document["metadata"][key].as_str().map(str::to_owned);
        let (owner, controller) = (mark("mita_owner"), mark("mita_controller"));
        let known = self.history.iter().find(|(_, metadata)| {
            metadata.get("mita_id") == Some(&order)
                && metadata.get("mita_owner") == owner.as_ref()
                && metadata.get("mita_controller") == controller.as_ref()
        });
        if let Some(id) = known.map(|(id, _)| id.clone()) {
            return match self.present().find(|server| server.id == id) {
                Some(server) => done(&json!({ "server": shown(server) })),
                None => refused(CONFLICT, &format!("the server of {order} is gone")),
            };
        }
        let named = |key: &str| document[key].as_str().unwrap_or_default();
        let image = self.images.iter().find(|image| image.name == named("image") && image.status == "active");
        let flavor = self.flavors.iter().find(|flavor| flavor.name == named("size"));
        let (Some(image), Some(flavor)) = (image, flavor) else {
            return refused(WRONG, &format!("no image {:?} or no size {:?}", named("image"), named("size")));
        };
        let order = json!({"server": {
            "name": document["name"], "imageRef": image.id, "flavorRef": flavor.id, "metadata": document["metadata"],
            "user_data": base64_encode(named("user_data").as_bytes()),
        }});
        let user = self.users.first().map(|user| user.id.clone()).unwrap_or_default();
        let token = Token { user, project: Some(self.project.clone()), expires: 0, access_rules: Vec::new() };
        let order = Request { body: order.to_string().into_bytes(), ..request.clone() };
        let answer = self.create_servers(&order, &token, 1);
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match (answer.status, self.server(body["server"]["id"].as_str().unwrap_or_default())) {
            (_, Some(server)) => done(&json!({ "server": shown(server) })),
            (403, None) => refused(NO_ROOM, &body.to_string()),
            (_, None) => refused(WRONG, &body.to_string()),
        }
    }

    fn check_by_command(&self, document: &Value) -> Response {
        let mut types = serde_json::Map::new();
        for (name, wanted) in document["node_types"].as_object().into_iter().flatten() {
            let image = self.images.iter().find(|image| wanted["image"] == image.name.as_str());
            let flavor = self.flavors.iter().find(|flavor| wanted["size"] == flavor.name.as_str());
            let known = match (image, flavor) {
                (Some(_), Some(flavor)) => json!({"cores": flavor.vcpus, "ram_mib": flavor.ram}),
                (None, _) => json!({"problem": format!("there is no image {}", wanted["image"])}),
                (_, None) => json!({"problem": format!("there is no size {}", wanted["size"])}),
            };
            types.insert(name.clone(), known);
        }
        let quota = self.quota(&self.project);
        let (servers, cores, ram) = self.usage(&self.project);
        let limit = |limit: Option<u64>, used: u64| limit.map(|limit| json!({"limit": limit, "used": used}));
        let images: Vec<&String> = self.images.iter().map(|image| &image.name).collect();
        let sizes: Vec<Value> =
            self.flavors.iter().map(|f| json!({"name": f.name, "cores": f.vcpus, "ram_mib": f.ram})).collect();
        done(&json!({"node_types": types, "images": images, "sizes": sizes, "quota": {
            "servers": limit(quota.instances, servers),
            "cores": limit(quota.cores, cores),
            "ram_mib": limit(quota.ram, ram),
        }}))
    }
}

fn shown(server: &Server) -> Value {
    let addresses: Vec<&String> = server.addresses.iter().map(|address| &address.addr).collect();
    let state = match server.status {
        _ if server.deleting() => "deleting",
        Status::Build => "building",
        Status::Active => "active",
        Status::Error => "error",
        _ => "stopped",
    };
    json!({
        "id": server.id, "name": server.name, "state": state, "metadata": server.metadata, "addresses": addresses,
        "created": iso(server.created), "launched": server.launched.is_some(), "locked": server.locked,
        "fault": server.fault,
    })
}

fn done(answer: &Value) -> Response {
    Response::json(200, answer)
}

fn refused(exit: u8, fault: &str) -> Response {
    Response::html(200, fault).with("X-Exit", exit.to_string())
}
