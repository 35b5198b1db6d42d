//! Which job gets which slot: idle executors, executors on their way, and executors of servers still to be ordered.
//!
//! Jobs are placed oldest first by augmenting paths: placing one may move others to another slot, type or provider,
//! and never unseats any. With one executor a server this serves exactly the jobs that the best possible choice
//! would serve, in the sense that no older job is given up for a younger one. With several, where a path alone
//! does not see that two small servers could give way to one large one, other sets of orders are tried, nearest
//! first, as far as a fixed effort goes (`reorder`). Equal jobs and equal slots are handled as classes with a count, and
//! what one search found out spares the next one, so that thousands of each stay cheap.
//!
//! This file knows nothing of Jenkins or clouds; [`super::demand`] builds the input and reads the result.

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
