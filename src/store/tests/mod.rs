//! The state file and its lock: what is read, kept, replaced and refused.

mod places;

use super::place::{LastLink, Place};
use super::state::LARGEST;
use super::*;
use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{MitaId, NodeTypeName, Owner, ProviderName};
use crate::domain::state::{Credit, NodeMemory, Origin, Restart, ServerMemory, Session, State};
use crate::secret::Secret;
use jiff::{SignedDuration, Timestamp};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const NOW: &str = "2026-11-21T23:30:12Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn owner() -> Owner {
    Owner::new("ceph-ci").unwrap()
}

fn us() -> Installation {
    let former = vec![Controller::at("https://old.example.com/ci/")];
    Installation { owner: owner(), controller: Controller::at("https://ci.example.com/"), former }
}

fn folder() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    (dir, path)
}

fn state() -> State {
    let mut state = State::new(owner());
    state.last_run = Some(now());
    state.servers.insert(
        MitaId::from("20261121T233012Z-1"),
        ServerMemory {
            fault: Some("No valid host was found".to_owned()),
            ..ServerMemory::new(
                NodeTypeName::from("ubuntu"),
                ProviderName::from("openstack"),
                "ubuntu".to_owned(),
                now(),
                Origin::Ordered(1),
            )
        },
    );
    state
}

