//! Listings in pages, whole or not at all.

use super::{cloud, lines};
use crate::domain::world::{Launch, Lock, Lookup, VolumeState};
use crate::http::loopback::{Answer, Loopback, Seen};

fn page(ids: &[&str], next: Option<&str>) -> Answer {
    let servers: Vec<_> = ids.iter().map(|id| serde_json::json!({"id": id, "name": "n"})).collect();
    let mut body = serde_json::json!({"servers": servers});
    if let Some(href) = next {
        body["servers_links"] = serde_json::json!([{"rel": "next", "href": href}]);
    }
    Answer::json(200, &body.to_string())
}

/// The listing of a cloud whose answers depend on the marker that is asked for.
fn listing(rule: impl Fn(&str) -> Answer + Send + Sync + 'static) -> (Loopback, Result<Vec<String>, String>) {
    let (server, provider) = cloud(move |seen| {
        let query = seen.target.strip_prefix("/compute/v2.1/servers/detail?")?;
        Some(rule(query))
    });
    let servers = provider.servers();
    let ids = servers.map(|servers| servers.into_iter().map(|server| server.id.to_string()).collect());
    (server, ids.map_err(|failure| failure.message))
}

#[test]
fn pages_are_followed_by_their_query_and_never_to_their_host() {
    let other = Loopback::new(|_| page(&["stolen"], None));
    let elsewhere = format!("{}/v2.1/servers/detail?limit=2&marker=b", other.url);
    let (server, ids) = listing(move |query| match query {
        "limit=1000" => page(&["b", "a"], Some(&elsewhere)),
        "limit=2&marker=b" => page(&["b", "c"], Some("?marker=c")),
        _ => page(&[], None),
    });
    assert_eq!(ids.unwrap(), ["a", "b", "c"]);
    assert!(other.seen().is_empty());
    assert_eq!(lines(&server)[3], "GET /compute/v2.1/servers/detail?marker=c");
}

