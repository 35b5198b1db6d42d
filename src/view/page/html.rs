//! HTML in the making: what is written in this program goes in as it is, everything else escaped.

use crate::cli::output::one_line;
use crate::secret::redact;

/// A page, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Html {
    text: String,
}

impl Html {
    /// Markup of this program's own: only a literal can be it.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text from anywhere, between tags or within the quotes of an attribute. Names out of Jenkins can hold markup, control
    /// characters and worse.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for c in one_line(&redact(text)).chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                // A name that turns the direction of writing could make its line read as another one.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.text.push('\u{fffd}'),
                c => self.text.push(c),
            }
        }
        self
    }

    /// A number.
    pub(crate) fn number(&mut self, number: impl Into<i128>) -> &mut Self {
        self.text.push_str(&number.into().to_string());
        self
    }

    /// Another part, which is escaped already.
    pub(crate) fn part(&mut self, part: Html) -> &mut Self {
        self.text.push_str(&part.text);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn no_name_becomes_markup_and_no_secret_is_shown() {
        let _secret = Secret::new("s3cret-of-a-page");
        let mut html = Html::default();
        html.raw("<b title=\"").text("\"><script>alert('x')</script>&").raw("\">");
        html.text("s3cret-of-a-page\u{202e}\u{7}").raw("</b>");
        assert_eq!(
            html.into_text(),
            "<b title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;\">[secret]\u{fffd}\\u{7}</b>"
        );
    }
}
