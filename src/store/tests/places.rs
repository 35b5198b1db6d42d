//! Links, second names, and what is no file.

use super::*;

#[test]
fn s10_a_lock_that_is_a_link_or_a_second_name_of_a_file_is_refused_and_its_target_stays_as_it_is() {
    let (dir, path) = folder();
    let (lock, other) = (dir.path().join("state.json.lock"), dir.path().join("other"));
    for target in ["other", "missing"] {
        fs::write(&other, "whole").unwrap();
        symlink(target, &lock).unwrap();
        let error = Store::lock(&path).unwrap_err().to_string();
        assert!(error.ends_with("state.json.lock: it is not a regular file"), "{error}");
        fs::remove_file(&lock).unwrap();
    }
    fs::hard_link(&other, &lock).unwrap();
    let error = Store::lock(&path).unwrap_err().to_string();
    assert!(error.contains("has a second name"), "{error}");
    assert_eq!(fs::read_to_string(&other).unwrap(), "whole");
    assert_eq!(names(&dir), ["other", "state.json.lock"]);
}

#[test]
fn s10_a_published_file_replaces_a_link_and_not_its_target() {
    let (dir, path) = folder();
    fs::write(&path, "state").unwrap();
    let page = dir.path().join("page.html");
    for target in ["state.json", "missing"] {
        symlink(target, &page).unwrap();
        publish(&page, b"page").unwrap();
        assert!(page.symlink_metadata().unwrap().is_file());
        fs::remove_file(&page).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "state");
    symlink("/dev/null", &page).unwrap();
    assert!(publish(&page, b"page").is_err());
    assert!(page.symlink_metadata().unwrap().is_symlink());
}

#[test]
fn what_is_no_file_is_neither_waited_for_nor_read() {
    let (dir, path) = folder();
    for suffix in ["", ".history"] {
        let pipe = dir.path().join(format!("state.json{suffix}"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        match suffix {
            "" => assert!(matches!(load_only(&path, &us()), Err(StoreError::NotAFile(_)))),
            _ => assert_eq!(history_of(&path, &owner()), crate::domain::history::History::new(owner())),
        }
        fs::remove_file(&pipe).unwrap();
    }
    let pipe = dir.path().join("state.json.lock");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(Store::lock(&path).is_err());
}

#[test]
fn s10_whoever_owns_a_folder_or_a_link_on_the_way_or_the_file_is_found() {
    let (dir, path) = folder();
    assert_eq!(owners(&path).unwrap().len(), usize::from(!nix::unistd::geteuid().is_root()));
    let (theirs, link) = (dir.path().join("theirs"), dir.path().join("link"));
    fs::create_dir(&theirs).unwrap();
    symlink("theirs", &link).unwrap();
    if std::os::unix::fs::chown(&theirs, Some(4711), Some(4712)).is_err() {
        return println!("skipped: only root can give a folder to another user");
    }
    std::os::unix::fs::lchown(&link, Some(4713), None).unwrap();
    assert_eq!(owners(&theirs.join("state.json")).unwrap(), [4711].into());
    assert_eq!(owners(&link.join("missing/state.json")).unwrap(), [4711, 4713].into());
    fs::write(&path, "").unwrap();
    std::os::unix::fs::chown(&path, Some(4714), None).unwrap();
    assert_eq!(owners(&path).unwrap(), [4714].into());
    let error = Store::lock(&link.join("state.json")).unwrap_err().to_string();
    assert!(error.contains("a link of user 4713 is on the way"), "{error}");
    assert!(publish(&link.join("page.html"), b"").is_err());
}
