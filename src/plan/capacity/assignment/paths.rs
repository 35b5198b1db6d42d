//! The paths by which one more job finds a seat: it takes somebody's, who takes somebody else's, up to a seat that is free.

use super::seating::{Move, Seating};
use super::tally::Tally;
use crate::domain::selection::Selection;
use std::collections::BTreeSet;

/// A point of the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Point {
    /// A job of this class looks for a seat.
    Job(usize),
    /// Somebody wants a slot of this class.
    Slot(usize),
    /// Somebody wants a slot of a server of this type.
    Type(usize),
    /// An order of this type wants to be at this provider.
    Order { node_type: usize, provider: usize },
    /// An order of this type at this provider is given up, with the slot of one job.
    Cancel { node_type: usize, provider: usize },
}

/// Where a path can end, the most welcome end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// A free slot that exists or is on its way, by its tier.
    Slot(u8),
    /// A free slot of a server that is ordered anyway.
    Shared,
    /// One more server.
    NewOrder,
}

/// A set of points.
#[derive(Default)]
struct Points {
    jobs: Selection,
    slots: Selection,
    types: Selection,
    others: BTreeSet<Point>,
}

impl Points {
    fn contains(&self, point: Point) -> bool {
        match point {
            Point::Job(class) => self.jobs.contains(class),
            Point::Slot(slot) => self.slots.contains(slot),
            Point::Type(node_type) => self.types.contains(node_type),
            Point::Order { .. } | Point::Cancel { .. } => self.others.contains(&point),
        }
    }

    fn add(&mut self, point: Point) {
        match point {
            Point::Job(class) => self.jobs.add(class),
            Point::Slot(slot) => self.slots.add(slot),
            Point::Type(node_type) => self.types.add(node_type),
            Point::Order { .. } | Point::Cancel { .. } => drop(self.others.insert(point)),
        }
    }

    fn join(&mut self, mut other: Self) {
        self.jobs.join(&other.jobs);
        self.slots.join(&other.slots);
        self.types.join(&other.types);
        self.others.append(&mut other.others);
    }
}

/// What earlier searches found out, since most jobs of a long queue look in the same places; and what all of them together
/// may still look at.
pub(crate) struct Searched {
    /// Points from which no path led to an end. It stays so until an order is made, moved or given up: where nobody could
    /// leave, nobody sat down either.
    dead: Points,
    /// Points from which no path led to a free slot. It stays so: no slot becomes free again, and who is seated on an
    /// order found no free one either. Only a new server with several executors has some to spare.
    no_slot: Points,
    effort: usize,
}

impl Searched {
    /// Nothing so far. Searches end after they have looked at so many points.
    pub(crate) fn nothing(effort: usize) -> Self {
        Self { dead: Points::default(), no_slot: Points::default(), effort }
    }

    /// Whether there is nothing left to search with.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.effort == 0
    }

    /// How many points may still be looked at.
    pub(crate) fn effort(&self) -> usize {
        self.effort
    }

    /// Forgets all but how much effort is left: everybody may sit somewhere else now.
    pub(crate) fn forget_all(&mut self) {
        *self = Self::nothing(self.effort);
    }

    /// Pays for looking at so many points; false where that is more than is left.
    fn spend(&mut self, points: usize) -> bool {
        self.effort = self.effort.saturating_sub(points);
        self.effort > 0
    }

    /// Forgets what is not so any more once these moves were made.
    fn forget(&mut self, seating: &Seating<'_>, moves: &[Move]) {
        for one in moves {
            match *one {
                Move::Order(node_type, _) => {
                    self.dead = Points::default();
                    if seating.input.types[node_type].executors > 1 {
                        self.no_slot = Points::default();
                    }
                }
                Move::GiveUp(..) => self.dead = Points::default(),
                Move::OnSlot(..) | Move::OffSlot(..) | Move::OnType(..) | Move::OffType(..) => {}
            }
        }
    }
}

