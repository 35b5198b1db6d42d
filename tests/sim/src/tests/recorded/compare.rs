//! What must be the same in two answers: the status, the headers that a client reads, and the body as far as it does
//! not depend on the moment or the machine.

use serde_json::Value;

use super::wire::Answer;

/// The address of the recorded controller.
const RECORDED: &str = "http://127.0.0.1:18082";

/// Headers whose value must be the same.
const SAME: [&str; 10] = [
    "x-jenkins",
    "x-content-type-options",
    "www-authenticate",
    "x-you-are-authenticated-as",
    "x-you-are-in-group-disabled",
    "x-required-permission",
    "x-permission-implied-by",
    "x-error",
    "location",
    "content-type",
];

/// Headers that must be there in both or in neither.
const PRESENT: [&str; 3] = ["x-jenkins-session", "content-encoding", "allow"];

/// Numbers and texts that differ from moment to moment and from machine to machine: only what they are is compared.
const VOLATILE: [&str; 18] = [
    "absoluteRemotePath",
    "availablePhysicalMemory",
    "average",
    "buildableStartMilliseconds",
    "color",
    "crumb",
    "diff",
    "id",
    "inQueueSince",
    "latest",
    "likelyStuck",
    "path",
    "progress",
    "size",
    "timestamp",
    "totalPhysicalMemory",
    "availableSwapSpace",
    "totalSwapSpace",
];

/// Arrays of which Jenkins keeps no order that a client could rely on.
const UNORDERED: [&str; 3] = ["assignedLabels", "oneOffExecutors", "executors"];

/// What a client looks for in pages.
const MARKS: [&str; 8] = [
    "doDelete\"",
    "action=\"changeOfflineCause\"",
    "is missing the ",
    "Please wait while Jenkins is getting ready to work",
    "Authentication required",
    "<div/>",
    "Oops!",
    "Bad Message",
];

pub(super) fn differences(recorded: &Answer, given: &Answer, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut expect = |what: &str, recorded: String, given: String| {
        if recorded != given {
            found.push(format!("{what}: recorded {recorded}, given {given}"));
        }
    };
    expect("status", recorded.status.to_string(), given.status.to_string());
    for name in SAME {
        let of = |answer: &Answer, root: &str| {
            let values = answer.all(name).into_iter().map(|value| value.replace(root, "ROOT").replace(' ', ""));
            format!("{:?}", values.collect::<Vec<_>>())
        };
        expect(name, of(recorded, RECORDED), of(given, root));
    }
    for name in PRESENT {
        let of = |answer: &Answer| answer.header(name).is_some().to_string();
        expect(name, of(recorded), of(given));
    }
    expect("set-cookie", cookies(recorded), cookies(given));
    let kind = recorded.header("content-type").unwrap_or_default();
    if kind.starts_with("application/json") {
        let json = |answer: &Answer, root: &str| match json(answer, root) {
            Some(value) => value,
            None => answer.text().into(),
        };
        json_differences("", &json(recorded, RECORDED), &json(given, root), &mut found);
    } else if kind.starts_with("text/html") {
        for mark in MARKS {
            let of = |answer: &Answer| answer.text().contains(mark).to_string();
            expect(&format!("the text {mark:?}"), of(recorded), of(given));
        }
    } else if kind != "application/octet-stream" {
        expect("body", plain(recorded, RECORDED), plain(given, root));
    }
    found
}

/// The names of cookies; that of the session has an ending of its own in a released war.
fn cookies(answer: &Answer) -> String {
    let name = |cookie: &str| cookie.split(['=', '.']).next().unwrap_or_default().to_string();
    let mut names: Vec<String> = answer.all("set-cookie").into_iter().map(name).collect();
    names.sort();
    format!("{names:?}")
}

/// A text with the addresses and secrets of either controller taken out.
fn plain(answer: &Answer, root: &str) -> String {
    let text = answer.text().replace(root, "ROOT");
    let secrets = regex_lite::Regex::new("<argument>[0-9a-f]{64}</argument>").unwrap();
    secrets.replace_all(&text, "SECRET").into_owned()
}

fn json(answer: &Answer, root: &str) -> Option<Value> {
    // Lone surrogates are no JSON for a strict reader.
    let text = answer.text().replace(root, "ROOT").replace("\\ud800", "[d800]").replace("\\udc00", "[dc00]");
    let mut value = serde_json::from_str(&text).ok()?;
    order(&mut value);
    Some(value)
}

fn order(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                order(value);
                if let (true, Value::Array(list)) = (UNORDERED.contains(&name.as_str()), value) {
                    list.sort_by_key(ToString::to_string);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(order),
        _ => {}
    }
}

fn json_differences(path: &str, recorded: &Value, given: &Value, found: &mut Vec<String>) {
    let key = path.rsplit(['.', '[']).next().unwrap_or_default();
    match (recorded, given) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => json_differences(&format!("{path}.{name}"), one, other, found),
                    (Some(_), None) => found.push(format!("{path}.{name}: not given")),
                    _ => found.push(format!("{path}.{name}: given {}", other[name])),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            if one.len() != other.len() {
                found.push(format!("{path}: recorded {recorded}, given {given}"));
                return;
            }
            for (n, (one, other)) in one.iter().zip(other).enumerate() {
                json_differences(&format!("{path}[{n}"), one, other, found);
            }
        }
        (one, other) => {
            let kind = |value: &Value| match value {
                Value::Null => "null",
                Value::Bool(_) => "bool",
                Value::Number(_) => "number",
                Value::String(_) => "text",
                Value::Array(_) | Value::Object(_) => "more",
            };
            let id = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("queue/item/"));
            let same = match VOLATILE.contains(&key) || (id(one) && id(other)) {
                true => kind(one) == kind(other),
                false => one == other,
            };
            if !same {
                found.push(format!("{path}: recorded {one}, given {other}"));
            }
        }
    }
}
