//! Names that match nothing, and the names that were probably meant.

/// How similar two names have to be for a hint (Jaro-Winkler, 1 means equal).
const SIMILAR: f64 = 0.75;
/// How much less similar than the best name another one in the hint may be.
const BEHIND: f64 = 0.1;
/// A name that is part of the other one counts as similar from this length on.
const SHORTEST_PART: usize = 3;
/// The most names in a hint.
const MOST: usize = 3;

/// Why no `what` has the name `wanted`, with the nearest `existing` names and the configuration key to correct.
pub(super) fn unknown<'a>(what: &str, wanted: &str, existing: impl IntoIterator<Item = &'a str>, key: &str) -> String {
    format!("no {what} has this name; {}: correct {key}", hint(wanted, existing))
}

/// Why a name that several have cannot be used.
pub(super) fn ambiguous(what: &str, ids: &[&str]) -> String {
    format!("{} {what}s have this name: use the id of one instead: {}", ids.len(), ids.join(", "))
}

/// `nearest: "A", "B"`, or some of the existing names, or that there is none.
pub(super) fn hint<'a>(wanted: &str, existing: impl IntoIterator<Item = &'a str>) -> String {
    let folded = wanted.to_lowercase();
    let mut rated: Vec<(f64, &str)> = existing
        .into_iter()
        .map(|name| {
            let other = name.to_lowercase();
            let (short, long) = if folded.len() < other.len() { (&folded, &other) } else { (&other, &folded) };
            let contained = short.chars().count() >= SHORTEST_PART && long.contains(short.as_str());
            let similarity = strsim::jaro_winkler(&folded, &other);
            (if contained { similarity.max(SIMILAR) } else { similarity }, name)
        })
        .collect();
    if rated.is_empty() {
        return "there is none".to_owned();
    }
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    rated.dedup_by(|a, b| a.1 == b.1);
    let least = SIMILAR.max(rated[0].0 - BEHIND);
    let near: Vec<_> = rated.iter().filter(|(similarity, _)| *similarity >= least).take(MOST).map(quoted).collect();
    if near.is_empty() {
        let some: Vec<_> = rated.iter().take(MOST).map(quoted).collect();
        let more = if rated.len() > MOST { ", ..." } else { "" };
        format!("there {} {}{more}", if some.len() == 1 { "is" } else { "are" }, some.join(", "))
    } else {
        format!("nearest: {}", near.join(", "))
    }
}

fn quoted((_, name): &(f64, &str)) -> String {
    format!("\"{}\"", name.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_few() {
        let existing = ["m1.tiny", "m3.xlarge", "m1.small", "too.large", "m3.xlarge"];
        assert_eq!(hint("m3.xlarg", existing), r#"nearest: "m3.xlarge""#);
        assert_eq!(hint("M3.XLARGE", existing), r#"nearest: "m3.xlarge""#);
        assert_eq!(hint("Debian", ["Debian 12 \"x\"", "zzz"]), r#"nearest: "Debian 12 \"x\"""#);
        assert_eq!(hint("qqq", ["aaa", "bbb", "ccc", "ddd"]), r#"there are "aaa", "bbb", "ccc", ..."#);
        assert_eq!(hint("x", []), "there is none");
    }
}
