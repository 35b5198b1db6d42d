//! Reading Jenkins' JSON tolerantly: a field of an unexpected type counts as missing.
//!
//! Versions and plugins differ in which fields they export, and write null or `{}` for what could not be exported
//! (stapler, core/src/main/java/org/kohsuke/stapler/export). So objects are read field by field, never as a whole.

use serde_json::Value;

/// A text that is not blank.
pub(super) fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}

/// A flag.
pub(super) fn flag(object: &Value, key: &str) -> Option<bool> {
    match object.get(key)? {
        Value::Bool(flag) => Some(*flag),
        Value::String(word) => word.parse().ok(),
        _ => None,
    }
}

/// A whole number.
pub(super) fn number(object: &Value, key: &str) -> Option<i64> {
    match object.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// An array.
pub(super) fn list<'a>(object: &'a Value, key: &str) -> Option<&'a [Value]> {
    object.get(key)?.as_array().map(Vec::as_slice)
}

/// Undoes `hudson.Util.escape`.
pub(super) fn unescape_html(text: &str) -> String {
    const ESCAPES: [(&str, char); 8] = [
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&amp;", '&'),
        ("&quot;", '"'),
        ("&#039;", '\''),
        ("&#39;", '\''),
        ("&nbsp;", ' '),
        ("<br>", '\n'),
    ];
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match ESCAPES.iter().find(|(escape, _)| rest.starts_with(escape)) {
            Some((escape, letter)) => {
                plain.push(*letter);
                rest = &rest[escape.len()..];
            }
            None => {
                plain.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_of_another_type_counts_as_missing() {
        let odd = json!({"a": null, "b": {}, "c": [], "d": "", "e": "7", "f": 7, "g": "true", "h": 1.5, "i": " x "});
        assert_eq!(
            (text(&odd, "a"), text(&odd, "d"), text(&odd, "f"), text(&odd, "i")),
            (None, None, None, Some(" x "))
        );
        assert_eq!(
            (number(&odd, "e"), number(&odd, "f"), number(&odd, "h"), number(&odd, "b")),
            (Some(7), Some(7), None, None)
        );
        assert_eq!((flag(&odd, "g"), flag(&odd, "f"), flag(&odd, "missing")), (Some(true), None, None));
        assert_eq!((list(&odd, "c").map(<[Value]>::len), list(&odd, "b")), (Some(0), None));
        assert_eq!(text(&json!([]), "a"), None);
    }

    #[test]
    fn html_escapes_are_undone_once() {
        assert_eq!(unescape_html("a &lt;b&gt; &amp;amp; &quot;c&quot; it&#039;s &#39;"), "a <b> &amp; \"c\" it's '");
        assert_eq!(unescape_html("one<br>two&nbsp; three & <i>é&"), "one\ntwo  three & <i>é&");
    }
}
