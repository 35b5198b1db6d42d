//! What is tried, in order: each trial says what is wrong.

use super::backend::{Backend, Ended, pause};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

/// The statuses of the contract that mean that nothing was done.
const NOTHING_DONE: [i32; 5] = [65, 69, 73, 75, 77];

/// How long the deletion of a server may take.
const SECONDS_OF_A_DELETION: u32 = 60;

/// One thing that was tried.
#[derive(Debug)]
pub(crate) struct Trial {
    pub(crate) what: &'static str,
    /// What is wrong; empty if nothing is.
    pub(crate) wrong: Vec<String>,
}

type Tried = Result<(), String>;

/// What becomes of the other trials if one finds something wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// They are tried as long as they make sense.
    Tried,
    /// They are left out.
    Skipped,
}

/// Tries everything, and deletes what it created.
pub(crate) fn run(backend: &Backend, others: Others) -> Vec<Trial> {
    let id = &Ids::new();
    let (a, b) = (&id.of("a"), &id.of("b"));
    // Without the two that are necessary, nothing else can be tried.
    let all: [(bool, &'static str, &dyn Fn() -> Tried); 16] = [
        (true, "list: every server once, with all keys", &|| list(backend).map(drop)),
        (false, "list: a call that is killed changes nothing", &|| list_killed(backend)),
        (false, "check: answers, and changes nothing", &|| check(backend)),
        (true, "create: the server is in the list, with its metadata", &|| create(backend, a)),
        (false, "create: the same mita_id gives the same server", &|| twice(backend, a)),
        (false, "create: four calls at a time with one mita_id give one server", &|| at_once(backend, b)),
        (false, "create: a call that is killed is finished by the next one", &|| killed(backend, id)),
        (false, "list: whole while servers come", &|| during(backend, id)),
        (false, "show: the server, or null", &|| show(backend, a)),
        (false, "a request that is wrong changes nothing", &|| wrong_requests(backend, &id.of("w"))),
        (false, "create: what it does not know ends with status 65", &|| unknown(backend, &id.of("u"))),
        (false, "list: whole while servers go", &|| during_deletions(backend, id)),
        (false, "delete: once, and once more", &|| delete(backend, a)),
        (false, "create: a mita_id is never used again", &|| again(backend, a)),
        (false, "delete: four calls at a time", &|| deleted_at_once(backend, b)),
        (false, "delete: a call that is killed is finished by the next one", &|| deletion_killed(backend, id)),
    ];
    let mut trials = Vec::new();
    for (is_necessary, what, attempt) in all {
        let wrong: Vec<String> = attempt().err().into_iter().collect();
        let ends = !wrong.is_empty() && (is_necessary || others == Others::Skipped);
        trials.push(Trial { what, wrong });
        if ends {
            break;
        }
    }
    if trials.len() > 1 {
        let wrong = clean_up(backend, id).err().into_iter().collect();
        trials.push(Trial { what: "everything that was created is deleted", wrong });
    }
    trials
}

/// The ids of one try: different from those of every other.
struct Ids(String);

impl Ids {
    fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "ids that no earlier try has used")]
        let now = jiff::Timestamp::now();
        Self(format!("try{}", now.as_millisecond()))
    }

    fn of(&self, name: &str) -> String {
        format!("{}-{name}", self.0)
    }
}

/// A request to create a server, with texts that a careless program spoils.
fn order(mita_id: &str) -> Value {
    json!({"mita_id": mita_id, "name": "conformance", "metadata": metadata(mita_id),
        "user_data": "#!/bin/sh\necho \"quotes ' and \\\\ and $HOME, ünïcödé\"\n"})
}

fn metadata(mita_id: &str) -> Value {
    json!({"mita_owner": "conformance", "mita_controller": "conformance.example/", "mita_node": "conformance",
        "mita_id": mita_id, "note": "a \"quoted\" text, with ünïcödé and $dollars"})
}

