//! Which names Jenkins and Nova accept, checked before mita orders anything with them.

use crate::domain::names::NodeName;

/// Nova takes names of up to 255 characters. Jenkins uses a node's name as the name of a folder (255 bytes on common file
/// systems), with `+` and an IPv6 address: 40 more.
const LONGEST_NAME: usize = 200;

/// Nova's limit for metadata keys and values (nova/api/validation/parameter_types.py).
const LONGEST_METADATA: usize = 255;

/// Why this cannot be a server's name and the base of a Jenkins node's name; `None` if it can.
pub(crate) fn node_name_error(name: &str) -> Option<String> {
    // Jenkins.checkGoodName (jenkins/model/Jenkins.java); a trailing dot since 2.303.2 / 2.315.
    const REFUSED: &str = "?*/\\%!@#$^&|<>[]:;";
    if name.is_empty() {
        return Some("is empty; write a name".to_owned());
    }
    if name.len() > LONGEST_NAME {
        return Some(format!("is longer than {LONGEST_NAME} bytes; write a shorter name"));
    }
    if name.chars().any(char::is_control) {
        return Some("holds a control character; remove it".to_owned());
    }
    if let Some(refused) = name.chars().find(|c| REFUSED.contains(*c)) {
        return Some(format!("holds {refused:?}, which Jenkins allows in no node name; use letters, digits, - and _"));
    }
    if name.ends_with('.') {
        return Some("ends in a dot, which Jenkins allows in no node name; remove it".to_owned());
    }
    if NodeName::from(name).convention().ip.is_some() {
        return Some("ends in + and an IP address, as Jenkins nodes do; remove the address".to_owned());
    }
    if name.chars().any(char::is_whitespace) {
        return Some("holds white space, which separates labels in Jenkins; write it without".to_owned());
    }
    // The name of a node is one of its labels.
    label_error(name)
}

/// Why Jenkins does not take this as one label; `None` if it does.
pub(crate) fn label_error(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("is empty; remove it".to_owned());
    }
    if label.chars().any(char::is_control) {
        return Some("holds a control character; remove it".to_owned());
    }
    // hudson/model/Label.java and Node.java: blanks separate labels, unless quotes or backslashes group them.
    if let Some(quote) = label.chars().find(|c| "\"'\\".contains(*c)) {
        return Some(format!("holds {quote}, which quotes labels in Jenkins; write it without"));
    }
    // hudson/model/labels/LabelExpressionLexer.g4
    if let Some(operator) = label.chars().find(|c| "&|!<>()".contains(*c)) {
        return Some(format!("holds {operator}, an operator of label expressions in Jenkins; write it without"));
    }
    if label.starts_with(',') || label.ends_with(',') {
        return Some("begins or ends with a comma; separate labels by white space or write a list".to_owned());
    }
    None
}

/// Why this cannot be a metadata key; `None` if it can.
pub(crate) fn metadata_key_error(key: &str) -> Option<String> {
    if key.to_ascii_lowercase().starts_with("mita_") {
        return Some("is reserved for mita's own mark; choose a name that does not begin with mita_".to_owned());
    }
    if key.is_empty() || key.chars().count() > LONGEST_METADATA {
        return Some(format!("must have 1 to {LONGEST_METADATA} characters"));
    }
    let refused = key.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_:. ".contains(*c))?;
    Some(format!("holds {refused:?}, which Nova allows in no metadata key; use letters, digits, spaces and - _ : ."))
}

/// Why this cannot be a metadata value; `None` if it can.
pub(crate) fn metadata_value_error(value: &str) -> Option<String> {
    let length = value.chars().count();
    (length > LONGEST_METADATA)
        .then(|| format!("has {length} characters, and Nova takes {LONGEST_METADATA}; write a shorter value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_both_services_take_are_taken() {
        for name in ["precise-slave", "precise_small", "ubuntu22.04", "a+b", "ubuntu+", "gcc-c++", "noël", "x=y,z"] {
            assert_eq!(node_name_error(name), None, "{name}");
        }
    }

    #[test]
    fn names_that_one_service_refuses_are_refused() {
        let long = "x".repeat(201);
        for name in [
            "",
            "a b",
            "a/b",
            "a:b",
            "a;b",
            "a%",
            "x.",
            ".",
            "..",
            "a\n",
            "a(b)",
            "a'b",
            "ubuntu+10.0.0.1",
            "a+b+::1",
            "ubuntu+2001-db8--1",
            &long,
        ] {
            assert!(node_name_error(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_label_is_one_atom_that_a_job_can_ask_for() {
        for label in [
            "gpu lab",
            "a\u{a0}b",
            "amd64",
            "x86_64",
            "host:1",
            "c++",
            "a->b".trim_end_matches(">b"),
            "a/b",
            "ubuntu-22.04",
        ] {
            assert_eq!(label_error(label), None, "{label}");
        }
        for label in ["", "a\tb", "\"a\"", "a\\b", "a&&b", "!a", "a->b", "(a)", "a,", ",a"] {
            assert!(label_error(label).is_some(), "{label}");
        }
    }

    #[test]
    fn metadata_is_what_nova_takes_and_never_the_mark() {
        assert_eq!(metadata_key_error("team: build.x-1_y"), None);
        assert_eq!(metadata_value_error(&"ü".repeat(255)), None);
        for key in ["", "mita_owner", "MITA_id", "a/b", "ü", &"k".repeat(256)] {
            assert!(metadata_key_error(key).is_some(), "{key}");
        }
        assert!(metadata_value_error(&"v".repeat(256)).is_some());
    }
}
