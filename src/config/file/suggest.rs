//! What an operator probably meant by a name that is not known.

use crate::config::keys;

/// What to do about a key that this table does not have.
pub(crate) fn advice(unknown: &str, known: &'static [keys::Key]) -> String {
    if let Some(meant) = nearest(unknown, keys::names(known)) {
        return format!("did you mean {meant}?");
    }
    let elsewhere =
        keys::TABLES.iter().filter(|(table, _)| keys::has(table, unknown)).map(|(_, header)| match *header {
            "" => "at the top of the file, above the first table".to_owned(),
            header => format!("in {header}"),
        });
    let elsewhere: Vec<_> = elsewhere.collect();
    if !elsewhere.is_empty() {
        return format!("it goes {}", elsewhere.join(" or "));
    }
    let first_word = |key: &str| key.split(['_', '-']).next().unwrap_or_default().to_lowercase();
    let related: Vec<_> = keys::names(known).filter(|key| first_word(key) == first_word(unknown)).collect();
    // A word of another tool for the same thing, such as keypair.
    let begins_alike = |key: &&str| unknown.get(..3).is_some_and(|begin| key.starts_with(begin));
    if related.is_empty()
        && let [meant] = keys::names(known).filter(begins_alike).collect::<Vec<_>>()[..]
    {
        return format!("did you mean {meant}?");
    }
    match keys::names(known).count() {
        _ if !related.is_empty() => format!("the keys like it are {}", related.join(", ")),
        0..=MOST_NAMED => format!("the keys here are {}", keys::names(known).collect::<Vec<_>>().join(", ")),
        _ => "`mita man mita.toml | man -l -` lists the keys".to_owned(),
    }
}

/// A longer list of keys hides the error.
const MOST_NAMED: usize = 24;

/// The question for the candidate that was probably meant.
pub(crate) fn did_you_mean<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    nearest(word, candidates).map(|meant| format!("did you mean {meant:?}?"))
}

/// A less similar name is another name, not a misspelled one.
const SIMILAR: f64 = 0.7;

/// The candidate that was probably meant: the most similar one, or one that has the word as a part.
pub(super) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let word = plain(word);
    let similarity = |candidate: &str| strsim::normalized_damerau_levenshtein(&word, &plain(candidate));
    // Of equally similar candidates the first one is the usual name.
    let mut best_match: Option<(f64, &str)> = None;
    for candidate in candidates.clone() {
        let similarity = similarity(candidate);
        if best_match.map_or(similarity >= SIMILAR, |(best, _)| similarity > best) {
            best_match = Some((similarity, candidate));
        }
    }
    let part = || candidates.clone().find(|candidate| plain(candidate).split('_').any(|part| part == word));
    best_match.map(|(_, candidate)| candidate).or_else(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::{JENKINS, NODES, PROVIDER, TOP, names};

    #[test]
    fn a_misspelling_a_case_or_a_dash_still_finds_the_key() {
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
    fn a_key_of_another_table_is_reported_with_its_table() {
        assert_eq!(advice("deadline", NODES), "it goes at the top of the file, above the first table");
        assert_eq!(advice("cacert", NODES), "it goes in [jenkins] or in [provider.NAME]");
    }

    #[test]
    fn a_key_that_resembles_no_other_is_reported_with_the_keys_of_its_table() {
        assert!(advice("colour", JENKINS).starts_with("the keys here are url, former_urls, user, token, "));
        assert_eq!(advice("keypair", NODES), "did you mean keyname?");
        assert_eq!(advice("colour", NODES), "`mita man mita.toml | man -l -` lists the keys");
        assert_eq!(advice("auth_type", PROVIDER), "the keys like it are auth_url, auth_version");
    }
}
