//! The ways in which an answer can be wrong, or fail to arrive.

use crate::harness::Installation;
use mita_sim::{Kind, Service};
use std::time::Duration;

/// One way.
pub(super) struct Way {
    pub(super) name: &'static str,
    pub(super) kind: fn(&Installation, Service) -> Kind,
    /// Words of which one is in what is told of it; none where there is nothing to tell.
    pub(super) words: &'static [&'static str],
    /// Whether its status is one of success.
    success: bool,
    /// Which requests it can happen to.
    to: To,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    All,
    Reads,
    Writes,
}

const fn way(name: &'static str, kind: fn(&Installation, Service) -> Kind, words: &'static [&'static str]) -> Way {
    Way { name, kind, words, success: false, to: To::All }
}

/// All ways. Those of one family differ in little: every endpoint meets one of each family every day, and in full all.
pub(super) const FAMILIES: &[&[Way]] = &[
    &[
        way("500", |_, service| refusal(500, service), &["500"]),
        way("502", |_, service| refusal(502, service), &["502"]),
        way("503", |_, service| refusal(503, service), &["503"]),
        way("504", |_, service| refusal(504, service), &["504"]),
        way("HTML with status 502", |_, _| Kind::Html(502), &["502"]),
        way("HTML with status 503", |_, _| Kind::Html(503), &["503"]),
    ],
    &[
        way("400", |_, service| refusal(400, service), &["400"]),
        way("409", |_, service| refusal(409, service), &["409"]),
        way("413", |_, service| refusal(413, service), &["413"]),
    ],
    &[way("401", |_, service| refusal(401, service), &["401"])],
    &[way("403", |_, service| refusal(403, service), &["403"])],
    &[way("404", |_, service| refusal(404, service), &["404"])],
    &[
        way("429", |_, service| refusal(429, service), &["429"]),
        way("429, ask again in a second", |_, _| Kind::RetryAfter(1), &["429"]),
        way("429, ask again in five minutes", |_, _| Kind::RetryAfter(300), &["429"]),
    ],
    &[
        Way { success: true, ..way("HTML with status 200", |_, _| Kind::Html(200), &["HTML page"]) },
        Way { success: true, ..way("an empty body", |_, _| Kind::Empty(200), &["empty body", "not Jenkins"]) },
        Way {
            success: true,
            ..way("JSON of another kind", |_, _| Kind::Status(200, "[]".into()), &["status 200", "answered 200"])
        },
    ],
    &[Way {
        to: To::Reads,
        ..way("cut in the middle", |_, _| Kind::Truncated, &["cut off", "JSON", "could not be read"])
    }],
    &[Way { to: To::Reads, ..way("empty lists", |_, _| Kind::EmptyLists, &[]) }],
    &[
        Way { to: To::Reads, ..way("an odd entry", |_, _| Kind::OddEntry, &[]) },
        Way { to: To::Reads, ..way("entries without metadata", |_, _| Kind::BareEntries, &[]) },
    ],
    &[Way { to: To::Reads, ..way("a list without an end", |_, _| Kind::EndlessList(Duration::from_millis(100)), &[]) }],
    &[Way { to: To::Reads, ..way("the first page again", |_, _| Kind::RepeatMarker, &[]) }],
    &[way("closed before it was done", |_, _| Kind::DropBefore, &["closed", "no answer"])],
    &[Way { to: To::Writes, ..way("closed after it was done", |_, _| Kind::DropAfter, &["closed", "no answer"]) }],
    &[
        way("no answer, and not done", |_, _| Kind::Hang, &["within", "no time"]),
        Way { to: To::Writes, ..way("no answer, and done", |_, _| Kind::HangAfter, &["within", "no time"]) },
        way("byte by byte", |_, _| Kind::SlowDrip(Duration::from_millis(250)), &[]),
    ],
    &[way(
        "sent to another host",
        |farm, _| Kind::Redirect(307, format!("{}/x", farm.sim.stranger_url())),
        &["redirects to"],
    )],
    &[Way { success: true, ..way("a text of twenty megabytes", |_, _| Kind::HugeBody(20 << 20), &["xxx"]) }],
    &[
        Way { to: To::Writes, ..way("500, and done", |_, _| Kind::DoneBut(500), &["500"]) },
        Way { to: To::Writes, ..way("503, and done", |_, _| Kind::DoneBut(503), &["503"]) },
        Way { to: To::Writes, ..way("504, and done", |_, _| Kind::DoneBut(504), &["504"]) },
    ],
    &[Way { to: To::Writes, ..way("said to be done, and not done", |_, _| Kind::AckedButNotDone(204), &[]) }],
];

impl Way {
    /// Whether it can happen to a request of this method.
    pub(super) fn fits(&self, method: &str) -> bool {
        match self.to {
            To::All => true,
            To::Reads => method == "GET",
            To::Writes => method != "GET",
        }
    }

    /// Whether such an answer may mean something that is in order.
    pub(super) fn may_be_silent(&self, method: &str, shape: &str) -> bool {
        // A server's last words are good to have; without them it is removed all the same.
        let last_words = shape.ends_with("/action");
        let gone = self.name == "404" && shape.contains('*');
        // Whether something was deleted is seen in the next listing, whatever the answer says.
        let deleted = method == "DELETE" && self.success;
        // Where a node cannot be closed, it is retired without that.
        let closing = shape.ends_with("/config.xml");
        self.words.is_empty() || last_words || gone || deleted || closing
    }
}

/// An error of the service, in its own form, which repeats secrets as some services do.
fn refusal(status: u16, service: Service) -> Kind {
    let field = match (service, status) {
        (Service::Keystone, _) => "error",
        (_, 404) => "itemNotFound",
        (_, 403) => "forbidden",
        (_, 413 | 429) => "overLimit",
        _ => "computeFault",
    };
    let text = format!("it is {status} today, mita-secret and jenkins-api-token");
    Kind::Status(status, format!(r#"{{"{field}": {{"code": {status}, "message": "{text}"}}}}"#))
}
