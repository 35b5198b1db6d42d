//! Names taken apart and put together again.

use crate::domain::names::*;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_name_is_taken_apart_at_its_last_plus_if_an_address_follows() {
    for (name, base, address) in [
        ("ubuntu+192.168.1.188", "ubuntu", "192.168.1.188"),
        ("ubuntu+large+10.0.0.1", "ubuntu+large", "10.0.0.1"),
        ("20261121T233012Z-1+10.0.0.1", "20261121T233012Z-1", "10.0.0.1"),
        ("ubuntu+2001-db8--1", "ubuntu", "2001:db8::1"),
        ("ubuntu+2001-DB8-0-0-0-0-0-01", "ubuntu", "2001:db8::1"),
        ("ubuntu+fe80--1", "ubuntu", "fe80::1"),
        ("ubuntu+fe80--", "ubuntu", "fe80::"),
        ("ubuntu+--1", "ubuntu", "::1"),
        ("ubuntu+--ffff-1.2.3.4", "ubuntu", "::ffff:1.2.3.4"),
        ("+10.0.0.1", "", "10.0.0.1"),
    ] {
        assert_eq!(NodeName::from(name).convention(), Convention { base, ip: Some(ip(address)) }, "{name}");
    }
}

#[test]
fn any_other_name_is_a_base_without_an_address() {
    for name in [
        "ubuntu",
        "",
        "+",
        "ubuntu+",
        "ubuntu+large",
        "192.168.1.188",
        "2001-db8--1",
        "ubuntu+192.168.1.188+x",
        "ubuntu+192.168.1",
        "ubuntu+192.168.1.256",
        "ubuntu+192.168.1.08",
        "ubuntu+192-168-1-188",
        "ubuntu+2001:db8::1",
        "ubuntu+2001-db8",
        "ubuntu+2001--db8--1",
        "ubuntu+fe80--1 ",
    ] {
        assert_eq!(NodeName::from(name).convention(), Convention { base: name, ip: None }, "{name}");
    }
}

#[test]
fn the_two_families_of_one_address_are_two_addresses() {
    let plain = NodeName::from("ubuntu+1.2.3.4");
    let mapped = NodeName::from("ubuntu+--ffff-1.2.3.4");
    assert_ne!(plain.convention().ip, mapped.convention().ip);
}

#[test]
fn a_node_name_is_written_with_dashes() {
    assert_eq!(node_name("ubuntu", ip("192.168.1.188")).as_str(), "ubuntu+192.168.1.188");
    assert_eq!(node_name("ubuntu", ip("2001:DB8:0::1")).as_str(), "ubuntu+2001-db8--1");
}

#[test]
fn what_stands_before_the_first_plus_is_found_whatever_follows() {
    for (name, before) in
        [("ubuntu+large+10.0.0.1", "ubuntu"), ("ubuntu+x", "ubuntu"), ("ubuntu", "ubuntu"), ("+x", "")]
    {
        assert_eq!(NodeName::from(name).before_plus(), before);
    }
}

#[test]
fn an_order_is_named_by_its_time_and_number() {
    let now: Timestamp = "2026-11-21T23:30:12.987Z".parse().unwrap();
    let id = MitaId::new(now, 1);
    assert_eq!(id.as_str(), "20261121T233012Z-1");
    assert_eq!(id.ordered_at(), Some("2026-11-21T23:30:12Z".parse().unwrap()));
}

#[test]
fn only_an_id_of_our_making_tells_a_time() {
    for text in [
        "",
        "ubuntu",
        "20261121T233012Z",
        "20261121T233012Z-",
        "20261121T233012Z-01",
        "20261121T233012Z-+1",
        "20261121T233012Z--1",
        "20261121T233012Z-4294967296",
        "20261321T233012Z-1",
        "20261121T233012-1",
        "2026-11-21T23:30:12Z-1",
        "20261121T233012.5Z-1",
        "20261121T233012+00-1",
        "20261121t233012z-1",
        " 20261121T233012Z-1",
    ] {
        assert_eq!(MitaId::from(text).ordered_at(), None, "{text:?}");
    }
}

#[test]
fn an_owner_has_only_characters_that_need_no_quoting() {
    for name in ["ceph-ci", "jenkins.example.com:8443/ci_2", "A"] {
        assert_eq!(Owner::new(name).unwrap().as_str(), name);
    }
    assert_eq!(Owner::new(""), Err(OwnerError::Empty));
    assert_eq!(Owner::new("ceph ci"), Err(OwnerError::Character(' ')));
    assert_eq!(Owner::new("céph"), Err(OwnerError::Character('é')));
    assert_eq!(Owner::new("a\n"), Err(OwnerError::Character('\n')));
    assert_eq!(Owner::new("x".repeat(256)), Err(OwnerError::TooLong(256)));
    assert!(Owner::new("x".repeat(255)).is_ok());
}

