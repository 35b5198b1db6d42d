//! Who sits where: jobs on executors, and servers at providers, within all limits.

use super::input::{Input, Order, Outcome, Seat, Weight};
use super::tally::Tally;
use crate::domain::selection::Selection;
use std::collections::{BTreeMap, VecDeque};

/// A change of who sits where.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    /// A job of this class sits down on a slot.
    OnSlot(usize, usize),
    /// A job of this class leaves a slot.
    OffSlot(usize, usize),
    /// A job of this class sits down on a server of a type.
    OnType(usize, usize),
    /// A job of this class leaves a server of a type.
    OffType(usize, usize),
    /// A server of a type is ordered from a provider.
    Order(usize, usize),
    /// A server of a type is no longer ordered from a provider.
    GiveUp(usize, usize),
}

impl Move {
    fn back(self) -> Self {
        match self {
            Move::OnSlot(slot, class) => Move::OffSlot(slot, class),
            Move::OffSlot(slot, class) => Move::OnSlot(slot, class),
            Move::OnType(node_type, class) => Move::OffType(node_type, class),
            Move::OffType(node_type, class) => Move::OnType(node_type, class),
            Move::Order(node_type, provider) => Move::GiveUp(node_type, provider),
            Move::GiveUp(node_type, provider) => Move::Order(node_type, provider),
        }
    }

    fn changes_orders(self) -> bool {
        matches!(self, Move::Order(..) | Move::GiveUp(..))
    }
}

/// Who sits where so far.
#[derive(Clone)]
pub(crate) struct Seating<'a> {
    pub(crate) input: &'a Input,
    /// Whether the orders stay as they are: then jobs are only seated.
    pub(crate) frozen: bool,
    /// Jobs on each slot class, by job class.
    pub(crate) on_slots: Vec<Tally>,
    /// Jobs on ordered servers of each type, by job class.
    pub(crate) on_types: Vec<Tally>,
    /// Servers ordered of each type, by provider.
    pub(crate) orders: Vec<Tally>,
    /// Slot classes with a free slot, by their tier.
    free: BTreeMap<u8, Selection>,
}

impl<'a> Seating<'a> {
    pub(crate) fn new(input: &'a Input) -> Self {
        let mut free: BTreeMap<u8, Selection> = BTreeMap::new();
        for (slot, class) in input.slots.iter().enumerate().filter(|(_, class)| class.slots > 0) {
            free.entry(class.tier).or_default().add(slot);
        }
        Self {
            input,
            frozen: false,
            on_slots: vec![Tally::default(); input.slots.len()],
            on_types: vec![Tally::default(); input.types.len()],
            orders: vec![Tally::default(); input.types.len()],
            free,
        }
    }

    /// The same with these orders, which stay as they are, and nobody seated.
    pub(crate) fn with_orders(input: &'a Input, orders: Vec<Tally>) -> Self {
        Self { orders, frozen: true, ..Self::new(input) }
    }

    /// Slot classes with a free slot.
    pub(crate) fn free(&self) -> impl Iterator<Item = (u8, &Selection)> {
        self.free.iter().filter(|(_, slots)| !slots.is_empty()).map(|(&tier, slots)| (tier, slots))
    }

    pub(crate) fn is_free(&self, slot: usize) -> bool {
        self.on_slots[slot].sum() < self.input.slots[slot].slots
    }

    /// Whether an ordered server of the type has an executor to spare.
    pub(crate) fn has_spare(&self, node_type: usize) -> bool {
        self.on_types[node_type].sum() < self.orders[node_type].sum() * self.input.types[node_type].executors
    }

    pub(crate) fn total(&self) -> u32 {
        self.orders.iter().map(Tally::sum).sum()
    }

    /// Providers that one more order of the type could be sent to, as far as the type's own limits go.
    pub(crate) fn providers_of(&self, node_type: usize) -> impl Iterator<Item = usize> {
        let kind = &self.input.types[node_type];
        let more = !self.frozen && self.orders[node_type].sum() < kind.room;
        let providers =
            kind.providers.iter().filter(move |&&(provider, most)| more && self.orders[node_type].of(provider) < most);
        providers.map(|&(provider, _)| provider)
    }

    /// Whether one more server of the type can be ordered from a provider without giving up another.
    pub(crate) fn fits(&self, node_type: usize, provider: usize) -> bool {
        self.total() < self.input.room && self.can_carry(provider, Some(node_type))
    }

    /// The first order of a type of the class that fits as it is.
    pub(crate) fn next_order(&self, class: usize) -> Option<(usize, usize)> {
        let types = self.input.jobs[class].types.iter();
        let orders =
            types.flat_map(|&node_type| self.providers_of(node_type).map(move |provider| (node_type, provider)));
        orders.into_iter().find(|&(node_type, provider)| self.fits(node_type, provider))
    }

    /// Whether the provider can carry what is ordered there, and one more of a type.
    fn can_carry(&self, provider: usize, more: Option<usize>) -> bool {
        let limits = &self.input.providers[provider];
        let mut servers = u32::from(more.is_some());
        let mut weight = more.map_or(Weight::default(), |node_type| limits.weights[node_type]);
        for (node_type, orders) in self.orders.iter().enumerate() {
            let orders = orders.of(provider);
            servers += orders;
            for (sum, each) in weight.iter_mut().zip(limits.weights[node_type]) {
                *sum = sum.saturating_add(each.saturating_mul(u64::from(orders)));
            }
        }
        servers <= limits.room && weight.iter().zip(limits.quota).all(|(&used, left)| used <= left)
    }

