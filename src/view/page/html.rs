//! Text from anywhere in the HTML of the page.

use crate::secret::redact;
use crate::view::text::one_line;
use maud::Render;

/// Text that this program did not write, for the content of an element or the value of an attribute: [`text`] makes it.
#[derive(Debug)]
pub(crate) struct Text<'a>(&'a str);

/// Marks text from anywhere. A job's name can contain markup, control characters and secrets.
pub(crate) fn text(text: &str) -> Text<'_> {
    Text(text)
}

impl Render for Text<'_> {
    fn render_to(&self, html: &mut String) {
        for c in one_line(&redact(self.0)).chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                c => html.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use maud::html;

    #[test]
    fn s9_no_name_becomes_markup_and_no_secret_is_shown() {
        let _secret = Secret::new("s3cret-of-a-page");
        let page = html! {
            b title=(text("\"><script>alert('x')</script>&")) { (text("s3cret-of-a-page\u{202e}\u{7}")) }
        };
        assert_eq!(
            page.into_string(),
            "<b title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\">[secret]\\u{202e}\\u{7}</b>"
        );
    }
}
