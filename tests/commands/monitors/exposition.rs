//! A strict reader of Prometheus' text format, and of its conventions for names: written from the format's description
//! (prometheus.io, "Exposition formats" and "Metric and label naming"), and knowing nothing of who wrote the text.

use std::collections::{BTreeMap, BTreeSet};

/// A metric with its samples by their labels.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) help: String,
    pub(crate) samples: BTreeMap<String, f64>,
}

/// All metrics of a text, by name. Fails at the first thing that is not as it should be.
pub(crate) fn read(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    assert!(text.ends_with('\n'), "the last line has an end");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            current = name.to_owned();
            assert!(is_name(name), "{name}");
            assert!(!help.trim().is_empty() && help.ends_with('.'), "{line}");
            let family = Family { help: help.to_owned(), ..Family::default() };
            assert!(families.insert(current.clone(), family).is_none(), "{name} has one help text");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!(name, current, "the type follows the help text");
            let family = families.get_mut(name).expect("its help text");
            assert!(family.kind.is_empty(), "{name} has one type");
            assert!(["gauge", "counter", "histogram"].contains(&kind), "{line}");
            family.kind = kind.to_owned();
        } else {
            let (series, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = series.split_once('{').map_or((series, ""), |(name, rest)| {
                (name, rest.strip_suffix('}').unwrap_or_else(|| panic!("an open brace: {line}")))
            });
            check_labels(labels);
            let family = families.get_mut(&current).expect("a help text before the first sample");
            let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("{name} stands among {current}"));
            let allowed: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            assert!(allowed.contains(&suffix), "{line}");
            let value: f64 = value.parse().unwrap_or_else(|_| panic!("a number: {line}"));
            assert!(value.is_finite() && value >= 0.0, "{line}");
            let key = format!("{suffix}{labels}");
            assert!(family.samples.insert(key, value).is_none(), "twice: {line}");
        }
    }
    for (name, family) in &families {
        check_convention(name, &family.kind);
    }
    families
}

fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|b| b == b'_' || b.is_ascii_lowercase())
        && letters.all(|b| b == b'_' || b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// A prefix of the program's own, base units, and `_total` for counters and nothing else.
fn check_convention(name: &str, kind: &str) {
    assert!(name.starts_with("mita_"), "{name}");
    assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
    for wrong in ["_ms", "_milliseconds", "_minutes", "_mib", "_percent", "_count", "_sum", "_bucket"] {
        assert!(!name.ends_with(wrong) && !name.contains(&format!("{wrong}_")), "{name}");
    }
    assert!(!name.contains("timestamp") || name.ends_with("_timestamp_seconds"), "{name}");
}

/// `name="value",...` with backslash, quote and line feed escaped, and each name once.
fn check_labels(labels: &str) {
    let mut names = BTreeSet::new();
    let mut rest = labels;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("a label: {labels}"));
        assert!(is_name(name) && !name.starts_with("__"), "{labels}");
        assert!(names.insert(name.to_owned()), "{name} twice in {labels}");
        let mut end = None;
        let mut escaped = false;
        for (at, c) in after.char_indices() {
            match (escaped, c) {
                (true, '\\' | '"' | 'n') => escaped = false,
                (true, _) => panic!("an unknown escape in {labels}"),
                (false, '\\') => escaped = true,
                (false, '"') => {
                    end = Some(at);
                    break;
                }
                (false, _) => {}
            }
        }
        let end = end.unwrap_or_else(|| panic!("an open quote in {labels}"));
        rest = &after[end + 1..];
        if let Some(next) = rest.strip_prefix(',') {
            assert!(!next.is_empty(), "{labels}");
            rest = next;
        } else {
            assert!(rest.is_empty(), "{labels}");
        }
    }
}

#[test]
fn the_reader_refuses_what_prometheus_would() {
    let head = "# HELP mita_x X.\n# TYPE mita_x gauge\n";
    assert_eq!(read(&format!("{head}mita_x{{a=\"b\\\"c\",d=\"\"}} 1.5\n"))["mita_x"].samples.len(), 1);
    for wrong in [
        format!("{head}mita_x 1\nmita_x 2\n"),
        format!("{head}mita_y 1\n"),
        format!("{head}mita_x one\n"),
        format!("{head}mita_x{{a=\"b\"c\"}} 1\n"),
        format!("{head}mita_x{{a=\"b\\d\"}} 1\n"),
        format!("{head}{head}"),
        "mita_x 1\n".to_owned(),
        "# HELP mita_x_total X.\n# TYPE mita_x_total gauge\n".to_owned(),
        "# HELP mita_x_ms X.\n# TYPE mita_x_ms gauge\n".to_owned(),
    ] {
        let refused = std::panic::catch_unwind(|| read(&wrong)).is_err();
        assert!(refused, "{wrong}");
    }
}
