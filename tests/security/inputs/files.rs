//! Damaged configurations: read or refused, with the place of each fault, and without a word of a secret.

use super::{damage, tried};
use crate::security::program::Place;
use mita::config::Config;

const EXAMPLE: &str = include_str!("../../../examples/mita.toml");

/// The example with secrets that can be found again.
fn marked() -> String {
    let mark = |line: &str| -> String {
        let secret = ["token ", "password ", "application_credential_secret "];
        let trimmed = line.trim_start_matches(['#', ' ']);
        match line.split_once('=') {
            Some((key, _)) if secret.iter().any(|name| trimmed.starts_with(name)) => format!("{key}= \"WvQk73ZxHt\""),
            _ => line.to_owned(),
        }
    };
    EXAMPLE.lines().map(mark).collect::<Vec<_>>().join("\n")
}

#[test]
fn s9_a_damaged_configuration_is_refused_without_a_word_of_its_secrets() {
    let sound = marked();
    assert!(sound.matches("WvQk73ZxHt").count() >= 2, "{sound}");
    let place = Place::new(&sound);
    let path = place.path("mita.toml");
    let shown = path.display().to_string();
    tried("configurations", 1_000, |_, dice| {
        let damaged = damage::text(&sound, dice);
        place.write("mita.toml", &damaged);
        match Config::load(&path) {
            Ok(loaded) => {
                let told = format!("{:?}{:?}", loaded.warnings, loaded.config);
                assert!(!told.contains("WvQk73ZxHt"), "{told}");
            }
            Err(errors) => {
                assert!(!errors.lines().is_empty());
                for line in errors.lines() {
                    assert!(line.starts_with(&shown), "{line}");
                    assert!(line.len() < 2_000, "{line}");
                    assert!(!line.contains("WvQk73ZxHt"), "{line}\n{damaged}");
                }
            }
        }
    });
}

#[test]
fn a_configuration_or_clouds_yaml_of_any_depth_takes_no_stack() {
    let depth = 100_000;
    for text in [
        format!("a = {}", "[".repeat(depth)),
        format!("a = {}", "{a=".repeat(depth)),
        format!("{}a = 1", "a.".repeat(depth / 10)),
        format!("[{}a]", "a.".repeat(depth)),
        "[[a]]\n".repeat(depth),
    ] {
        let place = Place::new(&text);
        let ended = place.run(&["reconcile"]);
        assert_eq!(ended.status, Some(2), "{}", &ended.stderr[..ended.stderr.len().min(500)]);
        assert!(ended.stderr.len() < 20_000, "it talks too much: {} bytes", ended.stderr.len());
    }
    let config = "[jenkins]\nurl = \"http://127.0.0.1:1/\"\nuser = \"mita\"\ntoken = \"token-1\"\n\
                  [provider.cloud]\ncloud = \"mine\"\n";
    for text in [
        format!("clouds: {}", "[".repeat(depth)),
        format!("clouds: {}", "{a: ".repeat(depth)),
        (0..1_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect(),
        format!("clouds:\n{}", (0..depth).map(|_| "- ").collect::<String>()),
        // Each alias is ten of the one before: a billion in the end.
        (0..12).map(|n| format!("k{n}: &k{n} [{}]\n", vec![format!("*k{}", n.max(1) - 1); 10].join(","))).collect(),
    ] {
        let mut place = Place::new(config);
        place.write("clouds.yaml", &text);
        place.set("OS_CLIENT_CONFIG_FILE", &place.path("clouds.yaml").display().to_string());
        let ended = place.run(&["reconcile"]);
        assert_eq!(ended.status, Some(2), "{}: {}", &text[..20], &ended.stderr[..ended.stderr.len().min(500)]);
        assert!(ended.memory < 200, "{} MiB", ended.memory);
        assert!(ended.stderr.len() < 20_000, "it talks too much: {} bytes", ended.stderr.len());
    }
}
