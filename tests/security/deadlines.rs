//! Services that take their time: the run ends when its deadline is over.

use super::host::{Asked, Host, Reply, bytes, whole};
use super::pause;
use super::program::{Ended, Login, Place, usual};
use super::services::JENKINS;
use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

/// What no run of two seconds takes on the busiest machine. Without their deadline these runs would take minutes.
const NEVER: Duration = Duration::from_secs(40);

fn run(jenkins: &str, cloud: &str) -> Ended {
    let login = Login::to(jenkins, cloud);
    let config = usual(&login).replace("deadline = \"20s\"", "deadline = \"2s\"");
    let ended = Place::new(&config).run(&["reconcile", "--output", "json"]);
    println!("{:.2} s", ended.took.as_secs_f64());
    assert_eq!(ended.status, Some(1), "{ended:?}");
    assert!(ended.took < NEVER, "{ended:?}");
    for name in ["jenkins", "provider cloud"] {
        assert!(ended.stderr.contains(&format!("mita: {name}: ")), "{}", ended.stderr);
    }
    ended
}

/// Both services answer so.
fn served(rule: impl Fn(&Asked) -> Reply + Send + Sync + Clone + 'static) -> Ended {
    let (controller, cloud) = (Host::new(rule.clone()), Host::new(rule));
    run(&controller.url, &cloud.url)
}

/// Runs that mostly wait.
fn at_once<const N: usize>(runs: [fn() -> Ended; N]) {
    thread::scope(|scope| {
        runs.into_iter().for_each(|run| drop(scope.spawn(run)));
    });
}

/// Sends a byte each 50 ms: every single wait is short.
fn drip(first: &'static str, then: &'static [u8]) -> Reply {
    Box::new(move |out| {
        out.write_all(first.as_bytes())?;
        for byte in then.iter().cycle() {
            out.write_all(&[*byte])?;
            out.flush()?;
            pause(Duration::from_millis(50));
        }
        Ok(())
    })
}

#[test]
fn bodies_that_drip_end_with_the_deadline() {
    served(|_| drip("HTTP/1.1 200 OK\r\nX-Jenkins: 2.578\r\nContent-Length: 100000\r\n\r\n", b" "));
}

#[test]
fn chunks_that_drip_end_with_the_deadline() {
    served(|_| drip("HTTP/1.1 200 OK\r\nX-Jenkins: 2.578\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"));
}

#[test]
fn headers_that_drip_end_with_the_deadline() {
    at_once([|| served(|_| drip("HTTP/1.1 200 OK\r\n", b"X-Drop: 1\r\n")), || served(|_| drip("", b"HTTP"))]);
}

#[test]
fn silence_ends_with_the_deadline() {
    served(|_| {
        Box::new(|_| {
            pause(NEVER * 3);
            Ok(())
        })
    });
}

#[test]
fn a_handshake_that_never_comes_ends_with_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("https://{}", silent.local_addr().expect("its address"));
    run(&url, &url);
}

#[test]
fn services_that_ask_for_patience_or_hang_up_get_none_beyond_the_deadline() {
    at_once([
        || served(|_| whole(429, &[JENKINS, ("Retry-After", "1")], b"")),
        || served(|_| whole(503, &[JENKINS, ("Retry-After", "99999999999999999999")], b"")),
        || served(|_| whole(503, &[JENKINS, ("Retry-After", "18446744073709551615")], b"")),
        || served(|_| bytes(b"HTTP/1.1 200".to_vec())),
        || served(|_| Box::new(|_: &mut dyn Write| Err(std::io::ErrorKind::Other.into()))),
    ]);
}
