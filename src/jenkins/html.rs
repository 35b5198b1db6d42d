//! Texts that Jenkins escaped for HTML.

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

    #[test]
    fn html_escapes_are_undone_once() {
        assert_eq!(unescape_html("a &lt;b&gt; &amp;amp; &quot;c&quot; it&#039;s &#39;"), "a <b> &amp; \"c\" it's '");
        assert_eq!(unescape_html("one<br>two&nbsp; three & <i>é&"), "one\ntwo  three & <i>é&");
    }
}
