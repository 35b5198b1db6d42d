//! Everything that is simulated, behind one lock: Jenkins, the clouds, the
//! clock, and what ties them together (servers that boot become agents, agents
//! of deleted servers are lost).

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::clock::{self, Ms, millis};
use crate::faults::{Fault, Kind};
use crate::http::{Request, Response};
use crate::jenkins::Jenkins;
use crate::jenkins::nodes::{CauseKind, Node, ServerRef};
use crate::jenkins::people::LOST;
use crate::join::JoinRule;
use crate::lists;
use crate::log::{Record, Service};
use crate::openstack::{Cloud, Event, Server, Status};
use crate::promises::{Rules, Violation};

/// How an answer goes over the wire.
pub(crate) enum Delivery {
    Whole(Response),
    Truncated(Response),
    Drip(Response, Duration),
    Late(Response, Duration),
    /// A JSON text of so many bytes, made while it is sent.
    Huge(usize),
    Drop,
    Hang,
}

/// The simulated world. A copy is the world as it was at that moment, for [`crate::Sim::set_back`].
#[derive(Clone)]
pub struct World {
    /// The controller.
    pub jenkins: Jenkins,
    /// The clouds, by name.
    pub clouds: BTreeMap<String, Cloud>,
    /// What is ours, and how much of it there may be.
    pub rules: Rules,
    /// All requests so far.
    pub log: Vec<Record>,
    /// All breaches so far.
    pub violations: Vec<Violation>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) faults_so_far: u64,
    /// Answers to reads by host, path and query, where they are kept until something is written.
    pub(crate) kept: Option<BTreeMap<(String, String, String), Response>>,
    pub(crate) joins: BTreeMap<String, JoinRule>,
    pub(crate) default_join: Option<JoinRule>,
    pub(crate) now: Ms,
    arrivals: Vec<(Ms, ServerRef)>,
}

impl World {
    pub(crate) fn new(jenkins: Jenkins, rules: Rules) -> Self {
        World {
            jenkins,
            clouds: BTreeMap::new(),
            rules,
            log: Vec::new(),
            violations: Vec::new(),
            faults: Vec::new(),
            faults_so_far: 0,
            kept: None,
            joins: BTreeMap::new(),
            default_join: None,
            now: clock::START,
            arrivals: Vec::new(),
        }
    }

    /// The simulated time.
    pub fn now(&self) -> Ms {
        self.now
    }

    /// The cloud of this name.
    ///
    /// # Panics
    /// When there is none: a mistake of the test.
    pub fn cloud(&mut self, name: &str) -> &mut Cloud {
        match self.clouds.get_mut(name) {
            Some(cloud) => cloud,
            None => panic!("the simulator has no cloud {name}"),
        }
    }

    /// Moves the clock, from one whole second to the next.
    pub fn advance(&mut self, by: Duration) {
        let target = self.now + millis(by);
        while self.now < target {
            self.now = (self.now - self.now % 1000 + 1000).min(target);
            for cloud in self.clouds.values_mut() {
                cloud.step(self.now);
            }
            self.link();
            self.jenkins.step(self.now);
        }
    }

    /// Carries over what happened in the clouds to Jenkins.
    pub(crate) fn link(&mut self) {
        for (name, cloud) in &mut self.clouds {
            for event in std::mem::take(&mut cloud.events) {
                let server = match &event {
                    Event::Active(id) | Event::Gone(id) | Event::Stopped(id) => id.clone(),
                };
                let on = ServerRef { cloud: name.clone(), server };
                match event {
                    Event::Active(id) => {
                        let Some(server) = cloud.server(&id) else { continue };
                        let rule = rule_for(&self.joins, self.default_join.as_ref(), server);
                        let after = rule.and_then(|rule| server.registers_after(rule.after));
                        self.arrivals.extend(after.map(|after| (self.now + millis(after), on)));
                    }
                    Event::Gone(_) | Event::Stopped(_) => {
                        self.arrivals.retain(|(_, s)| *s != on);
                        let lost = self.jenkins.nodes.iter().filter(|n| n.server.as_ref() == Some(&on));
                        let lost: Vec<String> = lost.filter(|n| n.connected).map(|n| n.name.clone()).collect();
                        for node in &mut self.jenkins.nodes {
                            // An agent that was about to start does not.
                            if node.server.as_ref() == Some(&on) {
                                node.connects_at = None;
                            }
                        }
                        for node in lost {
                            self.jenkins.disconnect(&node, CauseKind::ChannelTermination, LOST);
                        }
                    }
                }
            }
        }
        self.register_arrivals();
        self.start_agents();
    }

