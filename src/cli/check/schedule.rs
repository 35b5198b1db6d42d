//! Checks whether the deadline is shorter than the interval at which cron or systemd starts mita on this machine, and whether
//! cron starts it twice.
//!
//! Only entries in usual forms are understood, in files that this user can read; any other entry gives no warning.

use crate::cli::args::config_in;
use crate::config::Config;
use crate::domain::format::span;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where entries of cron are; a folder stands for its files.
const CRONTABS: [&str; 3] = ["etc/crontab", "etc/cron.d", "var/spool/cron/crontabs"];

/// Where the timer is; one in `/etc` replaces the one of the package.
const TIMERS: [&str; 2] = ["etc/systemd/system/mita.timer", "usr/lib/systemd/system/mita.timer"];

/// The warnings about entries below `root`: that they start mita twice, else that an interval is shorter than the deadline.
pub(super) fn warnings(config: &Config, root: &Path) -> Vec<String> {
    let crontabs = crontabs(root);
    let doubled = doubled(&crontabs, &config.path);
    if !doubled.is_empty() {
        return doubled.into_iter().map(|text| format!("{}: {text}", config.path.display())).collect();
    }
    let entries = crontabs.into_iter().chain(timer(root));
    let intervals = entries.filter_map(|(path, text)| Some((interval(&path, &text, &config.path)?, path)));
    let too_short = intervals.filter(|(interval, _)| *interval < config.deadline).min();
    let text = too_short.map(|(interval, path)| {
        format!(
            "{}: deadline: a run may take {}, and {} starts one every {}: a run that finds another one active ends with \
             status 4; write a shorter deadline",
            config.path.display(),
            span(config.deadline),
            path.display(),
            span(interval)
        )
    });
    text.into_iter().collect()
}

/// Entries that start mita at the same moment: a line that stands in a file twice, and files that have entries both. A line
/// that names no configuration may be of another one than a line that names this one.
fn doubled(crontabs: &[(PathBuf, String)], config: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut files: BTreeMap<bool, Vec<String>> = BTreeMap::new();
    for (path, text) in crontabs {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| of_cron(line, config).is_some()).collect();
        let twice = lines.iter().enumerate().find(|(index, line)| lines[..*index].contains(line));
        if let Some((_, line)) = twice {
            found.push(format!("{} starts mita with the same line twice: remove one of {line:?}", path.display()));
        }
        let names_it: BTreeSet<bool> = lines.iter().map(|line| config_in(line.split_whitespace()).is_some()).collect();
        names_it.into_iter().for_each(|names| files.entry(names).or_default().push(path.display().to_string()));
    }
    for files in files.into_values().filter(|files| files.len() > 1) {
        found.push(format!("{} each start mita: leave the entries in one of them", files.join(" and ")));
    }
    found
}

/// cron reads no file of a folder that has a dot or a tilde in its name.
fn crontabs(root: &Path) -> Vec<(PathBuf, String)> {
    let is_read = |path: &PathBuf| path.file_name().is_some_and(|name| !name.to_string_lossy().contains(['.', '~']));
    let files = CRONTABS.iter().flat_map(|name| {
        let path = root.join(name);
        let inside =
            fs::read_dir(&path).map(|entries| entries.flatten().map(|entry| entry.path()).filter(is_read).collect());
        inside.unwrap_or_else(|_| vec![path])
    });
    files.filter_map(|path| Some((path.clone(), fs::read_to_string(&path).ok()?))).collect()
}

fn timer(root: &Path) -> Option<(PathBuf, String)> {
    TIMERS.iter().map(|name| root.join(name)).find_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
}

fn interval(path: &Path, text: &str, config: &Path) -> Option<SignedDuration> {
    if path.extension().is_some_and(|extension| extension == "timer") {
        return text.lines().filter_map(of_timer).min();
    }
    let minutes: Vec<i64> = text.lines().filter_map(|line| of_cron(line, config)).collect();
    // Several entries for each minute start it at several seconds.
    let each_minute = minutes.iter().filter(|minutes| **minutes == 1).count().max(1);
    let shortest = SignedDuration::from_mins(*minutes.iter().min()?);
    Some(shortest / i32::try_from(each_minute).ok()?)
}

/// The minutes between two runs of a line of a crontab that starts mita with this configuration.
fn of_cron(line: &str, config: &Path) -> Option<i64> {
    let line = line.trim();
    let starts_mita = !line.starts_with('#') && line.contains("mita") && line.contains(" reconcile");
    let same = |named: &str| Path::new(named).canonicalize().ok() == config.canonicalize().ok();
    if !starts_mita || config_in(line.split_whitespace()).is_some_and(|named| !same(named)) {
        return None;
    }
    match line.split_whitespace().next()? {
        "*" => Some(1),
        step => step.strip_prefix("*/")?.parse().ok(),
    }
}

fn of_timer(line: &str) -> Option<SignedDuration> {
    let (key, value) = line.split_once('=')?;
    match key.trim() {
        "OnUnitActiveSec" | "OnUnitInactiveSec" => {
            value.trim().parse().ok().or_else(|| Some(SignedDuration::from_secs(value.trim().parse().ok()?)))
        }
        "OnCalendar" => of_calendar(value.trim()),
        _ => None,
    }
}

