//! The marks of an installation.

use crate::domain::installation::{Controller, Installation};
use crate::domain::names::{MitaId, NodeTypeName, Owner, ServerId};
use serde::{Deserialize, Serialize};

/// `mita_owner`, `mita_controller`, `mita_node` and `mita_id` of a server's metadata; the same in the description of a
/// node, but for the controller, which is the one that has the node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The owner.
    pub owner: Owner,
    /// The controller; none in marks of a version of mita that wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<Controller>,
    /// The node type.
    pub node_type: NodeTypeName,
    /// The order.
    pub id: MitaId,
}

impl Mark {
    /// Whether it is of this installation.
    pub fn is_of(&self, installation: &Installation) -> bool {
        installation.is(&self.owner, self.controller.as_ref())
    }
}

/// The mark of a floating IP, which has no metadata: its description, `mita owner=OWNER id=ID server=SERVER
/// controller=CONTROLLER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressMark {
    /// The owner.
    pub owner: Owner,
    /// The order of the server.
    pub id: MitaId,
    /// The server that it was made for.
    pub server: ServerId,
    /// The name of the controller, as far as the description has room for it; none in marks of a version of mita that wrote
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
}

/// The longest description of a floating IP, in characters (Networking API v2.0).
const DESCRIPTION: usize = 255;

const CONTROLLER: &str = " controller=";

impl std::fmt::Display for AddressMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let AddressMark { owner, id, server, controller } = self;
        write!(f, "mita owner={owner} id={id} server={server}")?;
        controller.as_ref().map_or(Ok(()), |controller| write!(f, "{CONTROLLER}{controller}"))
    }
}

impl AddressMark {
    /// The mark of a floating IP that this installation makes for a server.
    pub fn new(installation: &Installation, id: MitaId, server: ServerId) -> Self {
        Self::by(installation.owner.clone(), id, server, &installation.controller)
    }

    fn by(owner: Owner, id: MitaId, server: ServerId, controller: &Controller) -> Self {
        let plain = Self { owner, id, server, controller: None };
        let room = DESCRIPTION.saturating_sub(plain.to_string().chars().count() + CONTROLLER.len());
        let controller: String = controller.as_str().chars().take(room).collect();
        Self { controller: Some(controller).filter(|controller| !controller.is_empty()), ..plain }
    }

    /// Whether it is of this installation.
    pub fn is_of(&self, installation: &Installation) -> bool {
        let Some(controller) = &self.controller else { return installation.is(&self.owner, None) };
        let names = installation.former.iter().chain([&installation.controller]);
        let written = |name| Self::by(self.owner.clone(), self.id.clone(), self.server.clone(), name).controller;
        self.owner == installation.owner && names.into_iter().any(|name| written(name).as_ref() == Some(controller))
    }

    /// The mark that a description holds, where it is one to the letter.
    pub fn read(description: &str) -> Option<Self> {
        let (owner, rest) = description.strip_prefix("mita owner=")?.split_once(" id=")?;
        let (id, rest) = rest.split_once(" server=")?;
        let (server, controller) = match rest.split_once(CONTROLLER) {
            Some((server, controller)) => (server, Some(controller)),
            None => (rest, None),
        };
        let plain = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
        let all_plain = [id, server].into_iter().chain(controller).all(plain);
        let mark = Self {
            owner: Owner::new(owner).ok()?,
            id: MitaId::from(id),
            server: ServerId::from(server),
            controller: controller.map(str::to_owned),
        };
        all_plain.then_some(mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "mita owner=jenkins.example.com/ci id=20261121T233012Z-1 server=5c0d4a2e-8f5e-4a44-9a53-b1c1c1f0aa01";

    fn installation(owner: &str, url: &str) -> Installation {
        let former = vec![Controller::at("https://old.example.com/")];
        Installation { owner: Owner::new(owner).unwrap(), controller: Controller::at(url), former }
    }

    #[test]
    fn s2_the_mark_of_an_address_is_read_as_it_was_written_and_nothing_else_is_one() {
        let new = format!("{TEXT} controller=ci.example.com:8080/a");
        for text in [TEXT, new.as_str()] {
            assert_eq!(AddressMark::read(text).map(|mark| mark.to_string()).as_deref(), Some(text));
        }
        for other in [
            "",
            "mita",
            "mita owner=ci",
            "mita owner=ci id=1 server=",
            "mita owner= id=1 server=2",
            "mita owner=ci id=1 server=2 3",
            "mita owner=ci id=1 server=2 controller=",
            "mita owner=ci id=1 server=2 controller=a b",
            "mita owner=ci id=1 server=2 keep controller=a",
            "a mita owner=ci id=1 server=2",
            "mita owner=c i id=1 server=2",
        ] {
            assert_eq!(AddressMark::read(other), None, "{other}");
        }
    }

    #[test]
    fn s2_an_address_is_of_the_owner_and_controller_that_its_mark_names() {
        let us = installation("ci", "https://ci.example.com/");
        let marked = |by: &Installation| AddressMark::new(by, "m1".into(), "s1".into());
        assert!(marked(&us).is_of(&us));
        assert!(marked(&installation("ci", "http://CI.example.com:80")).is_of(&us));
        assert!(marked(&installation("ci", "https://old.example.com/")).is_of(&us));
        assert!(!marked(&installation("ci", "https://staging.example.com/")).is_of(&us));
        assert!(!marked(&installation("other", "https://ci.example.com/")).is_of(&us));
        assert!(AddressMark { controller: None, ..marked(&us) }.is_of(&us), "of an older mita");
    }

    #[test]
    fn s2_the_mark_of_an_address_fits_its_description_and_is_known_again_however_long_the_names_are() {
        for owner in [1, 100, 160] {
            for host in [1, 40, 200] {
                let url = |letter: &str| format!("https://{}/", letter.repeat(host));
                let us = installation(&"o".repeat(owner), &url("a"));
                let server = "5c0d4a2e-8f5e-4a44-9a53-b1c1c1f0aa01";
                let mark = AddressMark::new(&us, "20261121T233012Z-1".into(), server.into());
                let text = mark.to_string();
                assert!(text.len() <= DESCRIPTION, "{text}");
                let read = AddressMark::read(&text).unwrap();
                assert_eq!(read, mark);
                assert!(read.is_of(&us) && !read.is_of(&installation(&"o".repeat(owner), &url("b"))), "{text}");
            }
        }
    }
}
