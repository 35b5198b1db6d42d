//! Where each job is placed: jobs on executors, servers at providers, and the paths by which one more job finds a
//! place.

use super::input::{Input, Order, Outcome, Seat};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
    Place { node_type: usize, place: usize },
    /// An order of this type at this provider is given up, with the slot of one job.
    Cancel { node_type: usize, place: usize },
}

/// Where a path can end, the most welcome end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// A free slot that exists or is on its way, by its tier.
    Slot(u8),
    /// A free slot of a server that is ordered anyway.
    Shared,
    /// One more server.
    NewOrder,
}

/// What earlier searches found out: most jobs of a long queue look in the same places.
#[derive(Default)]
pub(crate) struct Searched {
    /// Points from which no path led to an end, since somebody was seated last.
    dead: BTreeSet<Point>,
    /// Points from which no path led to a free slot. It stays so: no slot becomes free again, and who is seated on an
    /// order found no free one either. Only a new server with several executors has some to spare.
    no_slot: BTreeSet<Point>,
}

/// Who sits where so far.
#[derive(Clone)]
pub(crate) struct Seating<'a> {
    pub(crate) input: &'a Input,
    /// Whether the orders stay as they are: then jobs are only seated.
    pub(crate) frozen: bool,
    /// Jobs on each slot class, by job class.
    pub(crate) on_slots: Vec<BTreeMap<usize, u32>>,
    /// Jobs on ordered servers of each type, by job class.
    pub(crate) on_types: Vec<BTreeMap<usize, u32>>,
    /// Servers ordered of each type, by provider.
    pub(crate) orders: Vec<BTreeMap<usize, u32>>,
}

impl<'a> Seating<'a> {
    pub(crate) fn new(input: &'a Input) -> Self {
        Self {
            input,
            frozen: false,
            on_slots: vec![BTreeMap::new(); input.slots.len()],
            on_types: vec![BTreeMap::new(); input.types.len()],
            orders: vec![BTreeMap::new(); input.types.len()],
        }
    }

    /// Finds a seat for one more job of the class, moving others where that helps.
    pub(crate) fn seat(&mut self, class: usize, searched: &mut Searched) -> bool {
        let first_tier = self.input.jobs[class].slots.iter().find(|&&slot| {
            self.input.slots[slot].tier == 0 && count(&self.on_slots[slot]) < self.input.slots[slot].slots
        });
        if let Some(&slot) = first_tier {
            add(&mut self.on_slots[slot], class);
            searched.dead.clear();
            return true;
        }
        if let Some((node_type, place)) = self.nearest_order(class, searched) {
            add(&mut self.on_types[node_type], class);
            add(&mut self.orders[node_type], place);
            self.forget(&[Point::Place { node_type, place }], searched);
            return true;
        }
        for path in self.paths(class, searched) {
            let mut next = self.clone();
            next.walk(&path);
            if next.is_sound() {
                *self = next;
                self.forget(&path, searched);
                return true;
            }
        }
        false
    }

    /// One more server for the class, where an earlier search found that nothing better is to be had.
    fn nearest_order(&self, class: usize, searched: &Searched) -> Option<(usize, usize)> {
        let job = &self.input.jobs[class];
        let mut around = job.slots.iter().map(|&slot| Point::Slot(slot));
        let mut types = job.types.iter().map(|&node_type| Point::Type(node_type));
        let known = around.all(|point| searched.no_slot.contains(&point))
            && types.all(|point| searched.no_slot.contains(&point));
        let steps = job.types.iter().flat_map(|&node_type| self.steps_to_places(node_type));
        let mut orders = steps.filter(|&point| self.end_at(point) == Some(End::NewOrder));
        match orders.next().filter(|_| known) {
            Some(Point::Place { node_type, place }) => Some((node_type, place)),
            _ => None,
        }
    }

    /// Forgets what is not so any more once somebody went this way.
    fn forget(&self, path: &[Point], searched: &mut Searched) {
        searched.dead.clear();
        let spare = |point: &Point| match *point {
            Point::Place { node_type, .. } => self.input.types[node_type].executors > 1,
            Point::Job(_) | Point::Slot(_) | Point::Type(_) | Point::Cancel { .. } => false,
        };
        if path.iter().any(spare) {
            searched.no_slot.clear();
        }
    }

