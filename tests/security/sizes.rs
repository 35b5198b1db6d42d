//! Answers that are too large, too deep or have no end: the program gives them up, stays small and tells of it.

use super::host::{Asked, Host, Reply, bytes, json, whole};
use super::program::{Ended, Login, Place, usual};
use super::services::{JENKINS, jenkins, openstack};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// The most memory that a run may take, whatever it is sent, in MiB. Three lists of Jenkins are read at a time.
const MOST_MEMORY: u64 = 700;

/// A run against a controller that answers hostilely to what `hostile` picks, and a good cloud; and the other way round.
fn run(hostile: impl Fn(&Asked) -> Option<Reply> + Send + Sync + Clone + 'static) -> Ended {
    let of_jenkins = hostile.clone();
    let controller = Host::new(move |asked| of_jenkins(asked).unwrap_or_else(|| jenkins(asked)));
    let cloud = Host::new(move |asked| hostile(asked).unwrap_or_else(|| openstack(asked)));
    let login = Login::to(&controller.url, &cloud.url);
    // What is too large is given up for its size, however long a busy machine takes for it.
    let config = usual(&login).replace("deadline = \"20s\"", "deadline = \"200s\"");
    let ended = Place::new(&config).run(&["reconcile", "--output", "json"]);
    println!("{} MiB, {:.1} s, status {:?}", ended.memory, ended.took.as_secs_f64(), ended.status);
    assert!(ended.memory < MOST_MEMORY, "{} MiB", ended.memory);
    ended
}

/// The answers to these paths.
fn to(
    paths: &'static [&'static str],
    reply: impl Fn() -> Reply + Send + Sync + Clone,
) -> impl Fn(&Asked) -> Option<Reply> + Send + Sync + Clone {
    move |asked| paths.iter().any(|path| asked.path.ends_with(path)).then(&reply)
}

const LISTS: &[&str] = &["/queue/api/json", "/computer/api/json", "/servers/detail"];

fn refused(ended: &Ended, words: &str, times: usize) {
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert_eq!(ended.stderr.matches(words).count(), times, "{}", ended.stderr);
    assert!(ended.stderr.len() < 10_000, "it talks too much: {} bytes", ended.stderr.len());
}

/// Sends the same piece again and again, as long as somebody takes it.
fn without_end(head: &'static str, piece: &'static str) -> Reply {
    Box::new(move |out| {
        out.write_all(head.as_bytes())?;
        let pieces = piece.repeat(64 * 1024 / piece.len());
        loop {
            out.write_all(pieces.as_bytes())?;
        }
    })
}

#[test]
fn a_body_of_200_mb_is_given_up() {
    let ended = run(to(LISTS, || {
        Box::new(|out| {
            let head = "HTTP/1.1 200 OK\r\nX-Jenkins: 2.578\r\nContent-Type: text/plain\r\n";
            write!(out, "{head}Content-Length: 200000000\r\n\r\n")?;
            let piece = vec![b'x'; 100_000];
            (0..2000).try_for_each(|_| out.write_all(&piece))
        })
    }));
    // That the nodes cannot be read for the same reason is said once for both.
    refused(&ended, "is larger than 128 MiB", 2);
}

#[test]
fn a_body_without_end_is_given_up() {
    let ended =
        run(to(LISTS, || without_end("HTTP/1.1 200 OK\r\nX-Jenkins: 2.578\r\nContent-Type: text/html\r\n\r\n[", "1,")));
    // That the nodes cannot be read for the same reason is said once for both.
    refused(&ended, "is larger than 128 MiB", 2);
}

#[test]
fn headers_without_end_are_given_up() {
    let ended = run(to(LISTS, || without_end("HTTP/1.1 200 OK\r\n", "X-Filler: 0123456789012345678901234567890\r\n")));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let ended = run(to(LISTS, || without_end("HTTP/1.1 200 OK\r\nX-Filler: ", "0123456789")));
    assert_eq!(ended.status, Some(1), "{ended:?}");
    let ended = run(to(LISTS, || without_end("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n")));
    assert_eq!(ended.status, Some(1), "{ended:?}");
}

