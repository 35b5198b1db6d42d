//! Which job gets which executor: one that is idle, one that is on its way, or one of a server that a run may still
//! order.
//!
//! Jobs are placed oldest first by augmenting paths: placing one job may move others to another executor, node type or
//! provider, but never takes a place away. With one executor per server, this serves exactly the jobs that the best
//! choice would serve, where no older job is given up for a younger one. With several executors, a path alone does not
//! find that two small servers could be replaced by a large one. Then other sets of orders are tried, nearest first,
//! within a fixed effort (`reorder`). Equal jobs and equal executors are handled as classes with a count, and each
//! search uses what the searches before it found out, so that thousands of them stay cheap.
//!
//! All searches of a plan together look at a limited number of points, so that nobody can make a run miss its deadline by
//! what jobs ask for. Jobs behind that limit are placed without moving others (`hurried`), or wait for the next run.
//!
//! This file knows nothing of Jenkins or clouds; [`super::supply`] builds its input, and [`super::read_out`] reads its result.

mod hurried;
pub mod input;
mod paths;
mod reorder;
mod seating;
mod tally;
#[cfg(test)]
mod tests;

use hurried::Hurried;
use input::{Input, Outcome};
use paths::Searched;
use reorder::Reorders;
use seating::Seating;

/// How many points the searches of one plan may look at: some tenths of a second. Farms in use need a small part of it.
const EFFORT: usize = 10_000_000;

/// Places the jobs of `queue` (indices into [`Input::jobs`], the oldest first).
pub fn assign(input: &Input, queue: &[usize]) -> Outcome {
    assign_within(EFFORT, input, queue)
}

fn assign_within(effort: usize, input: &Input, queue: &[usize]) -> Outcome {
    let mut seating = Seating::new(input);
    let mut reorders = Reorders::new(input, queue.len());
    let mut searched = Searched::nothing(effort);
    // How the jobs from this index on are placed.
    let mut hurried: Option<(usize, Hurried)> = None;
    let mut hopeless = vec![false; input.jobs.len()];
    let mut seated = Vec::with_capacity(queue.len());
    for (index, &class) in queue.iter().enumerate() {
        // A class that found no path finds none later either: slots only fill up.
        let mut placed = !hopeless[class] && hurried.is_none() && seating.seat(class, &mut searched);
        if !placed && !hopeless[class] {
            if searched.is_exhausted() {
                let (_, hurried) = hurried.get_or_insert_with(|| (index, Hurried::new(&seating)));
                placed = hurried.seat(&mut seating, class);
            } else if reorders.seat(&mut seating, class) {
                placed = true;
                searched.forget_all();
            }
        }
        hopeless[class] |= !placed;
        seated.push(placed);
    }
    Outcome { hurried_from: hurried.map(|(index, _)| index), ..seating.read_out(queue, &seated) }
}