/// Points in the order in which they were found, each with the number of the point that led to it.
type Found = Vec<(Point, usize)>;

impl Seating<'_> {
    /// Finds a seat for one more job of the class, moving others where that helps. Finds none once the effort is used up.
    pub(crate) fn seat(&mut self, class: usize, searched: &mut Searched) -> bool {
        if let Some(slot) = self.nearest_slot(class) {
            return self.make(&[Move::OnSlot(slot, class)]);
        }
        if let Some((node_type, provider)) = self.nearest_order(class, searched) {
            let moves = [Move::OnType(node_type, class), Move::Order(node_type, provider)];
            searched.forget(self, &moves);
            return self.make(&moves);
        }
        for path in self.paths(class, searched) {
            let moves = moves(&path);
            if self.make(&moves) {
                searched.forget(self, &moves);
                return true;
            }
        }
        false
    }

    /// A free slot for the class itself, where no other could be more welcome.
    fn nearest_slot(&self, class: usize) -> Option<usize> {
        let (_, free) = self.free().next()?;
        self.input.jobs[class].slots.common(free).next()
    }

    /// One more server for the class, where nothing better is to be had.
    fn nearest_order(&self, class: usize, searched: &Searched) -> Option<(usize, usize)> {
        let job = &self.input.jobs[class];
        let known = || {
            let types = job.types.iter();
            job.slots.is_within(&searched.no_slot.slots)
                && types.copied().all(|node_type| searched.no_slot.types.contains(node_type))
        };
        if self.best_end() == End::NewOrder || known() { self.next_order(class) } else { None }
    }

    /// The most welcome end that any job could find.
    fn best_end(&self) -> End {
        let spare = || (0..self.input.types.len()).any(|node_type| self.has_spare(node_type));
        match self.free().next() {
            Some((tier, _)) => End::Slot(tier),
            None if spare() => End::Shared,
            None => End::NewOrder,
        }
    }

    /// Paths from the class to each possible end, the most welcome first. One that ends as well as can be, and that breaks
    /// no limit, ends the search.
    fn paths(&self, class: usize, searched: &mut Searched) -> Vec<Vec<Point>> {
        let best = self.best_end();
        let mut found: Found = vec![(Point::Job(class), 0)];
        let mut seen = Points::default();
        seen.add(Point::Job(class));
        let mut ends: Vec<(End, usize)> = Vec::new();
        let mut at = 0;
        while let Some(&(point, _)) = found.get(at) {
            if let Some(end) = self.end_at(point) {
                ends.push((end, at));
                if end == best && orders_stay(&path_to(&found, at)) {
                    break;
                }
            }
            let (steps, looked_at) = self.steps(point, &seen, &searched.dead);
            for next in steps {
                if !seen.contains(next) && !searched.dead.contains(next) {
                    seen.add(next);
                    found.push((next, at));
                }
            }
            if !searched.spend(looked_at) {
                return Vec::new();
            }
            at += 1;
        }
        ends.sort_unstable();
        match ends.first() {
            None => searched.dead.join(seen),
            Some((End::NewOrder, _)) => searched.no_slot.join(seen),
            Some((End::Slot(_) | End::Shared, _)) => {}
        }
        ends.into_iter().map(|(_, end)| path_to(&found, end)).collect()
    }

    /// Whether a path may end here.
    fn end_at(&self, point: Point) -> Option<End> {
        match point {
            Point::Job(_) | Point::Cancel { .. } => None,
            Point::Slot(slot) => self.is_free(slot).then_some(End::Slot(self.input.slots[slot].tier)),
            Point::Type(node_type) => self.has_spare(node_type).then_some(End::Shared),
            Point::Order { node_type, provider } => self.fits(node_type, provider).then_some(End::NewOrder),
        }
    }

    /// Where a path may go from here, and how many points had to be looked at to tell.
    fn steps(&self, point: Point, seen: &Points, dead: &Points) -> (Vec<Point>, usize) {
        let jobs = |jobs: &Tally| jobs.keys().map(Point::Job).collect::<Vec<_>>();
        let steps: Vec<Point> = match point {
            Point::Job(class) => {
                let job = &self.input.jobs[class];
                let mut slots = job.slots.clone();
                slots.subtract(&seen.slots);
                slots.subtract(&dead.slots);
                let steps: Vec<Point> =
                    slots.iter().map(Point::Slot).chain(job.types.iter().copied().map(Point::Type)).collect();
                let looked_at = 1 + steps.len() + job.slots.len_in_words();
                return (steps, looked_at);
            }
            Point::Slot(slot) => jobs(&self.on_slots[slot]),
            Point::Type(node_type) => {
                let providers = self.providers_of(node_type).map(|provider| Point::Order { node_type, provider });
                providers.chain(jobs(&self.on_types[node_type])).collect()
            }
            Point::Order { node_type, provider } => self.make_way(node_type, provider),
            Point::Cancel { node_type, .. } => jobs(&self.on_types[node_type]),
        };
        let looked_at = 1 + steps.len();
        (steps, looked_at)
    }

    /// Orders that could leave a provider, or be given up, so that one of `newcomer` finds room there.
    fn make_way(&self, newcomer: usize, provider: usize) -> Vec<Point> {
        let mut steps = Vec::new();
        let full = self.total() >= self.input.room;
        for (node_type, orders) in self.orders.iter().enumerate() {
            if node_type == newcomer {
                continue;
            }
            let kind = &self.input.types[node_type];
            if orders.of(provider) > 0 && !full {
                let may_ask = |&(other, most): &(usize, u32)| other != provider && orders.of(other) < most;
                let others = kind.providers.iter().copied().filter(may_ask);
                steps.extend(others.map(|(other, _)| Point::Order { node_type, provider: other }));
            }
            let spare = (orders.sum().saturating_sub(1)) * kind.executors;
            if orders.sum() > 0 && self.on_types[node_type].sum() <= spare + 1 {
                let from = orders.keys().filter(|&from| from == provider || full);
                steps.extend(from.map(|from| Point::Cancel { node_type, provider: from }));
            }
        }
        steps
    }
}