fn list(backend: &Backend) -> Result<Vec<Value>, String> {
    let answer = backend.ask("list", json!({}))?;
    let servers = answer["servers"].as_array().cloned().unwrap_or_default();
    let mut ids = BTreeSet::new();
    for server in &servers {
        match server["id"].as_str() {
            None | Some("") => return Err(format!("list: a server without an id: {server}")),
            Some(id) if !ids.insert(id) => return Err(format!("list: the server id {id} is there twice")),
            Some(_) => {}
        }
    }
    Ok(servers)
}

/// The ids in the list.
fn listed_ids(backend: &Backend) -> Result<BTreeSet<String>, String> {
    Ok(list(backend)?.iter().filter_map(|server| server["id"].as_str().map(str::to_owned)).collect())
}

/// Lists until these calls have ended, and once more, and looks for the servers that have to be there all the time.
fn stay(backend: &Backend, known: &BTreeSet<String>, calls: &[ScopedJoinHandle<'_, Ended>]) -> Tried {
    loop {
        let have_ended = calls.iter().all(ScopedJoinHandle::is_finished);
        if let Some(missing) = known.difference(&listed_ids(backend)?).next() {
            return Err(format!("a list during other calls lacks server {missing}: mita would take it for gone"));
        }
        if have_ended {
            return Ok(());
        }
    }
}

/// Milliseconds after which calls are killed.
const KILLED_AFTER: [u64; 5] = [1, 10, 30, 60, 120];

fn list_killed(backend: &Backend) -> Tried {
    let before = listed_ids(backend)?;
    for after in KILLED_AFTER {
        backend.call_raw("list", "{\"version\":1}", Duration::from_millis(after));
    }
    match before.difference(&listed_ids(backend)?).next() {
        None => Ok(()),
        Some(missing) => Err(format!("after a list that was killed, server {missing} is not in the list")),
    }
}

/// The servers of this order that are not on their way out.
fn listed(backend: &Backend, mita_id: &str) -> Result<Vec<Value>, String> {
    let mut servers = list(backend)?;
    servers.retain(|server| server["metadata"]["mita_id"] == mita_id && server["state"] != "deleting");
    Ok(servers)
}

fn only(backend: &Backend, mita_id: &str) -> Result<String, String> {
    match listed(backend, mita_id)?.as_slice() {
        [one] => Ok(one["id"].as_str().unwrap_or_default().to_owned()),
        [] => Err(format!("no server of {mita_id} is in the list, although create answered")),
        several => Err(format!(
            "{} servers of one mita_id: look for it, and write it down, before you create a server, under a lock",
            several.len()
        )),
    }
}

fn created(answer: &Value, mita_id: &str) -> Result<String, String> {
    let server = &answer["server"];
    if server["metadata"] != metadata(mita_id) {
        return Err(format!("create: the metadata came back as {}, not as they were sent", server["metadata"]));
    }
    Ok(server["id"].as_str().unwrap_or_default().to_owned())
}

fn check(backend: &Backend) -> Tried {
    let before = list(backend)?.len();
    for node_types in
        [json!({}), json!({"conformance": {}, "other": {"image": "no such image", "size": "no such size"}})]
    {
        backend.ask("check", json!({"node_types": node_types}))?;
    }
    if list(backend)?.len() > before {
        return Err("check created a server".to_owned());
    }
    Ok(())
}

fn create(backend: &Backend, mita_id: &str) -> Tried {
    let id = created(&backend.ask("create", order(mita_id))?, mita_id)?;
    let found = listed(backend, mita_id)?;
    match found.as_slice() {
        [server] if server["id"] == id.as_str() && server["metadata"] == metadata(mita_id) => Ok(()),
        [server] => Err(format!("create answered with server {id}, and the list has {server}")),
        _ => only(backend, mita_id).map(drop),
    }
}

fn twice(backend: &Backend, mita_id: &str) -> Tried {
    let first = only(backend, mita_id)?;
    let second = created(&backend.ask("create", order(mita_id))?, mita_id)?;
    if first != second {
        return Err(format!("the first call created {first}, the second one {second}"));
    }
    only(backend, mita_id).map(drop)
}

fn at_once(backend: &Backend, mita_id: &str) -> Tried {
    let calls: Vec<Ended> = thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| backend.call("create", order(mita_id)))).collect();
        calls.into_iter().filter_map(|call| call.join().ok()).collect()
    });
    let id = only(backend, mita_id)?;
    for call in calls.iter().filter(|call| call.status == Some(0)) {
        let answered = created(&call.answer("create")?, mita_id)?;
        if answered != id {
            return Err(format!("one call answered with {answered}, and the list has {id}"));
        }
    }
    Ok(())
}