#[test]
fn a_body_that_unpacks_without_end_is_given_up() {
    let ended = run(to(&["/queue/api/json"], || {
        Box::new(|out| {
            out.write_all(b"HTTP/1.1 200 OK\r\nX-Jenkins: 2.578\r\nContent-Encoding: gzip\r\n\r\n")?;
            let mut packed = GzEncoder::new(out, Compression::best());
            let blanks = vec![b' '; 1 << 20];
            (0..10_000).try_for_each(|_| packed.write_all(&blanks))
        })
    }));
    refused(&ended, "is larger than 128 MiB", 1);
}

#[test]
fn json_that_is_deeper_than_the_stack_is_no_json() {
    let ended = run(to(LISTS, || json_of(&"[".repeat(10_000_000))));
    refused(&ended, "which ends too early at line 1, column 10000000", 2);
    refused(&ended, "too many values", 1);
    for depth in [129, 20_000, 200_000] {
        let ended = run(move |asked: &Asked| {
            let body = ["[".repeat(depth), r#"{"a":"#.repeat(depth)];
            match asked.path.as_str() {
                path if path.ends_with("/queue/api/json") => Some(json_of(&format!(r#"{{"items":[{}"#, body[0]))),
                path if path.ends_with("/computer/api/json") => Some(json_of(&format!(r#"{{"computer":{}"#, body[1]))),
                path if path.ends_with("/servers/detail") => {
                    Some(json_of(&format!(r#"{{"servers":[{{"id":"1","metadata":{{"a":{}"#, body[1])))
                }
                _ => None,
            }
        });
        refused(&ended, "as JSON, got status 200", 3);
    }
}

fn json_of(body: &str) -> Reply {
    whole(200, &[JENKINS, ("Content-Type", "application/json")], body.as_bytes())
}

/// The forms that take the most memory for each byte that is sent, each just too often.
#[test]
fn json_that_swells_in_memory_is_given_up() {
    let (entries, values) = (1_100_000, 6_100_000);
    for (piece, number) in [(r#"{"a":0},"#, entries), ("[],", entries), ("0,", values), (r#""","#, values)] {
        let ended = run(move |asked: &Asked| {
            let start = match asked.path.as_str() {
                path if path.ends_with("/queue/api/json") => r#"{"items":["#,
                path if path.ends_with("/computer/api/json") => r#"{"computer":["#,
                path if path.ends_with("/servers/detail") => r#"{"servers":[{"id":"1","metadata":{"x":["#,
                _ => return None,
            };
            let end = if start.contains("servers") { "0]}}]}" } else { "0]}" };
            Some(json_of(&format!("{start}{}{end}", piece.repeat(number))))
        });
        refused(&ended, "too many values", 1);
        refused(&ended, "a list of more than 1000000 entries", 2);
    }
}

/// As heavy as an answer may just be.
#[test]
fn json_of_the_most_values_that_are_taken_stays_small() {
    for (piece, number) in [(r#"{"a":0},"#, 220_000), ("[0],", 850_000)] {
        let ended = run(move |asked: &Asked| {
            let (start, end) = match asked.path.as_str() {
                path if path.ends_with("/queue/api/json") => (r#"{"items":["#, "0]}"),
                path if path.ends_with("/computer/api/json") => (r#"{"computer":["#, "0]}"),
                path if path.ends_with("/servers/detail") => (r#"{"servers":[{"id":"1","metadata":{"x":["#, "0]}}]}"),
                _ => return None,
            };
            Some(json_of(&format!("{start}{}{end}", piece.repeat(number))))
        });
        assert!(!ended.stderr.contains("more values"), "{}", ended.stderr);
    }
}

#[test]
fn a_million_servers_are_more_than_is_believed() {
    let ended = run(to(&["/servers/detail"], || {
        let one = |number: u32| format!(r#"{{"id":"{number}"}}"#);
        let servers = (0..1_000_000).map(one).collect::<Vec<_>>().join(",");
        json(200, &format!(r#"{{"servers":[{servers}]}}"#))
    }));
    refused(&ended, "too many values", 1);
}

#[test]
fn pages_without_end_are_given_up() {
    let ended = run(|asked: &Asked| {
        let page = asked.query.rsplit_once('=').and_then(|(_, page)| page.parse().ok()).unwrap_or(0_u32);
        let next = page + 1;
        let one = |number: u32| format!(r#"{{"id":"{page}-{number}","name":"{}"}}"#, "x".repeat(200));
        let servers = (0..1000).map(one).collect::<Vec<_>>().join(",");
        let links = format!(r#"[{{"rel":"next","href":"http://h/servers/detail?page={next}"}}]"#);
        let body = format!(r#"{{"servers":[{servers}],"servers_links":{links}}}"#);
        asked.path.ends_with("/servers/detail").then(|| json(200, &body))
    });
    refused(&ended, "the list has too many pages or entries", 1);
}

#[test]
fn l5_names_of_megabytes_are_cut_and_hide_nothing() {
    for long in ["x".repeat(10 << 20), "(!\"‘é’; ".repeat(3_000), "\u{1b}".repeat(1 << 20)] {
        let ended = run(move |asked: &Asked| hostile_names(asked, &long));
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(!ended.stderr.contains("wanted "), "{}", ended.stderr);
    }
}

/// Labels of 0.99 MB, each in `why` and in the task.
#[test]
fn l5_many_long_labels_hide_no_other_item() {
    let ended = run(|asked: &Asked| {
        let item = |id: usize| {
            let label = format!("{id}{}", "x".repeat(990_000));
            format!(
                r#"{{"id":{id},"buildable":true,"pending":false,"why":"There are no nodes with the label ‘{label}’",
                    "task":{{"fullName":"job-{id}","labelExpression":"{label}"}}}}"#
            )
        };
        asked
            .path
            .ends_with("/queue/api/json")
            .then(|| json_of(&format!(r#"{{"items":[{}]}}"#, (1..=15).map(item).collect::<Vec<_>>().join(","))))
    });
    assert_eq!(ended.status, Some(0), "{}", &ended.stderr[..ended.stderr.len().min(2000)]);
}

fn hostile_names(asked: &Asked, long: &str) -> Option<Reply> {
    let long = serde_json::Value::from(long).to_string();
    let long = long.trim_matches('"');
    let why = format!("There are no nodes with the label ‘{long}’");
    let agent =
        r#""idle":true,"offline":false,"temporarilyOffline":false,"numExecutors":1,"executors":[{"idle":true}]"#;
    let body = match asked.path.as_str() {
        path if path.ends_with("/queue/api/json") => format!(
            r#"{{"items":[{{"id":1,"buildable":true,"pending":false,"why":"{why}","task":{{"name":"{long}"}}}},
                {{"id":2,"buildable":true,"pending":false,"why":"{long}","task":{{"name":"{long}"}}}}]}}"#
        ),
        path if path.ends_with("/computer/api/json") => format!(
            r#"{{"computer":[{{"_class":"hudson.model.Hudson$MasterComputer","displayName":"Built-In Node"}},
                {{"_class":"hudson.slaves.SlaveComputer","displayName":"{long}",{agent}}}]}}"#
        ),
        path if path.ends_with("/servers/detail") => format!(
            r#"{{"servers":[{{"id":"1","name":"{long}","status":"{long}","metadata":
                {{"mita_owner":"ceph-ci","mita_node":"{long}","mita_id":"{long}"}}}}]}}"#
        ),
        _ => return None,
    };
    Some(json_of(&body))
}

#[test]
fn errors_of_megabytes_are_told_in_a_few_words() {
    let long = || "no! ".repeat(5 << 20);
    let ended = run(to(LISTS, move || whole(500, &[JENKINS], format!("It says {}", long()).as_bytes())));
    refused(&ended, "It says no! no!", 2);
    let ended = run(to(LISTS, move || {
        json(400, &format!(r#"{{"badRequest":{{"code":400,"message":"It says {}"}}}}"#, long()))
    }));
    refused(&ended, "It says no! no!", 2);
    let ended = run(to(LISTS, || {
        let answer = format!("HTTP/1.1 400 Bad\r\nX-Error: {}\r\nContent-Length: 0\r\n\r\n", "no! ".repeat(10_000));
        bytes(answer.into_bytes())
    }));
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.len() < 10_000, "it talks too much: {} bytes", ended.stderr.len());
}