#[test]
fn a_stored_owner_is_checked_too() {
    let owner: Owner = serde_json::from_str(r#""ceph-ci""#).unwrap();
    assert_eq!(serde_json::to_string(&owner).unwrap(), r#""ceph-ci""#);
    let error = serde_json::from_str::<Owner>(r#""ceph ci""#).unwrap_err().to_string();
    assert!(error.starts_with("owner contains ' ': "), "{error}");
}

#[test]
fn the_owner_of_an_unnamed_installation_is_host_and_path_of_its_jenkins() {
    for (url, owner) in [
        ("https://jenkins.example.com/", "jenkins.example.com"),
        ("https://jenkins.example.com", "jenkins.example.com"),
        ("http://Jenkins.Example.com:8080/CI/a_b//", "jenkins.example.com:8080/CI/a_b"),
        ("https://ann:p@ss:w@jenkins.example.com/ci?x=/y#z", "jenkins.example.com/ci"),
        ("jenkins.example.com/ci", "jenkins.example.com/ci"),
        ("https://jenkins.example.com/a b/%C3%A9/é@1", "jenkins.example.com/a-b/-C3-A9/--1"),
        ("http://[2001:db8::1]:8080/ci", "-2001:db8::1-:8080/ci"),
        ("http://[2001:db8::1]", "-2001:db8::1-"),
        (" http://localhost/\n", "localhost"),
    ] {
        assert_eq!(Owner::from_jenkins_url(url).unwrap().as_str(), owner, "{url}");
    }
}

#[test]
fn a_url_without_a_plain_host_gives_no_owner_and_betrays_no_password() {
    for url in ["", "https://", "https:///ci", "https://:8080/", "https://ann:se/cret@jenkins.example.com/", "h:80x/"] {
        assert_eq!(Owner::from_jenkins_url(url), Err(OwnerError::NoHost), "{url}");
    }
    let long = format!("https://jenkins.example.com/{}", "x".repeat(255));
    assert_eq!(Owner::from_jenkins_url(&long), Err(OwnerError::TooLong(275)));
}

#[test]
fn names_are_plain_text_in_json_and_pad_in_tables() {
    let name = NodeName::from("ubuntu+10.0.0.1");
    assert_eq!(serde_json::to_string(&name).unwrap(), r#""ubuntu+10.0.0.1""#);
    assert_eq!(format!("{:>6}|", NodeTypeName::from("sles")), "  sles|");
    assert_eq!(ServerId::from(String::from("a")).as_ref(), "a");
}

#[test]
fn an_id_of_openstack_has_thirty_two_hexadecimal_digits() {
    assert!(is_uuid("7916ff6a-6887-42d7-8e19-58c214755a1d"));
    assert!(is_uuid("7916ff6a688742d78e1958c214755a1d"));
    assert!(!is_uuid("Debian 12"));
    assert!(!is_uuid("7916ff6a-6887-42d7-8e19-58c214755a1g"));
}

proptest! {
    #[test]
    fn a_name_made_by_the_convention_is_taken_apart_again(base in ".*", ip: IpAddr) {
        let name = node_name(&base, ip);
        prop_assert_eq!(name.convention(), Convention { base: &base, ip: Some(ip) });
    }

    #[test]
    fn a_name_loses_nothing_when_it_is_taken_apart(name in "[a-f0-9.+:-]{0,24}|.*") {
        let name = NodeName::from(name);
        match name.convention() {
            Convention { base, ip: Some(ip) } => {
                let again = node_name(base, ip);
                prop_assert_eq!(again.convention(), name.convention());
            }
            Convention { base, ip: None } => prop_assert_eq!(base, name.as_str()),
        }
    }

    #[test]
    fn an_id_tells_its_second(second in 0..253_402_300_799_i64, nanosecond in 0..1_000_000_000_i32, ordinal: u32) {
        let now = Timestamp::new(second, nanosecond).unwrap();
        let ordered_at = MitaId::new(now, ordinal).ordered_at();
        prop_assert_eq!(ordered_at, Some(Timestamp::from_second(second).unwrap()));
    }

    #[test]
    fn an_owner_from_a_url_is_a_valid_owner(url in ".*|https?://.{0,30}") {
        if let Ok(owner) = Owner::from_jenkins_url(&url) {
            prop_assert_eq!(Owner::new(owner.as_str()), Ok(owner));
        }
    }
}
