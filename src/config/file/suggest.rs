//! What an operator probably meant by a name that is not known.

use crate::config::keys;

/// What to do about a key that this table does not have.
pub(crate) fn advice(unknown: &str, known: &'static [keys::Key]) -> String {
    if let Some(meant) = nearest(unknown, keys::names(known)) {
        return format!("did you mean {meant}?");
    }
    let elsewhere: Vec<_> =
        keys::TABLES.iter().filter(|(table, _)| keys::has(table, unknown)).map(|(_, place)| *place).collect();
    if elsewhere.is_empty() {
        format!("the keys here are {}", keys::names(known).collect::<Vec<_>>().join(", "))
    } else {
        format!("it belongs {}", elsewhere.join(" or "))
    }
}

/// Below this likeness a name is another name and not a slip of the pen.
const ALIKE: f64 = 0.7;

/// The candidate that was probably meant: by a slip of the pen, or as the part of a longer name.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let likeness = |candidate: &str| strsim::normalized_damerau_levenshtein(&word, &plain(candidate));
    // Of candidates that are equally like the word, the first is the usual one.
    let mut slip: Option<(f64, &str)> = None;
    for candidate in candidates.clone() {
        let likeness = likeness(candidate);
        if slip.map_or(likeness >= ALIKE, |(best, _)| likeness > best) {
            slip = Some((likeness, candidate));
        }
    }
    let part = || candidates.clone().find(|candidate| plain(candidate).split('_').any(|part| part == word));
    slip.map(|(_, candidate)| candidate).or_else(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::{JENKINS, NODES, PROVIDER, TOP, names};

    #[test]
    fn a_slip_of_the_pen_a_case_or_a_dash_still_finds_the_key() {
        for (written, meant) in
            [("lables", "labels"), ("Image-Name", "image_name"), ("executor", "executors"), ("key_name", "keyname")]
        {
            assert_eq!(nearest(written, names(NODES)), Some(meant));
        }
        assert_eq!(nearest("url", names(PROVIDER)), Some("auth_url"));
        assert_eq!(nearest("max", names(TOP)), Some("max_servers"));
        assert_eq!(nearest("colour", names(NODES)), None);
    }

    #[test]
    fn a_key_of_another_table_is_told_where_it_belongs() {
        assert_eq!(advice("deadline", NODES), "it belongs at the top of the file, above the first table");
        assert_eq!(advice("cacert", NODES), "it belongs in [jenkins] or in [provider.NAME]");
    }

    #[test]
    fn a_key_like_no_other_is_shown_the_keys_there_are() {
        assert!(advice("colour", JENKINS).starts_with("the keys here are url, user, token, "));
    }
}