fn killed(backend: &Backend, ids: &Ids) -> Tried {
    for (number, after) in KILLED_AFTER.into_iter().enumerate() {
        let mita_id = ids.of(&format!("k{number}"));
        let mut request = order(&mita_id);
        request["version"] = json!(1);
        backend.call_raw("create", &request.to_string(), Duration::from_millis(after));
        let why = |text: String| format!("after a create that was killed after {after} ms: {text}");
        list(backend).map_err(why)?;
        let id = backend.ask("create", order(&mita_id)).and_then(|answer| created(&answer, &mita_id)).map_err(why)?;
        if only(backend, &mita_id).map_err(why)? != id {
            return Err(why(format!("create answered with {id}, and the list has another server")));
        }
    }
    Ok(())
}

fn during(backend: &Backend, ids: &Ids) -> Tried {
    let known = listed_ids(backend)?;
    thread::scope(|scope| {
        let create = |number| {
            let mita_id = ids.of(&format!("d{number}"));
            scope.spawn(move || backend.call("create", order(&mita_id)))
        };
        stay(backend, &known, &[0, 1, 2].map(create))
    })
}

fn during_deletions(backend: &Backend, ids: &Ids) -> Tried {
    let mut going = Vec::new();
    for number in 0..3 {
        going.push(only(backend, &ids.of(&format!("d{number}")))?);
    }
    let mut known = listed_ids(backend)?;
    known.retain(|id| !going.contains(id));
    thread::scope(|scope| {
        let delete = |id| scope.spawn(move || backend.call("delete", json!({"id": id})));
        stay(backend, &known, &going.iter().map(delete).collect::<Vec<_>>())
    })?;
    going.iter().try_for_each(|id| vanishes(backend, id))
}

fn deleted_at_once(backend: &Backend, mita_id: &str) -> Tried {
    let id = &only(backend, mita_id)?;
    thread::scope(|scope| {
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(move || backend.ask("delete", json!({"id": id})))).collect();
        calls.into_iter().filter_map(|call| call.join().ok()).try_for_each(|answer| answer.map(drop))
    })?;
    vanishes(backend, id)
}

fn deletion_killed(backend: &Backend, ids: &Ids) -> Tried {
    for (number, after) in KILLED_AFTER.into_iter().enumerate() {
        let id = only(backend, &ids.of(&format!("k{number}")))?;
        let request = json!({"version": 1, "id": id}).to_string();
        backend.call_raw("delete", &request, Duration::from_millis(after));
        let why = |text: String| format!("after a delete that was killed after {after} ms: {text}");
        list(backend).map_err(why)?;
        backend.ask("delete", json!({"id": id})).map_err(why)?;
        vanishes(backend, &id).map_err(why)?;
    }
    Ok(())
}

fn show(backend: &Backend, mita_id: &str) -> Tried {
    let id = only(backend, mita_id)?;
    for console in [false, true] {
        let answer = backend.ask("show", json!({"id": id, "console": console}))?;
        if answer["server"]["id"] != id.as_str() {
            return Err(format!("show was asked for {id} and answers with {}", answer["server"]["id"]));
        }
    }
    let answer = backend.ask("show", json!({"id": "no-such-server", "console": false}))?;
    match answer.get("server") {
        Some(Value::Null) => Ok(()),
        _ => Err("show of a server that does not exist must answer {\"server\": null}".to_owned()),
    }
}