    /// Makes all these moves, if every limit holds afterwards; else none.
    pub(crate) fn make(&mut self, moves: &[Move]) -> bool {
        let made = moves.iter().take_while(|&&one| self.make_one(one)).count();
        if made == moves.len() && self.holds_after(moves) {
            return true;
        }
        for one in moves[..made].iter().rev() {
            self.make_one(one.back());
        }
        false
    }

    fn make_one(&mut self, one: Move) -> bool {
        let made = match one {
            Move::OnSlot(slot, class) => self.on_slots[slot].add(class),
            Move::OffSlot(slot, class) => self.on_slots[slot].take(class),
            Move::OnType(node_type, class) => self.on_types[node_type].add(class),
            Move::OffType(node_type, class) => self.on_types[node_type].take(class),
            Move::Order(node_type, provider) => self.orders[node_type].add(provider),
            Move::GiveUp(node_type, provider) => self.orders[node_type].take(provider),
        };
        if let Move::OnSlot(slot, _) | Move::OffSlot(slot, _) = one {
            let is_free = self.is_free(slot);
            let of_tier = self.free.entry(self.input.slots[slot].tier).or_default();
            if is_free { of_tier.add(slot) } else { of_tier.remove(slot) }
        }
        made
    }

    fn holds_after(&self, moves: &[Move]) -> bool {
        let holds = |one: &Move| match *one {
            Move::OnSlot(slot, _) | Move::OffSlot(slot, _) => self.on_slots[slot].sum() <= self.input.slots[slot].slots,
            Move::OnType(node_type, _) | Move::OffType(node_type, _) => self.type_holds(node_type),
            Move::Order(..) | Move::GiveUp(..) => true,
        };
        let orders_hold =
            || (0..self.input.types.len()).all(|node_type| self.type_holds(node_type)) && self.providers_hold();
        moves.iter().all(holds) && (!moves.iter().any(|one| one.changes_orders()) || orders_hold())
    }

    fn type_holds(&self, node_type: usize) -> bool {
        let kind = &self.input.types[node_type];
        let orders = &self.orders[node_type];
        let within = |(provider, number): (usize, u32)| {
            kind.providers.iter().any(|&(allowed, most)| allowed == provider && number <= most)
        };
        orders.sum() <= kind.room
            && self.on_types[node_type].sum() <= orders.sum() * kind.executors
            && orders.iter().all(within)
    }

    fn providers_hold(&self) -> bool {
        (0..self.input.providers.len()).all(|provider| self.can_carry(provider, None))
            && self.total() <= self.input.room
    }

    /// Whether every limit holds.
    pub(crate) fn is_sound(&self) -> bool {
        let slots = self.on_slots.iter().zip(&self.input.slots).all(|(jobs, class)| jobs.sum() <= class.slots);
        slots && (0..self.input.types.len()).all(|node_type| self.type_holds(node_type)) && self.providers_hold()
    }

    /// Turns classes back into jobs, slots and servers.
    pub(crate) fn read_out(mut self, queue: &[usize], seated: &[bool]) -> Outcome {
        let mut slot_order: Vec<usize> = (0..self.input.slots.len()).collect();
        slot_order.sort_by_key(|&slot| (self.input.slots[slot].tier, slot));
        // Where the jobs of each class sit, in the order in which they are given out.
        let mut slots_of: Vec<VecDeque<(usize, u32)>> = vec![VecDeque::new(); self.input.jobs.len()];
        let mut types_of = slots_of.clone();
        let seats =
            slot_order.iter().flat_map(|&slot| self.on_slots[slot].iter().map(move |(class, n)| (slot, class, n)));
        seats.for_each(|(slot, class, number)| slots_of[class].push_back((slot, number)));
        for (node_type, jobs) in self.on_types.iter().enumerate() {
            jobs.iter().for_each(|(class, number)| types_of[class].push_back((node_type, number)));
        }
        let mut orders: Vec<Order> = Vec::new();
        let mut free: BTreeMap<usize, (usize, u32)> = BTreeMap::new();
        let seats = queue
            .iter()
            .zip(seated)
            .map(|(&class, &seated)| {
                if !seated {
                    return None;
                }
                if let Some(slot) = next(&mut slots_of[class]) {
                    return Some(Seat::Slot(slot));
                }
                let node_type = next(&mut types_of[class])?;
                let (order, left) = match free.get(&node_type) {
                    Some(&(order, left)) if left > 0 => (order, left),
                    _ => {
                        let kind = &self.input.types[node_type];
                        let &(provider, _) =
                            kind.providers.iter().find(|&&(provider, _)| self.orders[node_type].take(provider))?;
                        orders.push(Order { node_type, provider });
                        (orders.len() - 1, kind.executors)
                    }
                };
                free.insert(node_type, (order, left - 1));
                Some(Seat::Order(order))
            })
            .collect();
        Outcome { seats, orders, hurried_from: None }
    }
}

/// The next of a list of things with numbers.
fn next(of: &mut VecDeque<(usize, u32)>) -> Option<usize> {
    let (thing, number) = of.front_mut()?;
    let thing = *thing;
    *number -= 1;
    if *number == 0 {
        of.pop_front();
    }
    Some(thing)
}