fn names(dir: &TempDir) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn known(loaded: Loaded) -> State {
    match loaded {
        Loaded::Known(state) => *state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_run_of_an_installation_finds_nothing() {
    let (_dir, path) = folder();
    assert!(matches!(Store::lock(&path).unwrap().load(&us(), now()), Ok(Loaded::Fresh)));
    assert!(matches!(load_only(&path, &us()), Ok(Loaded::Fresh)));
}

#[test]
fn a_dry_run_needs_no_folder_and_makes_none() {
    let (dir, _) = folder();
    assert!(matches!(load_only(&dir.path().join("missing/state.json"), &us()), Ok(Loaded::Fresh)));
    assert!(names(&dir).is_empty());
}

#[test]
fn what_was_saved_is_what_the_next_run_knows() {
    let (dir, path) = folder();
    let mut store = Store::lock(&path).unwrap();
    store.save(&State::new(owner())).unwrap();
    store.save(&state()).unwrap();
    assert_eq!(known(store.load(&us(), now()).unwrap()), state());
    assert_eq!(known(load_only(&path, &us()).unwrap()), state());
    assert_eq!(names(&dir), ["state.json", "state.json.lock"]);
}

#[test]
fn the_file_is_private_and_readable_by_a_person() {
    let (_dir, path) = folder();
    Store::lock(&path).unwrap().save(&state()).unwrap();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("{\n  \"version\": 1,\n  \"owner\": \"ceph-ci\",\n"), "{text}");
    assert!(text.ends_with("}\n"), "{text}");
}

#[test]
fn s6_a_file_that_cannot_be_read_is_set_aside_whatever_is_wrong_with_it() {
    let whole = serde_json::to_vec(&state()).unwrap();
    let damaged: [(&str, &[u8], &str); 9] = [
        ("empty", b"", "it is empty"),
        ("truncated", &whole[..whole.len() / 2], "EOF while parsing"),
        ("zeros after a power cut", &[0; 512], "expected value"),
        ("not UTF-8", b"{\"version\":1,\"owner\":\"ceph-ci\",\"fingerprint\":\"\xff\"}", "invalid unicode"),
        ("not JSON", b"<html>", "expected value"),
        ("a list", b"[]", "invalid length 0"),
        ("no version", b"{}", "missing field `version`"),
        ("wrong types", b"{\"version\":1,\"owner\":\"ceph-ci\",\"servers\":[]}", "expected a map"),
        ("a version that never was", b"{\"version\":0,\"owner\":\"ceph-ci\"}", "never was a version 0"),
    ];
    for (what, content, reason) in damaged {
        let (dir, path) = folder();
        fs::write(&path, content).unwrap();
        match load_only(&path, &us()).unwrap() {
            Loaded::Unreadable { why } => assert!(why.contains(reason), "{what}: {why}"),
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(names(&dir), ["state.json"], "{what}: a dry run renames nothing");
        let mut store = Store::lock(&path).unwrap();
        match store.load(&us(), now()).unwrap() {
            Loaded::SetAside { to, why, since, older } => {
                assert_eq!((since, older.removed), (now(), 0), "{what}");
                assert!(why.contains(reason), "{what}: {why}");
                assert_eq!(to, dir.path().join("state.json.unreadable-20261121T233012Z"), "{what}");
                assert_eq!(fs::read(&to).unwrap(), content, "{what}");
            }
            other => panic!("{what}: {other:?}"),
        }
        let forgotten = State::after_loss(owner(), now(), now());
        assert_eq!(known(store.load(&us(), now()).unwrap()), forgotten, "{what}: what comes next knows of it");
        store.save(&state()).unwrap();
        assert_eq!(known(store.load(&us(), now()).unwrap()), state(), "{what}");
    }
}

#[test]
fn a_file_too_large_to_be_ours_is_set_aside_unread() {
    let (_dir, path) = folder();
    File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
    let loaded = Store::lock(&path).unwrap().load(&us(), now()).unwrap();
    assert!(matches!(&loaded, Loaded::SetAside { why, .. } if why == "it is larger than 256 MiB"), "{loaded:?}");
}

#[test]
fn nothing_that_was_set_aside_is_ever_overwritten() {
    let (dir, path) = folder();
    let mut store = Store::lock(&path).unwrap();
    for content in ["first", "second", "third"] {
        fs::write(&path, content).unwrap();
        assert!(matches!(store.load(&us(), now()), Ok(Loaded::SetAside { .. })));
    }
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("state.json.unreadable-20261121T233012Z"), "first");
    assert_eq!(read("state.json.unreadable-20261121T233012Z-1"), "second");
    assert_eq!(read("state.json.unreadable-20261121T233012Z-2"), "third");
}

#[test]
fn a_newer_version_is_refused_and_left_untouched_whatever_else_it_holds() {
    for content in [
        r#"{"version":2,"owner":"ceph-ci","servers":[1,2]}"#,
        r#"{"servers":"elsewhere","owner":{"name":"ceph-ci"},"version":2}"#,
        r#"{"version":2,"owner":"somebody-else"}"#,
    ] {
        let (dir, path) = folder();
        fs::write(&path, content).unwrap();
        let mut store = Store::lock(&path).unwrap();
        for loaded in [store.load(&us(), now()), load_only(&path, &us())] {
            assert!(matches!(loaded, Err(StoreError::Newer { version: 2, .. })), "{loaded:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(names(&dir), ["state.json", "state.json.lock"]);
    }
}

#[test]
fn the_state_of_another_owner_is_refused_and_left_untouched() {
    let (dir, path) = folder();
    let theirs = serde_json::to_string(&State { owner: Owner::new("other-ci").unwrap(), ..state() }).unwrap();
    fs::write(&path, &theirs).unwrap();
    let mut store = Store::lock(&path).unwrap();
    for loaded in [store.load(&us(), now()), load_only(&path, &us())] {
        assert!(matches!(&loaded, Err(StoreError::OtherOwner { found, .. }) if found == "other-ci"), "{loaded:?}");
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
    assert_eq!(names(&dir), ["state.json", "state.json.lock"]);
}

#[test]
fn s2_the_state_of_another_controller_is_refused_and_left_untouched_whatever_else_it_holds() {
    let with = |more: &str| format!(r#"{{"version":1,"owner":"ceph-ci","controller":"staging.example.com",{more}}}"#);
    let seen = r#""nodes":{"vault":{"first_seen":1}}"#;
    let other_owner = with(seen).replace("ceph-ci", "other-ci");
    for theirs in [with(seen), with(r#""servers":[1,2]"#), other_owner] {
        let (dir, path) = folder();
        fs::write(&path, &theirs).unwrap();
        let mut store = Store::lock(&path).unwrap();
        for loaded in [store.load(&us(), now()), load_only(&path, &us())] {
            let error = loaded.unwrap_err();
            assert!(matches!(error, StoreError::OtherController { .. }), "{error:?}");
            let text = error.to_string();
            assert!(text.contains("staging.example.com") && text.contains("jenkins.former_urls"), "{text}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), theirs);
        assert_eq!(names(&dir), ["state.json", "state.json.lock"]);
    }
}

#[test]
fn a_state_that_has_nothing_of_ours_binds_neither_owner_nor_controller() {
    let staging = Some(Controller::at("https://staging.example.com/"));
    let empty = State { controller: staging.clone(), run: 3, last_run: Some(now()), ..State::new(us().owner) };
    let other_owner = State { owner: Owner::new("other-ci").unwrap(), ..empty.clone() };
    let here = State { controller: Some(us().controller), ..other_owner.clone() };
    let nodes = || [("vault".into(), NodeMemory::default())].into_iter().collect();
    for (theirs, is_taken) in [
        (empty.clone(), true),
        (other_owner, true),
        (here.clone(), true),
        (State { nodes: nodes(), ..here.clone() }, true),
        (State { nodes: nodes(), ..empty.clone() }, false),
        (State { servers: state().servers, ..here.clone() }, false),
        (State { settling: State::after_loss(us().owner, now(), now()).settling, ..here }, false),
    ] {
        let (_dir, path) = folder();
        fs::write(&path, serde_json::to_string(&theirs).unwrap()).unwrap();
        let loaded = Store::lock(&path).unwrap().load(&us(), now());
        assert_eq!(matches!(loaded, Ok(Loaded::Fresh)), is_taken, "{theirs:?}: {loaded:?}");
    }
}

#[test]
fn the_state_of_this_controller_is_read_under_each_of_its_names() {
    let names = [None, Some("https://CI.example.com:443/"), Some("ci.example.com"), Some("old.example.com/ci")];
    for controller in names {
        let (_dir, path) = folder();
        let state = State { controller: controller.map(Controller::at), ..state() };
        let mut store = Store::lock(&path).unwrap();
        store.save(&state).unwrap();
        assert_eq!(known(store.load(&us(), now()).unwrap()), state, "{controller:?}");
    }
}

#[test]
fn a_read_that_the_system_refuses_is_an_error_and_no_reason_to_forget() {
    let (dir, path) = folder();
    fs::write(&path, "").unwrap();
    let error = load_only(&path.join("state.json"), &us()).unwrap_err();
    assert!(matches!(error, StoreError::Io { attempt: Attempt::Read, .. }), "{error:?}");
    fs::create_dir(dir.path().join("folder")).unwrap();
    let error = load_only(&dir.path().join("folder"), &us()).unwrap_err();
    assert!(matches!(error, StoreError::NotAFile(_)), "{error:?}");
}

#[test]
fn a_save_that_fails_half_way_leaves_the_old_state_whole() {
    let (dir, path) = folder();
    fs::write(&path, "old").unwrap();
    let place = Place::of(&path, LastLink::Follow).unwrap();
    let error = place
        .replace(|file| {
            file.write_all(b"ne")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        })
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(&dir), ["state.json"]);
}

#[test]
fn a_save_into_a_folder_that_went_away_says_where() {
    let (dir, _) = folder();
    let path = dir.path().join("mita/state.json");
    let mut store = Store::lock(&path).unwrap();
    fs::remove_dir_all(dir.path().join("mita")).unwrap();
    let error = store.save(&state()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write the state file {}: No such file", path.display())), "{error}");
}

#[test]
fn what_a_crashed_run_left_half_written_is_removed_and_nothing_else() {
    let (dir, path) = folder();
    for name in [".state.json.aBc123.tmp", ".state.json.keep", ".other.json.aBc123.tmp", "state.json.tmp"] {
        fs::write(dir.path().join(name), "half").unwrap();
    }
    fs::create_dir(dir.path().join(".state.json.folder.tmp")).unwrap();
    load_only(&path, &us()).unwrap();
    assert_eq!(names(&dir).len(), 5, "a dry run removes nothing");
    Store::lock(&path).unwrap();
    assert_eq!(
        names(&dir),
        [".other.json.aBc123.tmp", ".state.json.folder.tmp", ".state.json.keep", "state.json.lock", "state.json.tmp"]
    );
}

#[test]
fn a_symbolic_link_is_written_through_and_stays_a_link() {
    let (dir, _) = folder();
    fs::create_dir(dir.path().join("disk")).unwrap();
    let link = dir.path().join("link.json");
    symlink("disk/state.json", &link).unwrap();
    let mut store = Store::lock(&link).unwrap();
    assert!(matches!(store.load(&us(), now()), Ok(Loaded::Fresh)));
    store.save(&state()).unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert!(dir.path().join("disk/state.json").symlink_metadata().unwrap().is_file());
    assert_eq!(known(load_only(&link, &us()).unwrap()), state());
}

#[test]
fn a_device_is_neither_read_nor_replaced() {
    let (dir, _) = folder();
    let link = dir.path().join("state.json");
    symlink("/dev/full", &link).unwrap();
    assert!(matches!(load_only(&link, &us()), Err(StoreError::NotAFile(_))));
    assert!(replace_file(Path::new("/dev/full"), b"").is_err());
    assert!(!fs::metadata("/dev/full").unwrap().is_file());
}

#[test]
fn a_ring_of_links_is_an_error() {
    let (dir, path) = folder();
    symlink(dir.path().join("b"), &path).unwrap();
    symlink(&path, dir.path().join("b")).unwrap();
    assert!(load_only(&path, &us()).unwrap_err().to_string().ends_with("too many symbolic links"));
}

#[test]
fn s9_no_secret_reaches_the_file_and_no_name_is_bent_by_one() {
    let (_dir, path) = folder();
    let _token = Secret::new("kept-out-of-the-state");
    let _password_like_a_name = Secret::new("stack-4711");
    let mut state = state();
    for server in state.servers.values_mut() {
        server.provider = ProviderName::from("stack-4711");
        server.fault = Some("rejected kept-out-of-the-state".to_owned());
    }
    state.notified.insert("refused kept-out-of-the-state".to_owned(), now());
    let mut store = Store::lock(&path).unwrap();
    store.save(&state).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("kept-out-of-the-state"), "{text}");
    assert!(text.contains("rejected [secret]"), "{text}");
    let loaded = known(store.load(&us(), now()).unwrap());
    assert_eq!(loaded.servers.values().next().unwrap().provider, ProviderName::from("stack-4711"));
}

#[test]
fn s6_a_state_with_numbers_that_no_run_could_go_on_from_is_set_aside() {
    type Damage = fn(&mut State);
    let damages: [Damage; 5] = [
        |state| state.run = u64::MAX,
        |state| state.servers.values_mut().for_each(|server| server.gone_sightings = u32::MAX),
        |state| {
            let credit = Credit { credit: jiff::SignedDuration::MAX, ..Credit::begin(now()) };
            state.servers.values_mut().for_each(|server| server.missing = Some(credit).into());
        },
        |state| {
            let credit = Credit { credit: jiff::SignedDuration::from_secs(-1), ..Credit::begin(now()) };
            state.servers.values_mut().for_each(|server| server.stopped = Some(credit).into());
        },
        |state| {
            let ago = Credit { credit: jiff::SignedDuration::MAX, ..Credit::begin(now()) };
            let restart = Some(Restart { listed: now(), before: Vec::new(), ago });
            state.session = Some(Session { restart, ..Session::default() });
        },
    ];
    for damage in damages {
        let (_dir, path) = folder();
        let mut store = Store::lock(&path).unwrap();
        let mut damaged = state();
        damage(&mut damaged);
        store.save(&damaged).unwrap();
        let loaded = store.load(&us(), now()).unwrap();
        assert!(
            matches!(&loaded, Loaded::SetAside { why, .. } if why.contains("none that a run can have written")),
            "{loaded:?}"
        );
    }
}

#[test]
fn of_files_that_were_set_aside_the_last_ones_and_the_first_one_of_the_story_are_kept() {
    let (dir, path) = folder();
    let mut store = Store::lock(&path).unwrap();
    fs::write(dir.path().join("state.json.unreadable-20200101T000000Z"), "an old story").unwrap();
    fs::write(dir.path().join("state.json.unreadable-by-hand"), "a person's").unwrap();
    let mut told = Vec::new();
    for minute in 0..40 {
        fs::write(&path, format!("damaged {minute}")).unwrap();
        let at = now() + SignedDuration::from_mins(minute);
        match store.load(&us(), at).unwrap() {
            Loaded::SetAside { since, older, .. } => {
                assert_eq!((since, older.left.len()), (now(), 0), "{minute}");
                told.push(older.removed);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told[..6], [0, 0, 1, 0, 1, 1]);
    let kept: Vec<String> = names(&dir).into_iter().filter(|name| name.contains("unreadable")).collect();
    assert_eq!(
        kept,
        [
            "state.json.unreadable-20261121T233012Z",
            "state.json.unreadable-20261122T000712Z",
            "state.json.unreadable-20261122T000812Z",
            "state.json.unreadable-20261122T000912Z",
            "state.json.unreadable-by-hand",
        ]
    );
}