fn wrong_requests(backend: &Backend, mita_id: &str) -> Tried {
    let mut newer = order(mita_id);
    newer["version"] = json!(99);
    let time = Duration::from_secs(20);
    let refused = backend.call_raw("create", &newer.to_string(), time);
    if refused.status != Some(65) {
        return Err(format!("a request of version 99 must end with status 65, not {:?}", refused.status));
    }
    for (verb, input) in [("create", "no JSON"), ("create", ""), ("no-such-verb", "{\"version\":1}")] {
        if backend.call_raw(verb, input, time).status == Some(0) {
            return Err(format!("{verb} with the input {input:?} must not end with status 0"));
        }
    }
    match listed(backend, mita_id)?.len() {
        0 => Ok(()),
        _ => Err("a request that was refused created a server".to_owned()),
    }
}

/// A backend that needs no image and no size may create the server all the same.
fn unknown(backend: &Backend, mita_id: &str) -> Tried {
    let mut request = order(mita_id);
    (request["image"], request["size"]) = (json!("no such image"), json!("no such size"));
    match (backend.call("create", request).status, listed(backend, mita_id)?.len()) {
        (Some(0), 1) | (Some(65), 0) => Ok(()),
        (Some(0), _) => only(backend, mita_id).map(drop),
        (Some(65), _) => Err("create ended with status 65, and created a server".to_owned()),
        (other, _) => {
            Err(format!("create with an unknown image must end with status 65, not {other:?}: else mita tries again"))
        }
    }
}

fn delete(backend: &Backend, mita_id: &str) -> Tried {
    let id = only(backend, mita_id)?;
    let answer = backend.ask("delete", json!({"id": id}))?;
    if answer["existed"] != true {
        return Err(format!("delete of a server that exists must answer {{\"existed\": true}}, not {answer}"));
    }
    vanishes(backend, &id)?;
    let answer = backend.ask("delete", json!({"id": id}))?;
    if answer["existed"] != false {
        return Err(format!("delete of a server that is gone must answer {{\"existed\": false}}, not {answer}"));
    }
    Ok(())
}

fn vanishes(backend: &Backend, id: &str) -> Tried {
    for _ in 0..SECONDS_OF_A_DELETION * 5 {
        let servers = list(backend)?;
        match servers.iter().find(|server| server["id"] == id) {
            None => {
                let answer = backend.ask("show", json!({"id": id, "console": false}))?;
                let gone = answer.get("server") == Some(&Value::Null);
                return if gone { Ok(()) } else { Err(format!("server {id} is not in the list, and show finds it")) };
            }
            Some(server) if server["state"] == "active" => {
                return Err(format!(
                    "server {id} is still active after its deletion; it must be deleting until it is gone"
                ));
            }
            Some(_) => pause(Duration::from_millis(200)),
        }
    }
    Err(format!("server {id} is not gone {SECONDS_OF_A_DELETION} seconds after its deletion"))
}

fn again(backend: &Backend, mita_id: &str) -> Tried {
    let ended = backend.call("create", order(mita_id));
    let found = listed(backend, mita_id)?.len();
    match ended.status {
        _ if found > 0 => {
            Err("a create with the mita_id of a deleted server created another one: remember the ids".to_owned())
        }
        Some(74) => Ok(()),
        Some(0) => Err("create with the mita_id of a deleted server must end with status 74".to_owned()),
        Some(status) if NOTHING_DONE.contains(&status) => {
            Err(format!("create with the mita_id of a deleted server must end with status 74, not {status}"))
        }
        other => Err(format!("create with the mita_id of a deleted server must end with status 74, not {other:?}")),
    }
}

fn clean_up(backend: &Backend, ids: &Ids) -> Tried {
    let is_ours = |server: &Value| server["metadata"]["mita_id"].as_str().is_some_and(|id| id.starts_with(&ids.0));
    for server in list(backend)?.iter().filter(|server| is_ours(server)) {
        let id = server["id"].as_str().unwrap_or_default();
        backend.ask("delete", json!({"id": id}))?;
        vanishes(backend, id)?;
    }
    match list(backend)?.iter().filter(|server| is_ours(server)).count() {
        0 => Ok(()),
        several => Err(format!("{several} servers are left; delete them yourself")),
    }
}