    /// Paths from the class to each possible end, the most welcome first.
    fn paths(&self, class: usize, searched: &mut Searched) -> Vec<Vec<Point>> {
        let start = Point::Job(class);
        let mut came_from: BTreeMap<Point, Point> = BTreeMap::from([(start, start)]);
        let mut ends: Vec<(End, usize, Point)> = Vec::new();
        let mut open = VecDeque::from([start]);
        while let Some(point) = open.pop_front() {
            if let Some(end) = self.end_at(point) {
                ends.push((end, ends.len(), point));
            }
            for next in self.steps(point).into_iter().filter(|next| !searched.dead.contains(next)) {
                came_from.entry(next).or_insert_with(|| {
                    open.push_back(next);
                    point
                });
            }
        }
        if ends.is_empty() {
            searched.dead.extend(came_from.into_keys());
            return Vec::new();
        }
        ends.sort_unstable();
        if ends[0].0 == End::NewOrder {
            searched.no_slot.extend(came_from.keys());
        }
        ends.into_iter()
            .map(|(_, _, end)| {
                let mut path = vec![end];
                let mut point = end;
                while point != start {
                    point = came_from[&point];
                    path.push(point);
                }
                path.reverse();
                path
            })
            .collect()
    }

    /// Whether a path may end here.
    fn end_at(&self, point: Point) -> Option<End> {
        match point {
            Point::Job(_) | Point::Cancel { .. } => None,
            Point::Slot(slot) => {
                let class = &self.input.slots[slot];
                (count(&self.on_slots[slot]) < class.slots).then_some(End::Slot(class.tier))
            }
            Point::Type(node_type) => {
                let capacity = count(&self.orders[node_type]) * self.input.types[node_type].executors;
                (count(&self.on_types[node_type]) < capacity).then_some(End::Shared)
            }
            Point::Place { node_type, place } => {
                (self.total() < self.input.room && self.fits(node_type, place)).then_some(End::NewOrder)
            }
        }
    }

    /// Where a path may go from here.
    fn steps(&self, point: Point) -> Vec<Point> {
        match point {
            Point::Job(class) => {
                let job = &self.input.jobs[class];
                let slots = job.slots.iter().map(|&slot| Point::Slot(slot));
                slots.chain(job.types.iter().map(|&node_type| Point::Type(node_type))).collect()
            }
            Point::Slot(slot) => self.on_slots[slot].keys().map(|&class| Point::Job(class)).collect(),
            Point::Type(node_type) => {
                let places = self.steps_to_places(node_type);
                places.chain(self.on_types[node_type].keys().map(|&class| Point::Job(class))).collect()
            }
            Point::Place { node_type, place } => self.make_way(node_type, place),
            Point::Cancel { node_type, .. } => {
                self.on_types[node_type].keys().map(|&class| Point::Job(class)).collect()
            }
        }
    }

    /// Providers that one more order of the type could go to.
    fn steps_to_places(&self, node_type: usize) -> impl Iterator<Item = Point> {
        let kind = &self.input.types[node_type];
        let more = !self.frozen && count(&self.orders[node_type]) < kind.room;
        let places = kind.places.iter().filter(move |&&(place, most)| more && self.asked(node_type, place) < most);
        places.map(move |&(place, _)| Point::Place { node_type, place })
    }

    /// Orders that could leave a provider, or be given up, so that one of `newcomer` finds room there.
    fn make_way(&self, newcomer: usize, place: usize) -> Vec<Point> {
        let mut steps = Vec::new();
        let full = self.total() >= self.input.room;
        for (node_type, orders) in self.orders.iter().enumerate() {
            if node_type == newcomer {
                continue;
            }
            let kind = &self.input.types[node_type];
            if orders.contains_key(&place) && !full {
                let others =
                    kind.places.iter().filter(|&&(other, most)| other != place && self.asked(node_type, other) < most);
                steps.extend(others.map(|&(other, _)| Point::Place { node_type, place: other }));
            }
            let spare = (count(orders).saturating_sub(1)) * kind.executors;
            if !orders.is_empty() && count(&self.on_types[node_type]) <= spare + 1 {
                let from = orders.keys().filter(|&&from| from == place || full);
                steps.extend(from.map(|&from| Point::Cancel { node_type, place: from }));
            }
        }
        steps
    }

    /// Moves everybody along the path by one.
    fn walk(&mut self, path: &[Point]) {
        for step in path.windows(2) {
            match (step[0], step[1]) {
                (Point::Job(class), Point::Slot(slot)) => add(&mut self.on_slots[slot], class),
                (Point::Job(class), Point::Type(node_type)) => add(&mut self.on_types[node_type], class),
                (Point::Slot(slot), Point::Job(class)) => take(&mut self.on_slots[slot], class),
                (Point::Type(node_type) | Point::Cancel { node_type, .. }, Point::Job(class)) => {
                    take(&mut self.on_types[node_type], class);
                }
                (Point::Type(_), Point::Place { node_type, place }) => add(&mut self.orders[node_type], place),
                (Point::Place { place: from, .. }, Point::Place { node_type, place }) => {
                    take(&mut self.orders[node_type], from);
                    add(&mut self.orders[node_type], place);
                }
                (Point::Place { .. }, Point::Cancel { node_type, place }) => take(&mut self.orders[node_type], place),
                (from, to) => unreachable!("no step leads from {from:?} to {to:?}"),
            }
        }
    }