    /// Registers the agents whose time has come.
    fn register_arrivals(&mut self) {
        let due: Vec<ServerRef> =
            self.arrivals.iter().filter(|(at, _)| *at <= self.now).map(|(_, s)| s.clone()).collect();
        self.arrivals.retain(|(at, _)| *at > self.now);
        for on in due {
            let Some(cloud) = self.clouds.get(&on.cloud) else { continue };
            let Some(server) = cloud.server(&on.server).filter(|s| !s.deleting()) else { continue };
            let Some(rule) = rule_for(&self.joins, self.default_join.as_ref(), server) else { continue };
            let made = |node: &Node| node.made_by.is_some() && !node.removed && self.runs(node, cloud, server);
            if !rule.beside_made && self.jenkins.nodes.iter().any(made) {
                continue;
            }
            let floating = cloud
                .floating_ips
                .iter()
                .find(|f| f.port.as_ref().is_some_and(|p| server.addresses.iter().any(|a| a.port == *p)));
            let name = rule.node_name(server, floating.map(|f| f.address.as_str()));
            let mut node = Node::new(&name, &rule.labels, rule.executors).mode(rule.mode).class(&rule.class);
            node.server = Some(on);
            self.jenkins.add_node(if rule.connects { node.online() } else { node });
        }
    }

    /// Agents of nodes that were made over the API: Jenkins connects to the address that it was given, and again and
    /// again; an agent that calls in does so from the server that was given its secret.
    fn start_agents(&mut self) {
        let mut starting = Vec::new();
        for node in &self.jenkins.nodes {
            if node.connected || node.removed || node.connects_at.is_some() || node.made_by.is_none() {
                continue;
            }
            for (name, cloud) in &self.clouds {
                let up = |server: &&Server| server.status == Status::Active && !server.deleting();
                if let Some(server) = cloud.servers.iter().filter(up).find(|server| self.runs(node, cloud, server)) {
                    let on = ServerRef { cloud: name.clone(), server: server.id.clone() };
                    // What a person holds is the machine that the node was on, and no later one with its address.
                    let is_another = node.held && node.server.as_ref().is_some_and(|held| *held != on);
                    starting.extend((!is_another).then(|| (node.name.clone(), on)));
                }
            }
        }
        let connects_at = self.now + millis(self.jenkins.options.agent_start);
        for (name, server) in starting {
            if let Some(node) = self.jenkins.node_mut(&name) {
                node.server = Some(server);
                if node.launch_supported {
                    node.launch(connects_at);
                } else {
                    node.connects_at = Some(connects_at);
                }
            }
        }
    }

    /// Whether a node that was made over the API is on this server.
    fn runs(&self, node: &Node, cloud: &Cloud, server: &Server) -> bool {
        match &node.ssh {
            Some(target) => {
                let known = self.jenkins.options.credentials.contains(&target.credentials);
                // A server of somebody else has other keys.
                known && self.ours(&server.metadata) && cloud.has_address(server, &target.host)
            }
            None => {
                let secret = self.jenkins.agent_secret(&node.name);
                server.user_data.as_ref().is_some_and(|data| contains(data, secret.as_bytes()))
            }
        }
    }

    /// A node that somebody deleted while its server lives registers again, where the rule says so.
    fn rejoin(&mut self, deleted: &Node) {
        let Some(on) = &deleted.server else { return };
        let Some(server) = self.clouds.get(&on.cloud).and_then(|c| c.server(&on.server)) else { return };
        let rule = rule_for(&self.joins, self.default_join.as_ref(), server);
        if let Some(after) = rule.and_then(|r| r.rejoins) {
            self.arrivals.push((self.now + millis(after), on.clone()));
        }
    }