/// The path to a point, from its beginning.
fn path_to(found: &Found, end: usize) -> Vec<Point> {
    let mut path = vec![found[end].0];
    let mut at = end;
    while at > 0 {
        at = found[at].1;
        path.push(found[at].0);
    }
    path.reverse();
    path
}

/// Whether no order is moved or given up on the path: then it breaks no limit.
fn orders_stay(path: &[Point]) -> bool {
    let before = path.len().saturating_sub(1);
    !path[..before].iter().any(|point| matches!(point, Point::Order { .. } | Point::Cancel { .. }))
}

/// What moves everybody along the path by one.
fn moves(path: &[Point]) -> Vec<Move> {
    let mut moves = Vec::new();
    for step in path.windows(2) {
        match (step[0], step[1]) {
            (Point::Job(class), Point::Slot(slot)) => moves.push(Move::OnSlot(slot, class)),
            (Point::Job(class), Point::Type(node_type)) => moves.push(Move::OnType(node_type, class)),
            (Point::Slot(slot), Point::Job(class)) => moves.push(Move::OffSlot(slot, class)),
            (Point::Type(node_type) | Point::Cancel { node_type, .. }, Point::Job(class)) => {
                moves.push(Move::OffType(node_type, class));
            }
            (Point::Type(_), Point::Order { node_type, provider }) => moves.push(Move::Order(node_type, provider)),
            (Point::Order { provider: from, .. }, Point::Order { node_type, provider }) => {
                moves.extend([Move::GiveUp(node_type, from), Move::Order(node_type, provider)]);
            }
            (Point::Order { .. }, Point::Cancel { node_type, provider }) => {
                moves.push(Move::GiveUp(node_type, provider));
            }
            (from, to) => unreachable!("no step leads from {from:?} to {to:?}"),
        }
    }
    moves
}
