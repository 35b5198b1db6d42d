//! The shapes that answers share: error bodies of each service, the token
//! check, and pages.

use serde_json::{Value, json};

use crate::http::{Request, Response, percent_encode};
use crate::openstack::{AccessRule, Cloud, Token};

/// Nova's and Cinder's error body: one object whose key names the kind.
pub(crate) fn fault(status: u16, kind: &str, message: &str) -> Response {
    let body = json!({kind: {"code": status, "message": message}}).to_string();
    Response::empty(status).with("Content-Type", "application/json; charset=UTF-8").body(body.into_bytes())
}

/// A value as Python prints it, which is how schema errors quote it.
pub(crate) fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => format!("'{s}'"),
        Value::Array(list) => format!("[{}]", list.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs = map.iter().map(|(k, v)| format!("'{k}': {}", python(v)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A 400 of Nova or Cinder.
pub(crate) fn bad_request(message: &str) -> Response {
    fault(400, "badRequest", message)
}

/// A 404 of Nova or Cinder.
pub(crate) fn item_not_found(message: &str) -> Response {
    fault(404, "itemNotFound", message)
}

/// Neutron's error body.
pub(crate) fn neutron_error(status: u16, kind: &str, message: &str) -> Response {
    let body = json!({"NeutronError": {"type": kind, "message": message, "detail": ""}});
    Response::json(status, &body)
}

/// What webob answers: JSON or HTML where the client takes it, else plain text.
pub(crate) fn webob(status: u16, title: &str, text: &str, request: &Request) -> Response {
    if request.accepts_json() {
        let body = json!({"message": format!("{text}<br /><br />\n\n\n"), "code": format!("{status} {title}"), "title": title});
        return Response::json(status, &body);
    }
    if !request.header("accept").is_some_and(|a| a.contains("*/*") || a.contains("html")) {
        let body = format!("{status} {title}\n\n{text}\n\n\n   ");
        return Response::empty(status).with("Content-Type", "text/plain; charset=UTF-8").body(body.into_bytes());
    }
    Response::html(
        status,
        format!(
            "<html>\n <head>\n  <title>{status} {title}</title>\n </head>\n <body>\n  \
             <h1>{status} {title}</h1>\n  {text}<br /><br />\n\n\n\n </body>\n</html>"
        ),
    )
}

/// A path that no service knows.
pub(crate) fn no_route(request: &Request) -> Response {
    webob(404, "Not Found", "The resource could not be found.", request)
}

/// The part of a list that goes into one page, and where the next one begins.
pub(crate) struct Page<'a, T> {
    pub(crate) items: Vec<&'a T>,
    pub(crate) next: Option<String>,
}

/// Cuts a list at `marker` and `limit`. `Err` is an unknown marker. A next page
/// is named whenever this one is full, also when nothing follows.
pub(crate) fn page<'a, T>(
    all: Vec<&'a T>,
    id: impl Fn(&T) -> &str,
    request: &Request,
    cap: usize,
) -> Result<Page<'a, T>, String> {
    let limit = request.query_param("limit").and_then(|l| l.parse().ok());
    let start = match request.query_param("marker") {
        None => 0,
        Some(marker) => match all.iter().position(|i| id(i) == marker) {
            Some(at) => at + 1,
            None => return Err(marker),
        },
    };
    let size = limit.unwrap_or(cap).min(cap);
    let items: Vec<&T> = all.into_iter().skip(start).take(size).collect();
    let next = items.last().filter(|_| items.len() == size).map(|i| id(i).to_string());
    Ok(Page { items, next })
}

/// The query of the next page: the same with another marker.
pub(crate) fn next_query(request: &Request, marker: &str) -> String {
    let kept = request.query_params().into_iter().filter(|(n, _)| n != "marker");
    let mut parts: Vec<String> = kept.map(|(n, v)| format!("{}={}", percent_encode(&n), percent_encode(&v))).collect();
    parts.push(format!("marker={}", percent_encode(marker)));
    parts.join("&")
}

/// Takes the fields that `fields=` asks for.
pub(crate) fn only_fields(request: &Request, mut object: Value) -> Value {
    let wanted: Vec<String> =
        request.query_params().into_iter().filter(|(n, _)| n == "fields").map(|(_, v)| v).collect();
    if let (false, Some(map)) = (wanted.is_empty(), object.as_object_mut()) {
        map.retain(|k, _| wanted.iter().any(|w| w == k));
    }
    object
}

impl Cloud {
    /// Another region of the same Keystone: it shares all services but that for servers, of which it has none and takes none.
    pub(crate) fn in_another_region(&mut self, path: &[&str], request: &Request) -> Response {
        let there = Request { path: format!("/{}", path.join("/")), ..request.clone() };
        if path.first() != Some(&"compute") {
            return self.handle(&there);
        }
        if request.method == "POST" {
            return fault(
                403,
                "forbidden",
                "Quota exceeded for instances: Requested 1, but already used 0 of 0 instances",
            );
        }
        let here = std::mem::take(&mut self.servers);
        let answer = self.handle(&there);
        self.servers = here;
        answer
    }

    /// The token of a request, or the 401 that its lack gets.
    pub(crate) fn token(&self, request: &Request) -> Result<Token, Box<Response>> {
        let known = request.header("x-auth-token").and_then(|t| self.tokens.get(t));
        match known.filter(|t| t.expires > self.now) {
            Some(token) => Ok(token.clone()),
            None => Err(Box::new(self.unauthorized())),
        }
    }

    /// What every service but Glance answers to a token that it does not take.
    pub(crate) fn unauthorized(&self) -> Response {
        let challenge = format!("Keystone uri=\"{}\"", self.auth_url());
        let body = json!({"error": {
            "code": 401,
            "title": "Unauthorized",
            "message": "The request you have made requires authentication.",
        }});
        Response::json(401, &body).with("WWW-Authenticate", challenge)
    }

    /// Whether the access rules of the request's token, if it has any, allow the request.
    pub(crate) fn rules_allow(&self, request: &Request) -> bool {
        let Some(token) = request.header("x-auth-token").and_then(|token| self.tokens.get(token)) else { return true };
        let service = match request.path.split('/').nth(1) {
            Some("volume") => "block-storage",
            Some(service) => service,
            None => "",
        };
        let fits = |rule: &AccessRule| {
            rule.service == service && rule.method == request.method && path_fits(rule.path, &request.path)
        };
        token.access_rules.is_empty() || token.access_rules.iter().any(fits)
    }
}

/// Whether a path is one of those that a pattern stands for.
fn path_fits(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        match (wanted, parts.next()) {
            ("**", Some(_)) => return true,
            ("*", Some(part)) if !part.is_empty() => {}
            (wanted, Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
    parts.next().is_none()
}