    /// Answers one request: faults, promises, the service itself, the log.
    pub(crate) fn serve(&mut self, host: &str, request: &Request) -> Delivery {
        let service = match host {
            "jenkins" => Service::Jenkins,
            "stranger" => Service::Stranger,
            _ => Service::of_cloud_path(&request.path),
        };
        let Some(kept) = &mut self.kept else { return self.serve_anew(host, service, request) };
        let mut record = Record::new(host, service, request, self.now);
        if record.is_write() {
            kept.clear();
        }
        let key = (host.to_owned(), request.path.clone(), request.query.clone());
        if request.method == "GET"
            && let Some(answer) = kept.get(&key)
        {
            record.status = Some(answer.status);
            self.log.push(record);
            return Delivery::Whole(answer.clone());
        }
        let delivery = self.serve_anew(host, service, request);
        if let (Delivery::Whole(answer), Some(kept), "GET") = (&delivery, &mut self.kept, request.method.as_str()) {
            kept.insert(key, answer.clone());
        }
        delivery
    }

    fn serve_anew(&mut self, host: &str, service: Service, request: &Request) -> Delivery {
        let mut hit = Vec::new();
        let mut faults = std::mem::take(&mut self.faults);
        for (index, fault) in faults.iter_mut().enumerate() {
            if fault.hits(host, service, request) {
                hit.push(index);
            }
        }
        for &index in &hit {
            if let Kind::Before(action) = &mut faults[index].kind {
                action(self);
            }
        }
        let wrong = hit.iter().find(|i| !matches!(faults[**i].kind, Kind::Before(_) | Kind::After(_)));
        let entry = self.log.len();
        self.log.push(Record::new(host, service, request, self.now));
        let mut broken = self.misdirected(host, request);
        let delivery = self.answer(host, service, request, wrong.map(|i| &faults[*i].kind), &mut broken);
        // Jenkins packs its answers; last of all, so that faults change the plain text.
        let packed = |r: Response| match service {
            Service::Jenkins => r.gzip_for(request.header("accept-encoding")),
            _ => r,
        };
        let delivery = match delivery {
            Delivery::Whole(r) => Delivery::Whole(packed(r)),
            Delivery::Truncated(r) => Delivery::Truncated(packed(r)),
            Delivery::Drip(r, pause) => Delivery::Drip(packed(r), pause),
            Delivery::Late(r, pause) => Delivery::Late(packed(r), pause),
            other @ (Delivery::Huge(_) | Delivery::Drop | Delivery::Hang) => other,
        };
        self.log[entry].status = match &delivery {
            Delivery::Whole(r) | Delivery::Truncated(r) | Delivery::Drip(r, _) | Delivery::Late(r, _) => Some(r.status),
            Delivery::Huge(_) => Some(200),
            Delivery::Drop | Delivery::Hang => None,
        };
        let at = self.now;
        self.violations.extend(broken.into_iter().map(|(promise, text)| Violation {
            promise,
            text,
            request: entry,
            at,
        }));
        for &index in &hit {
            if let Kind::After(action) = &mut faults[index].kind {
                action(self);
            }
        }
        // What a script added in the meantime comes after the rules that were there.
        faults.append(&mut self.faults);
        faults.retain(|f| !f.spent());
        self.faults = faults;
        delivery
    }

