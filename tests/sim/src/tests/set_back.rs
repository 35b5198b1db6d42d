//! A world that is set back to an earlier moment.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::client::Client;
use crate::{Fault, Kind, Service};

const DETAIL: &str = "/compute/v2.1/servers/detail";

#[test]
fn everything_is_as_it_was() {
    let c = Client::new();
    let revoke = Kind::Before(Box::new(|world| world.cloud("openstack").revoke_tokens()));
    c.sim.fault(Fault::new(Service::Nova, revoke).path("detail").after(1));
    let earlier = c.sim.world().clone();
    let statuses = || [c.cloud("GET", DETAIL).status, c.cloud("GET", DETAIL).status];
    for _ in 0..2 {
        c.ordered("x", "1");
        c.sim.advance(Duration::from_secs(60));
        assert_eq!(statuses(), [200, 401]);
        c.sim.set_back(&earlier);
        let world = c.sim.world();
        assert_eq!((world.now(), world.log.len()), (earlier.now(), earlier.log.len()));
        assert!(world.clouds["openstack"].servers.is_empty());
    }
}

#[test]
fn a_request_from_before_has_no_effect() {
    let c = Client::new();
    let earlier = c.sim.world().clone();
    let host = c.cloud_root().strip_prefix("http://").unwrap().to_owned();
    let mut connection = TcpStream::connect(&host).unwrap();
    connection.write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    assert!(connection.read(&mut [0; 1000]).unwrap() > 0);
    c.sim.set_back(&earlier);
    connection.write_all(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(connection.read(&mut [0; 1000]).unwrap(), 0, "it is closed without an answer");
    assert_eq!(c.sim.requests().len(), earlier.log.len());
}