/// `minutely`, or `*:*:SECONDS` and `*:0/MINUTES` with an optional date of stars.
fn of_calendar(value: &str) -> Option<SignedDuration> {
    if value == "minutely" {
        return Some(SignedDuration::from_mins(1));
    }
    let time = value.strip_prefix("*-*-* ").unwrap_or(value).strip_prefix("*:")?;
    match time.split_once(':') {
        Some(("*", seconds)) => between(seconds).map(SignedDuration::from_secs),
        None => between(time).map(SignedDuration::from_mins),
        Some(_) => None,
    }
}

/// The distance between the values of a list or of a step, in a field that counts to 60.
fn between(field: &str) -> Option<i64> {
    if let Some((_, step)) = field.split_once('/') {
        return step.parse().ok();
    }
    let values: Vec<i64> = field.split(',').map(str::parse).collect::<Result<_, _>>().ok()?;
    let next = values.iter().skip(1).copied().chain([values[0] + 60]);
    values.iter().zip(next).map(|(value, next)| next - value).min().filter(|gap| *gap > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(file: &str, text: &str, deadline: i64) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.deadline = SignedDuration::from_secs(deadline);
        warnings(&config, root.path())
    }

    #[test]
    fn a_deadline_longer_than_the_interval_of_cron_is_a_warning() {
        for (text, longest) in [
            ("* * * * *  mita reconcile", 60),
            ("*/5 * * * * mita /usr/bin/mita -v reconcile --config examples/mita.toml", 300),
            ("* * * * * sleep 10; mita reconcile\n* * * * * sleep 40; mita reconcile", 30),
        ] {
            for file in ["etc/crontab", "etc/cron.d/mita", "var/spool/cron/crontabs/mita"] {
                assert_eq!(warned(file, text, longest), [""; 0], "{text}");
                let warned = warned(file, text, longest + 1);
                assert!(matches!(&warned[..], [one] if one.contains("write a shorter deadline")), "{text}: {warned:?}");
            }
        }
    }

    #[test]
    fn entries_of_other_installations_and_files_that_cron_ignores_are_no_second_ones() {
        let root = tempfile::tempdir().unwrap();
        let named = format!("* * * * * mita reconcile --config {}", Path::new("examples/mita.toml").display());
        let (other, joined) = ("* * * * * mita reconcile", "* * * * * mita reconcile --config=/etc/other.toml");
        let files =
            [("mita", &*named), ("mita-b", other), ("mita-c", joined), ("mita.dpkg-old", &named), ("mita~", &named)];
        for (file, line) in files {
            let path = root.path().join("etc/cron.d").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, line).unwrap();
        }
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.deadline = SignedDuration::from_secs(25);
        assert_eq!(warnings(&config, root.path()), [""; 0]);
    }

    #[test]
    fn entries_that_stand_there_twice_are_told_as_such() {
        let line = "* * * * * sleep 10; mita reconcile";
        let twice = warned("etc/crontab", &format!("{line}\n* * * * * sleep 40; mita reconcile\n{line}\n"), 25);
        assert!(matches!(&twice[..], [one] if one.contains("with the same line twice: remove one of")), "{twice:?}");
        let root = tempfile::tempdir().unwrap();
        for file in ["etc/cron.d/mita", "var/spool/cron/crontabs/mita"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, line).unwrap();
        }
        let mut config = Config::load(Path::new("examples/mita.toml")).unwrap().config;
        config.deadline = SignedDuration::from_secs(25);
        let both = warnings(&config, root.path());
        let told = "etc/cron.d/mita and ";
        assert!(
            matches!(&both[..], [one] if one.contains(told) && one.contains("crontabs/mita each start")),
            "{both:?}"
        );
    }

    #[test]
    fn a_deadline_longer_than_the_interval_of_the_timer_is_a_warning() {
        for (line, longest) in [
            ("OnCalendar=minutely", 60),
            ("OnCalendar=*-*-* *:*:10,40", 30),
            ("OnCalendar=*:*:0/20", 20),
            ("OnCalendar=*:0/2", 120),
            ("OnUnitActiveSec=45s", 45),
            ("OnUnitActiveSec=45", 45),
        ] {
            let file = "usr/lib/systemd/system/mita.timer";
            assert_eq!(warned(file, line, longest), [""; 0], "{line}");
            assert_eq!(warned(file, line, longest + 1).len(), 1, "{line}");
        }
    }

    #[test]
    fn what_is_not_an_entry_of_this_installation_gives_no_warning() {
        for text in [
            "# * * * * * mita reconcile",
            "* * * * * mita reconcile --config /etc/another/mita.toml",
            "* * * * * other reconcile",
            "@hourly mita reconcile",
            "7 * * * * mita reconcile",
        ] {
            assert_eq!(warned("etc/crontab", text, 100_000), [""; 0], "{text}");
        }
        assert_eq!(warned("etc/systemd/system/mita.timer", "OnCalendar=Mon..Fri 8:00", 100_000), [""; 0]);
    }
}
