//! How Jenkins encodes names in URLs and texts in HTML.

/// Decodes `%XX` in the path of a URL, as UTF-8. A plus stays a plus.
pub(super) fn percent_decode(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend_from_slice(&piece.as_bytes()[2..]);
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(piece.as_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
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

    #[test]
    fn urls_are_decoded_as_utf8_and_a_plus_stays() {
        assert_eq!(percent_decode("a+b%20c%2Fd%C3%A9"), "a+b c/dé");
        assert_eq!(percent_decode("100%, %zz %e"), "100%, %zz %e");
        assert_eq!(percent_decode("%é"), "%é");
    }

    #[test]
    fn html_escapes_are_undone_once() {
        assert_eq!(unescape_html("a &lt;b&gt; &amp;amp; &quot;c&quot; it&#039;s &#39;"), "a <b> &amp; \"c\" it's '");
        assert_eq!(unescape_html("one<br>two&nbsp; three & <i>é&"), "one\ntwo  three & <i>é&");
    }
}
