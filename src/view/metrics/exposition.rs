//! Prometheus' text format (version 0.0.4): families of samples, each with its help and its type once.
//!
//! `prometheus-client` writes OpenMetrics instead, which names counters and ends the text in another way; the textfile
//! collector of node_exporter reads this format.

use crate::secret::redact_document;
use std::fmt::{Display, Write};

/// The text of some metrics.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    text: String,
}

/// One metric; its samples are added to the text.
#[derive(Debug)]
pub(crate) struct Family<'e> {
    text: &'e mut String,
    name: &'static str,
}

impl Exposition {
    /// A value that goes up and down.
    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    /// A sum that only grows; its name ends in `_total`.
    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", help)
    }

    /// A number of observations and their sum.
    pub(crate) fn summary(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "summary", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { text: &mut self.text, name }
    }

    /// The text, without secrets in labels.
    pub(crate) fn into_text(self) -> String {
        redact_document(&self.text).into_owned()
    }
}

impl Family<'_> {
    /// Adds the only sample of a metric without labels.
    pub(crate) fn value(&mut self, value: impl Display) {
        self.sample("", &[], value);
    }

    /// Adds a sample with labels.
    pub(crate) fn labelled(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample("", labels, value);
    }

    /// Adds samples of a metric with one label.
    pub(crate) fn each<V: Display>(&mut self, label: &str, values: impl IntoIterator<Item = (impl AsRef<str>, V)>) {
        for (name, value) in values {
            self.labelled(&[(label, name.as_ref())], value);
        }
    }

    /// Adds the number of observations and their sum.
    pub(crate) fn observed(&mut self, labels: &[(&str, &str)], count: u64, sum: impl Display) {
        self.sample("_sum", labels, sum);
        self.sample("_count", labels, count);
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let written: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if written.is_empty() { String::new() } else { format!("{{{}}}", written.join(",")) };
        let _ = writeln!(self.text, "{}{suffix}{labels} {value}", self.name);
    }
}

/// Names out of Jenkins and the clouds can have any character.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn a_label_can_have_any_character_but_no_secret() {
        let _secret = Secret::new("a-long-s3cret-in-a-label");
        let mut exposition = Exposition::default();
        let mut family = exposition.gauge("mita_servers", "Servers\nby \\ type.");
        family.labelled(&[("node_type", "a\"b\\c\nd"), ("phase", "a-long-s3cret-in-a-label")], 3);
        assert_eq!(
            exposition.into_text(),
            "# HELP mita_servers Servers\\nby \\\\ type.\n# TYPE mita_servers gauge\n\
             mita_servers{node_type=\"a\\\"b\\\\c\\nd\",phase=\"[secret]\"} 3\n"
        );
    }
}