    fn answer(
        &mut self,
        host: &str,
        service: Service,
        request: &Request,
        fault: Option<&Kind>,
        broken: &mut Vec<(crate::Promise, String)>,
    ) -> Delivery {
        let json = |status: u16, text: &str| {
            Response::empty(status).with("Content-Type", "application/json").body(text.as_bytes().to_vec())
        };
        // Faults that keep the service from doing anything.
        match fault {
            Some(Kind::Status(status, body)) => return Delivery::Whole(json(*status, body)),
            Some(Kind::Html(status)) => {
                let page = "<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>";
                return Delivery::Whole(Response::html(*status, page));
            }
            Some(Kind::Empty(status)) => return Delivery::Whole(Response::empty(*status)),
            Some(Kind::RetryAfter(seconds)) => {
                let body = r#"{"overLimit": {"code": 429, "message": "This request was rate-limited."}}"#;
                return Delivery::Whole(json(429, body).with("Retry-After", seconds.to_string()));
            }
            Some(Kind::Redirect(status, to)) => {
                return Delivery::Whole(Response::empty(*status).with("Location", to.clone()));
            }
            Some(Kind::HugeBody(size)) => return Delivery::Huge(*size),
            Some(Kind::DropBefore) => return Delivery::Drop,
            Some(Kind::Hang) => return Delivery::Hang,
            Some(Kind::AckedButNotDone(status)) => {
                broken.extend(self.broken_by(host, service, request));
                return Delivery::Whole(Response::empty(*status));
            }
            _ => {}
        }
        let forget_marker = matches!(fault, Some(Kind::RepeatMarker | Kind::EndlessList(_)));
        let response = self.perform(host, service, request, forget_marker, broken);
        match fault {
            Some(Kind::DropAfter) => Delivery::Drop,
            Some(Kind::HangAfter) => Delivery::Hang,
            Some(Kind::DoneBut(status)) => {
                let body = r#"{"computeFault": {"code": 500, "message": "Unexpected API Error."}}"#;
                Delivery::Whole(json(*status, body))
            }
            Some(Kind::Truncated) => Delivery::Truncated(response),
            Some(Kind::SlowDrip(pause)) => Delivery::Drip(response, *pause),
            Some(Kind::EmptyLists) => Delivery::Whole(lists::without_entries(response)),
            Some(Kind::OddEntry) => Delivery::Whole(lists::with_an_odd_entry(response)),
            Some(Kind::BareEntries) => Delivery::Whole(lists::with_bare_entries(response)),
            Some(Kind::EndlessList(pause)) => Delivery::Late(lists::without_end(response, self.log.len()), *pause),
            Some(Kind::ListLag(age)) => Delivery::Whole(self.without_young(host, response, millis(*age))),
            _ => Delivery::Whole(response),
        }
    }

    /// Lets the service do what is asked, and checks the promises.
    fn perform(
        &mut self,
        host: &str,
        service: Service,
        request: &Request,
        forget_marker: bool,
        broken: &mut Vec<(crate::Promise, String)>,
    ) -> Response {
        self.link();
        let risk = self.broken_by(host, service, request);
        let doomed = match self.jenkins.node_in_path(request) {
            Some((node, action)) if service == Service::Jenkins && action == "doDelete" => Some(node.clone()),
            _ => None,
        };
        let ahead = match (service, self.clouds.get(host)) {
            (Service::Jenkins, _) => self.jenkins.options.clock_ahead,
            (_, cloud) => cloud.map_or(0, |cloud| cloud.options.clock_ahead),
        };
        let response = match (service, self.clouds.get_mut(host)) {
            (Service::Jenkins, _) => self.jenkins.handle(request),
            (_, Some(cloud)) if forget_marker => {
                let mut first = request.clone();
                let kept: Vec<&str> = request.query.split('&').filter(|p| !p.starts_with("marker=")).collect();
                first.query = kept.join("&");
                cloud.handle(&first)
            }
            (_, Some(cloud)) => cloud.handle(request),
            (_, None) => Response::json(200, &serde_json::json!({})),
        };
        let shown = self.now.saturating_add_signed(ahead.saturating_mul(1000));
        let response = response.with("Date", crate::clock::http_date(shown));
        if response.status < 400 {
            broken.extend(risk);
            broken.extend(self.broken_by_order(host, service, request));
            if let Some(node) = doomed {
                self.rejoin(&node);
            }
        }
        self.link();
        response
    }

    fn without_young(&self, host: &str, response: Response, age: Ms) -> Response {
        let (Some(cloud), Ok(mut body)) = (self.clouds.get(host), serde_json::from_slice::<Value>(&response.body))
        else {
            return response;
        };
        if let Some(list) = body["servers"].as_array_mut() {
            list.retain(|s| {
                let server = s["id"].as_str().and_then(|id| cloud.server(id));
                server.is_none_or(|s| s.created + age <= self.now)
            });
        }
        response.body(body.to_string().into_bytes())
    }
}

fn contains(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}

/// The rule for a server: by its name, by its node type, or the one for all.
fn rule_for<'a>(
    joins: &'a BTreeMap<String, JoinRule>,
    default: Option<&'a JoinRule>,
    server: &crate::openstack::Server,
) -> Option<&'a JoinRule> {
    let by_type = || server.metadata.get("mita_node").and_then(|n| joins.get(n));
    joins.get(&server.name).or_else(by_type).or(default)
}
