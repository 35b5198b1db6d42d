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
//! This file knows nothing of Jenkins or clouds; [`super::supply`] builds its input and reads its result.

pub mod input;
mod reorder;
mod seating;
#[cfg(test)]
mod tests;

use input::{Input, Outcome};
use reorder::Reorders;
use seating::{Searched, Seating};

/// Places the jobs of `queue` (indices into [`Input::jobs`], the oldest first).
pub fn assign(input: &Input, queue: &[usize]) -> Outcome {
    let mut seating = Seating::new(input);
    let mut reorders = Reorders::new(input, queue.len());
    let mut searched = Searched::default();
    let mut hopeless = vec![false; input.jobs.len()];
    let seated: Vec<bool> = queue
        .iter()
        .map(|&class| {
            // A class that found no path finds none later either: slots only fill up.
            let mut placed = !hopeless[class] && seating.seat(class, &mut searched);
            if !placed && !hopeless[class] && reorders.seat(&mut seating, class) {
                placed = true;
                searched = Searched::default();
            }
            hopeless[class] |= !placed;
            placed
        })
        .collect();
    seating.read_out(queue, &seated)
}
