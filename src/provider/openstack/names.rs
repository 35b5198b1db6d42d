//! Names that lead to nothing, and those that were perhaps meant.

/// How alike two names must be to be mentioned (Jaro-Winkler, 1 is equal).
const ALIKE: f64 = 0.75;
/// How much less alike than the best a name may be.
const BEHIND: f64 = 0.1;
/// A name that is part of the other counts as alike from this length on.
const PART: usize = 3;
/// How many are mentioned.
const MOST: usize = 3;

/// `nearest: "A", "B"`, or some of what there is, or that there is nothing.
pub(super) fn hint<'a>(wanted: &str, there: impl IntoIterator<Item = &'a str>) -> String {
    let folded = wanted.to_lowercase();
    let mut rated: Vec<(f64, &str)> = there
        .into_iter()
        .map(|name| {
            let other = name.to_lowercase();
            let (short, long) = if folded.len() < other.len() { (&folded, &other) } else { (&other, &folded) };
            let contained = short.chars().count() >= PART && long.contains(short.as_str());
            let alike = strsim::jaro_winkler(&folded, &other);
            (if contained { alike.max(ALIKE) } else { alike }, name)
        })
        .collect();
    if rated.is_empty() {
        return "there is none at all".to_owned();
    }
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    rated.dedup_by(|a, b| a.1 == b.1);
    let least = ALIKE.max(rated[0].0 - BEHIND);
    let near: Vec<_> = rated.iter().filter(|(alike, _)| *alike >= least).take(MOST).map(quoted).collect();
    if near.is_empty() {
        let some: Vec<_> = rated.iter().take(MOST).map(quoted).collect();
        let more = if rated.len() > MOST { ", ..." } else { "" };
        format!("there are {}{more}", some.join(", "))
    } else {
        format!("nearest: {}", near.join(", "))
    }
}

fn quoted((_, name): &(f64, &str)) -> String {
    format!("\"{}\"", name.escape_debug())
}

/// Whether a text can be an id of Glance's or Neutron's.
pub(super) fn is_uuid(text: &str) -> bool {
    let digits = text.chars().filter(|c| *c != '-').count();
    digits == 32 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_names_come_first_and_few() {
        let there = ["m1.tiny", "m3.xlarge", "m1.small", "too.large", "m3.xlarge"];
        assert_eq!(hint("m3.xlarg", there), r#"nearest: "m3.xlarge""#);
        assert_eq!(hint("M3.XLARGE", there), r#"nearest: "m3.xlarge""#);
        assert_eq!(hint("Debian", ["Debian 12 \"x\"", "zzz"]), r#"nearest: "Debian 12 \"x\"""#);
        assert_eq!(hint("qqq", ["aaa", "bbb", "ccc", "ddd"]), r#"there are "aaa", "bbb", "ccc", ..."#);
        assert_eq!(hint("x", []), "there is none at all");
    }

    #[test]
    fn an_id_has_thirty_two_hexadecimal_digits() {
        assert!(is_uuid("7916ff6a-6887-42d7-8e19-58c214755a1d"));
        assert!(is_uuid("7916ff6a688742d78e1958c214755a1d"));
        assert!(!is_uuid("Debian 12"));
        assert!(!is_uuid("7916ff6a-6887-42d7-8e19-58c214755a1g"));
    }
}
