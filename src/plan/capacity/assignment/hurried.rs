//! Seats for the jobs that are left when the effort for searches is used up: nobody is moved for them.
//!
//! A job takes a free slot, or one that an ordered server has to spare. A server is ordered for it only if no other job
//! could leave a seat to it by moving to a free one: a search would order one as well. If that is not sure, the job waits
//! for the next run. So there are never more servers than with searches, and a job may wait longer.

use super::seating::{Move, Seating};
use crate::domain::selection::Selection;

/// Places jobs without moving others.
pub(crate) struct Hurried {
    /// Slot classes, and types, that are free, or whose jobs could move on to a free seat. Seats that were taken since then
    /// are still among them, which is no harm: an order less is made.
    slots: Selection,
    types: Selection,
    /// Job classes that are known to be able to move.
    movable: Selection,
    /// Where the jobs of each class sit.
    slots_of: Vec<Vec<usize>>,
    types_of: Vec<Vec<usize>>,
}

/// Somewhere to sit.
#[derive(Clone, Copy)]
enum Seats {
    Slot(usize),
    Type(usize),
}

impl Hurried {
    pub(crate) fn new(seating: &Seating<'_>) -> Self {
        let classes = seating.input.jobs.len();
        let (mut slots_of, mut types_of) = (vec![Vec::new(); classes], vec![Vec::new(); classes]);
        for (slot, jobs) in seating.on_slots.iter().enumerate() {
            jobs.keys().for_each(|class| slots_of[class].push(slot));
        }
        for (node_type, jobs) in seating.on_types.iter().enumerate() {
            jobs.keys().for_each(|class| types_of[class].push(node_type));
        }
        let (slots, types, movable) = (Selection::default(), Selection::default(), Selection::default());
        let mut hurried = Self { slots, types, movable, slots_of, types_of };
        let free = seating.free().flat_map(|(_, slots)| slots.iter()).map(Seats::Slot);
        let spare = (0..seating.input.types.len()).filter(|&node_type| seating.has_spare(node_type)).map(Seats::Type);
        hurried.can_be_reached(seating, free.chain(spare).collect());
        hurried
    }

    /// A seat for one more job of the class.
    pub(crate) fn seat(&mut self, seating: &mut Seating<'_>, class: usize) -> bool {
        let job = &seating.input.jobs[class];
        let free = seating.free().find_map(|(_, free)| job.slots.common(free).next());
        if let Some(slot) = free {
            self.slots_of[class].push(slot);
            return seating.make(&[Move::OnSlot(slot, class)]);
        }
        let spare = job.types.iter().copied().find(|&node_type| seating.has_spare(node_type));
        if let Some(node_type) = spare {
            self.types_of[class].push(node_type);
            return seating.make(&[Move::OnType(node_type, class)]);
        }
        let may_be_left = job.slots.common(&self.slots).next().is_some()
            || job.types.iter().any(|&node_type| self.types.contains(node_type));
        if may_be_left {
            return false;
        }
        let Some((node_type, provider)) = seating.next_order(class) else { return false };
        let seated = seating.make(&[Move::OnType(node_type, class), Move::Order(node_type, provider)]);
        self.types_of[class].push(node_type);
        if seating.has_spare(node_type) {
            self.can_be_reached(seating, vec![Seats::Type(node_type)]);
        }
        seated
    }

    /// Notes that these seats are free, and everybody who could move there, so that their seats are free in turn.
    fn can_be_reached(&mut self, seating: &Seating<'_>, mut open: Vec<Seats>) {
        while let Some(seats) = open.pop() {
            let (known, number) = match seats {
                Seats::Slot(slot) => (&mut self.slots, slot),
                Seats::Type(node_type) => (&mut self.types, node_type),
            };
            if known.contains(number) {
                continue;
            }
            known.add(number);
            for (class, job) in seating.input.jobs.iter().enumerate() {
                let accepted = || match seats {
                    Seats::Slot(slot) => job.slots.contains(slot),
                    Seats::Type(node_type) => job.types.contains(&node_type),
                };
                let sits = !self.slots_of[class].is_empty() || !self.types_of[class].is_empty();
                if sits && !self.movable.contains(class) && accepted() {
                    self.movable.add(class);
                    open.extend(self.slots_of[class].iter().copied().map(Seats::Slot));
                    open.extend(self.types_of[class].iter().copied().map(Seats::Type));
                }
            }
        }
    }
}
