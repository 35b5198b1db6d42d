//! Items that have left the queue: `queue/item/ID` knows them for five minutes.

use crate::clock::Ms;
use crate::jenkins::Jenkins;
use crate::jenkins::queue::{Build, Item};

/// How long they are known.
const KNOWN_FOR: Ms = 300_000;

/// An item that has left the queue.
#[derive(Clone)]
pub(crate) struct Left {
    pub(crate) item: Item,
    /// The build that it became; none where it was cancelled.
    pub(crate) build: Option<Build>,
    until: Ms,
}

impl Jenkins {
    pub(crate) fn leave(&mut self, item: Item, build: Option<Build>) {
        let until = self.now + KNOWN_FOR;
        self.left.retain(|left| left.until > self.now);
        self.left.push(Left { item, build, until });
    }

    /// The item of this id, if it left the queue not long ago.
    pub(crate) fn left_item(&self, id: &str) -> Option<&Left> {
        self.left.iter().find(|left| left.until > self.now && left.item.id.to_string() == id)
    }
}