#[test]
fn s3_a_list_with_a_page_that_fails_is_an_error() {
    let (_server, ids) = listing(|query| match query {
        "limit=1000" => page(&["a"], Some("/x?marker=a")),
        _ => Answer::json(500, r#"{"computeFault":{"code":500,"message":"Unexpected API Error."}}"#),
    });
    assert!(ids.unwrap_err().contains("answered 500: \"Unexpected API Error.\""));
}

#[test]
fn s3_a_list_whose_pages_form_a_circle_or_never_end_is_an_error() {
    let (_server, ids) = listing(|query| match query {
        "limit=1000" => page(&["a"], Some("/x?marker=a")),
        "marker=a" => page(&["b"], Some("/x?marker=b")),
        _ => page(&["c"], Some("/x?marker=a")),
    });
    assert!(ids.unwrap_err().contains("leads back to an earlier page"));

    let (_server, ids) = listing(|query| page(&["a"], Some(&format!("/x?{query}1"))));
    assert!(ids.unwrap_err().contains("a page repeats the pages before it"));

    let (_server, ids) = listing(|_| page(&["a"], Some("/x")));
    assert!(ids.unwrap_err().contains("has no marker"));
}

#[test]
fn s3_a_page_is_on_its_way_before_the_one_before_it_is_read_and_does_not_make_up_for_it() {
    let (server, ids) = listing(|query| match query {
        "limit=1000" => {
            Answer::json(200, r#"{"servers": [{}], "servers_links": [{"rel": "next", "href": "/x?marker=a"}]}"#)
        }
        _ => page(&["b"], None),
    });
    assert!(ids.unwrap_err().contains("entry 1 of a page of the list has no id"));
    assert_eq!(lines(&server).last().unwrap(), "GET /compute/v2.1/servers/detail?marker=a");
}

#[test]
fn s3_what_looks_like_the_link_to_the_next_page_leads_nowhere_unless_it_is_the_link() {
    let link = |marker: &str| format!(r#""servers_links": [{{"rel": "next", "href": "/x?marker={marker}"}}]"#);
    for (before, behind, expected) in [
        (String::new(), format!(r#", {}"#, link("b")), vec!["a", "b"]),
        (format!("{}, ", link("b")), String::new(), vec!["a", "b"]),
        (format!("{}, ", link("b")), format!(r#", "more": {{{}}}"#, link("odd")), vec!["a", "b"]),
        (String::new(), format!(r#", "more": {{{}}}"#, link("odd")), vec!["a"]),
    ] {
        let first = format!(r#"{{{before}"servers": [{{"id": "a"}}]{behind}}}"#);
        let (_server, ids) = listing(move |query| match query {
            "limit=1000" => Answer::json(200, &first),
            "marker=b" => page(&["b"], None),
            _ => page(&["stray"], None),
        });
        assert_eq!(ids.unwrap(), expected);
    }
}

#[test]
fn s3_an_answer_that_is_no_list_is_an_error() {
    for body in ["{}", r#"{"servers":null}"#, "<html>", ""] {
        let (_server, ids) = listing(move |_| Answer::json(200, body));
        assert!(ids.unwrap_err().contains("wanted a page of the list"), "{body}");
    }
}

#[test]
fn s3_what_is_odd_about_one_server_hides_nothing_but_itself() {
    let odd = ["null", "7", "[7]", "{}", "true", r#""odd""#, r#"{"net":[null,7,{"addr":7},{"addr":"10.0.0.9"}]}"#];
    let fields = [
        "name",
        "status",
        "OS-EXT-STS:task_state",
        "metadata",
        "created",
        "OS-SRV-USG:launched_at",
        "addresses",
        "fault",
        "locked",
        "os-extended-volumes:volumes_attached",
    ];
    for (field, odd) in fields.iter().flat_map(|field| odd.map(|odd| (field, odd))) {
        let body = format!(r#"{{"servers": [{{"id": "a", "{field}": {odd}}}, {{"id": "b"}}]}}"#);
        let (_server, ids) = listing(move |_| Answer::json(200, &body));
        assert_eq!(ids.as_deref(), Ok(&["a".to_owned(), "b".to_owned()][..]), "{field}: {odd}");
    }
    for odd in ["null", "7", "{}", r#"{"id":7}"#, r#"{"id":null}"#, r#"{"name":"n"}"#] {
        let body = format!(r#"{{"servers": [{{"id": "a"}}, {odd}]}}"#);
        let (_server, ids) = listing(move |_| Answer::json(200, &body));
        assert!(ids.unwrap_err().contains("entry 2 of a page of the list has no id"), "{odd}");
    }
}

#[test]
fn s3_an_answer_about_a_server_that_lacks_its_id_does_not_say_that_it_is_gone() {
    for body in
        ["{}", r#"{"server": null}"#, r#"{"server": {"id": 7}}"#, r#"{"server": {"name": "n"}}"#, r#"{"server": []}"#]
    {
        let (_server, provider) =
            cloud(move |seen| seen.target.starts_with("/compute/v2.1/servers/a").then(|| Answer::json(200, body)));
        let read = provider.server(&"a".into());
        assert!(matches!(&read, Lookup::Unavailable(why) if why.contains("missing field `id`")), "{body}: {read:?}");
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_no_choice_and_the_others_are() {
    let odd =
        |list: &str, entries: &str| Answer::json(200, &format!(r#"{{"{list}": [null, {{"id": 7}}, {entries}]}}"#));
    let (_server, provider) = cloud(move |seen| match seen.target.split('?').next() {
        Some("/compute/v2.1/flavors/detail") => {
            let other = r#"{"id": "2", "name": "odd", "ram": "512", "OS-FLV-DISABLED:disabled": 7}"#;
            Some(odd("flavors", &format!(r#"{{"id": "1", "name": "m1.small"}}, {other}"#)))
        }
        Some("/image/v2/images") => {
            let good = r#"{"id": "i", "name": "dup-image", "status": "active"}"#;
            Some(odd("images", &format!(r#"{{"id": "j", "name": "dup-image", "status": 7, "min_ram": ""}}, {good}"#)))
        }
        _ => None,
    });
    let survey = provider.survey(&[&super::node_type("ubuntu")]);
    assert!(survey.problems.is_empty() && survey.unfit.is_empty(), "{:?}", survey.problems);
}

#[test]
fn s5_what_stands_where_an_attachment_belongs_is_one() {
    let volumes = r#"{"volumes": [{"id": "a", "status": "available", "attachments": 7},
        {"id": "b", "status": "available", "attachments": []}, {"id": "c", "status": "available", "metadata": 7}]}"#;
    let addresses = r#"{"floatingips": [
        {"id": "a", "port_id": 7, "description": "mita owner=ci id=20260105T080100Z-1 server=s"},
        {"id": "b", "port_id": null, "description": "mita owner=ci id=20260105T080100Z-2 server=s"},
        {"id": "c", "description": 7}]}"#;
    let (_server, provider) = cloud(move |seen| match seen.target.split('?').next() {
        Some("/block-storage/v3/volumes/detail") => Some(Answer::json(200, volumes)),
        Some("/network/v2.0/floatingips") => Some(Answer::json(200, addresses)),
        _ => None,
    });
    let attachments = provider.attachments().unwrap();
    let free: Vec<bool> =
        attachments.volumes().unwrap().iter().map(|volume| volume.state == VolumeState::Free).collect();
    assert_eq!(free, [false, true, true]);
    let attached: Vec<bool> = attachments.floating_ips().unwrap().iter().map(|ip| ip.attached).collect();
    assert_eq!(attached, [true, false]);
}

#[test]
fn whether_a_server_ever_ran_is_reported_by_its_launch_time_where_there_is_one() {
    let (_server, provider) = cloud(|seen| {
        seen.target.starts_with("/compute/v2.1/servers/detail").then(|| {
            let servers = serde_json::json!([
                {"id": "a", "OS-SRV-USG:launched_at": null},
                {"id": "b", "OS-SRV-USG:launched_at": "2026-11-22T01:59:27.000000"},
                {"id": "c"}]);
            Answer::json(200, &serde_json::json!({"servers": servers}).to_string())
        })
    });
    let launches: Vec<Launch> = provider.servers().unwrap().into_iter().map(|server| server.launch).collect();
    assert_eq!(launches, [Launch::Never, Launch::Launched, Launch::Unknown]);
}

/// What is neither true nor false shows nothing.
const LOCKED: &str = r#"{"servers":[{"id":"a","locked":true},{"id":"b","locked":false},{"id":"c"},{"id":"d","locked":"true"},
    {"id":"e","locked":"False"},{"id":"f","locked":1},{"id":"g","locked":0},{"id":"h","locked":null}]}"#;

/// The microversion that a request asks for.
fn asked(seen: &Seen) -> Option<String> {
    seen.header("openstack-api-version").map(str::to_owned)
}

#[test]
fn s7_reads_of_servers_ask_for_the_microversion_that_shows_locks_and_nothing_else_does() {
    let (server, provider) =
        cloud(|seen| (seen.target.starts_with("/compute/v2.1/servers/detail")).then(|| Answer::json(200, LOCKED)));
    let locks: Vec<Lock> = provider.servers().unwrap().into_iter().map(|server| server.lock).collect();
    assert_eq!(locks[..2], [Lock::Locked, Lock::Open]);
    assert_eq!(locks[2..], [Lock::Unknown; 6]);
    provider.server(&"a".into());
    provider.delete(&"a".into()).unwrap();
    provider.console_tail(&"a".into());
    let asked: Vec<_> = server.seen().iter().skip(1).map(asked).collect();
    let locks = || Some("compute 2.9".to_owned());
    assert_eq!(asked, [locks(), locks(), None, None]);
}

#[test]
fn s5_the_volumes_that_go_with_a_server_are_known_where_nova_says_so_of_each() {
    const SERVERS: &str = r#"{"servers":[
        {"id":"a","os-extended-volumes:volumes_attached":[{"id":"boots","delete_on_termination":true},
            {"id":"persons","delete_on_termination":false},{"id":"data","delete_on_termination":true}]},
        {"id":"b","os-extended-volumes:volumes_attached":[]},
        {"id":"c","os-extended-volumes:volumes_attached":[{"id":"boots","delete_on_termination":true},{"id":"data"}]},
        {"id":"d","os-extended-volumes:volumes_attached":[null]},
        {"id":"e"}]}"#;
    let (_server, provider) =
        cloud(|seen| (seen.target.starts_with("/compute/v2.1/servers/detail")).then(|| Answer::json(200, SERVERS)));
    let volumes: Vec<_> = provider.servers().unwrap().into_iter().map(|server| server.volumes).collect();
    assert_eq!(volumes, [Some(["boots".into(), "data".into()].into()), Some([].into()), None, None, None]);
}

#[test]
fn a_cloud_that_is_too_old_to_show_locks_is_asked_once() {
    let (server, provider) = cloud(|seen| {
        let too_old = r#"{"computeFault":{"code":406,"message":"Version 2.9 is not supported by the API."}}"#;
        asked(seen).map(|_| Answer::json(406, too_old))
    });
    let servers = provider.servers().unwrap();
    assert!(!servers.is_empty() && servers.iter().all(|server| server.lock == Lock::Unknown));
    provider.servers().unwrap();
    assert_eq!(server.seen().iter().filter(|seen| asked(seen).is_some()).count(), 1, "{:?}", lines(&server));
}
