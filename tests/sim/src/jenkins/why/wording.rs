//! The words of each release and language (core/src/main/resources/hudson/model/Messages*.properties and their
//! history).

use crate::http::Request;
use crate::jenkins::Version;

/// The language of an answer. Only a few messages are translated here; Jenkins, too, has English messages in its
/// French where a translation is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, and every language without a translation.
    #[default]
    English,
    /// French.
    French,
    /// German, in which the built-in node has a name of its own.
    German,
}

impl Language {
    /// What a request asks for.
    pub(crate) fn of(request: &Request) -> Self {
        let first = request.header("accept-language").and_then(|value| value.split([',', ';', '-']).next());
        match first.map(str::trim) {
            Some("fr") => Language::French,
            Some("de") => Language::German,
            _ => Language::English,
        }
    }
}

/// How one release speaks to one caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wording {
    pub(crate) version: Version,
    pub(crate) language: Language,
}

impl Wording {
    /// Names are quoted since 2.125.
    fn name(self, name: &str) -> String {
        if self.version >= Version::new(2, 125) { format!("‘{name}’") } else { name.to_string() }
    }

    /// The built-in node as a computer.
    pub(crate) fn built_in(self) -> &'static str {
        match self.language {
            Language::English | Language::French if self.version >= Version::new(2, 307) => "Built-In Node",
            Language::English | Language::French | Language::German => "master",
        }
    }

    pub(crate) fn offline(self, node: &str) -> String {
        match self.language {
            Language::French => format!("{node} est hors ligne"),
            Language::English | Language::German => format!("{} is offline", self.name(node)),
        }
    }

    pub(crate) fn no_nodes(self, label: &str) -> String {
        match self.version >= Version::new(1, 567) {
            true => format!("There are no nodes with the label ‘{label}’"),
            false => self.all_offline(label),
        }
    }

    pub(crate) fn all_offline(self, label: &str) -> String {
        match self.version < Version::new(1, 526) {
            true => format!("All nodes of label '{label}' are offline"),
            false => format!("All nodes of label ‘{label}’ are offline"),
        }
    }

    pub(crate) fn waiting(self) -> String {
        match self.language {
            Language::French => "En attente du prochain exécuteur disponible".into(),
            Language::English | Language::German => "Waiting for next available executor".into(),
        }
    }

    pub(crate) fn waiting_on(self, name: &str) -> String {
        match self.language {
            Language::French => format!("{} sur {name}", self.waiting()),
            Language::English | Language::German => format!("{} on {}", self.waiting(), self.name(name)),
        }
    }

    pub(crate) fn not_accepting(self, node: &str) -> String {
        format!("{} is not accepting tasks", self.name(node))
    }

    pub(crate) fn lacks_label(self, node: &str, label: &str) -> String {
        let apostrophe = if self.version >= Version::new(1, 526) { '’' } else { '\'' };
        format!("{} doesn{apostrophe}t have label {}", self.name(node), self.name(label))
    }

    pub(crate) fn reserved(self, node: &str) -> String {
        let how = if self.version >= Version::new(1, 577) { "with matching label expression" } else { "tied to it" };
        format!("{} is reserved for jobs {how}", self.name(node))
    }
}

/// `Util.getTimeSpanString`: two units where the larger is below ten, one otherwise.
pub(crate) fn time_span(millis: u64) -> String {
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match large {
        0..10 => format!("{large} {large_unit} {small} {small_unit}"),
        _ => format!("{large} {large_unit}"),
    };
    let (days, hours, minutes, seconds) =
        (millis / 86_400_000, millis / 3_600_000 % 24, millis / 60_000 % 60, millis / 1000 % 60);
    let decimal = |text: String| text.trim_end_matches('0').trim_end_matches('.').to_string();
    match (days, hours, minutes, seconds, millis) {
        (1.., ..) => two(days, if days == 1 { "day" } else { "days" }, hours, "hr"),
        (_, 1.., ..) => two(hours, "hr", minutes, "min"),
        (_, _, 1.., ..) => two(minutes, "min", seconds, "sec"),
        (_, _, _, 10.., _) => format!("{seconds} sec"),
        (_, _, _, 1.., _) => format!("{} sec", decimal(format!("{seconds}.{}", millis % 1000 / 100))),
        (.., 100..) => format!("{} sec", decimal(format!("0.{:02}", millis / 10))),
        _ => format!("{millis} ms"),
    }
}