    /// Whether every limit holds: a path through one type twice could break what each of its steps alone respects.
    pub(crate) fn is_sound(&self) -> bool {
        let slots = self.on_slots.iter().zip(&self.input.slots).all(|(jobs, class)| count(jobs) <= class.slots);
        let types = self.input.types.iter().enumerate().all(|(index, kind)| {
            let ordered = count(&self.orders[index]);
            let within = |(&place, &orders): (&usize, &u32)| {
                kind.places.iter().any(|&(allowed, most)| allowed == place && orders <= most)
            };
            ordered <= kind.room
                && count(&self.on_types[index]) <= ordered * kind.executors
                && self.orders[index].iter().all(within)
        });
        let places = (0..self.input.places.len()).all(|place| self.load(place, None));
        slots && types && places && self.total() <= self.input.room
    }

    pub(crate) fn total(&self) -> u32 {
        self.orders.iter().map(count).sum()
    }

    pub(crate) fn asked(&self, node_type: usize, place: usize) -> u32 {
        self.orders[node_type].get(&place).copied().unwrap_or(0)
    }

    /// Whether one more server of the type fits into the provider's limits.
    pub(crate) fn fits(&self, node_type: usize, place: usize) -> bool {
        self.load(place, Some(node_type))
    }

    /// Whether the provider can carry what is ordered there, and one more of a type.
    pub(crate) fn load(&self, place: usize, more: Option<usize>) -> bool {
        let limits = &self.input.places[place];
        let mut servers = u32::from(more.is_some());
        let mut weight = more.map_or([0; 4], |node_type| limits.weights[node_type]);
        for node_type in 0..self.orders.len() {
            let orders = self.asked(node_type, place);
            servers += orders;
            for (sum, each) in weight.iter_mut().zip(limits.weights[node_type]) {
                *sum = sum.saturating_add(each.saturating_mul(u64::from(orders)));
            }
        }
        servers <= limits.room && weight.iter().zip(limits.quota).all(|(&used, left)| used <= left)
    }

    /// Turns classes back into jobs, slots and servers.
    pub(crate) fn read_out(mut self, queue: &[usize], seated: &[bool]) -> Outcome {
        let mut slot_order: Vec<usize> = (0..self.input.slots.len()).collect();
        slot_order.sort_by_key(|&slot| (self.input.slots[slot].tier, slot));
        let mut orders: Vec<Order> = Vec::new();
        let mut free: BTreeMap<usize, (usize, u32)> = BTreeMap::new();
        let seats = queue
            .iter()
            .zip(seated)
            .map(|(&class, &seated)| {
                if !seated {
                    return None;
                }
                let on_slot = slot_order.iter().copied().find(|&slot| self.on_slots[slot].contains_key(&class));
                if let Some(slot) = on_slot {
                    take(&mut self.on_slots[slot], class);
                    return Some(Seat::Slot(slot));
                }
                let node_type = (0..self.on_types.len()).find(|&t| self.on_types[t].contains_key(&class))?;
                take(&mut self.on_types[node_type], class);
                let (order, left) = match free.get(&node_type) {
                    Some(&(order, left)) if left > 0 => (order, left),
                    _ => {
                        let kind = &self.input.types[node_type];
                        let preferred = kind.places.iter().find(|(place, _)| self.asked(node_type, *place) > 0);
                        let &(place, _) = preferred?;
                        take(&mut self.orders[node_type], place);
                        orders.push(Order { node_type, place });
                        (orders.len() - 1, kind.executors)
                    }
                };
                free.insert(node_type, (order, left - 1));
                Some(Seat::Order(order))
            })
            .collect();
        Outcome { seats, orders }
    }
}

pub(crate) fn count(of: &BTreeMap<usize, u32>) -> u32 {
    of.values().sum()
}

pub(crate) fn add(to: &mut BTreeMap<usize, u32>, key: usize) {
    *to.entry(key).or_insert(0) += 1;
}

pub(crate) fn take(from: &mut BTreeMap<usize, u32>, key: usize) {
    if let Some(number) = from.get_mut(&key) {
        *number -= 1;
        if *number == 0 {
            from.remove(&key);
        }
    }
}
