//! What a person who may only configure jobs can put into the queue costs no run its deadline (L5).

use super::host::{Host, json, whole};
use super::program::{Login, Place, usual};
use super::services::{JENKINS, jenkins, openstack};
use std::fmt::Write;

/// Items in the queue, each with an expression of its own.
const ITEMS: usize = 10_000;

/// Terms of each expression.
const TERMS: usize = 60;

/// Servers that may be ordered.
const SERVERS: usize = 200;

/// The longest that the program may have a processor for all of it, in an unoptimised build.
const MOST_SECONDS: f64 = 40.0;

/// A queue of jobs with expressions that no two have in common, and that all accept a server of the same type.
fn queue() -> String {
    let mut items = String::new();
    for id in 1..=ITEMS {
        let mut label = String::from("trusty&&!a");
        (0..TERMS).try_for_each(|term| write!(label, "||trusty&&!a{id}x{term}")).expect("a string takes all");
        let comma = if id > 1 { "," } else { "" };
        write!(
            items,
            r#"{comma}{{"_class":"hudson.model.Queue$BuildableItem","id":{id},"buildable":true,"pending":false,
               "why":"There are no nodes with the label ‘{label}’","inQueueSince":1785600000000,
               "task":{{"_class":"hudson.model.FreeStyleProject","fullName":"job-{id}","labelExpression":"{label}"}}}}"#
        )
        .expect("a string takes all");
    }
    format!(r#"{{"items":[{items}]}}"#)
}

#[test]
fn l5_ten_thousand_expressions_of_sixty_terms_leave_a_run_its_deadline() {
    let body = queue();
    let controller = Host::new(move |asked| match asked.path.as_str() {
        path if path.ends_with("/queue/api/json") => {
            whole(200, &[JENKINS, ("Content-Type", "application/json")], body.as_bytes())
        }
        _ => jenkins(asked),
    });
    let cloud = Host::new(|asked| match asked.path.as_str() {
        "/compute/v2.1/limits" => {
            json(200, r#"{"limits":{"absolute":{"maxTotalInstances":1000,"totalInstancesUsed":0}}}"#)
        }
        _ => openstack(asked),
    });
    let login = Login::to(&controller.url, &cloud.url);
    // The deadline is that of wall time, which a busy machine makes longer: what counts is the time with a processor.
    let config = usual(&login).replace("deadline = \"20s\"", "deadline = \"240s\"");
    let place = Place::new(&format!("max_servers = {SERVERS}\n{config}"));
    let ended = place.run(&["reconcile"]);
    println!("{:.1} s, {:.1} s with a processor, {} MiB", ended.took.as_secs_f64(), ended.processor, ended.memory);
    assert_eq!(ended.status, Some(0), "{}", &ended.stderr[..ended.stderr.len().min(2_000)]);
    let orders =
        cloud.asked().iter().filter(|asked| asked.method == "POST" && asked.path.ends_with("/servers")).count();
    assert_eq!(orders, SERVERS, "everything that may be ordered is ordered in the first run");
    assert!(ended.processor < MOST_SECONDS, "{:.1} s with a processor", ended.processor);
}
