//! Independent requests go out at once: a bounded number of threads that end before the call returns.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work for every item, at most `most` at a time, and returns the results in the items' order.
pub fn at_once<T: Send, R: Send>(most: u32, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = items.len().min(usize::try_from(most.max(1)).unwrap_or(usize::MAX));
    if threads <= 1 {
        return items.into_iter().map(work).collect();
    }
    let todo = Mutex::new(items.into_iter().enumerate());
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).next();
    let mut done: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || std::iter::from_fn(next).map(|(index, item)| (index, work(item))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(finished).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The result of a thread. A panic in it is a fault of this program and goes on as one.
pub fn finished<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn results_keep_the_order_of_the_items() {
        let squares = at_once(4, (0..100u32).collect(), |number| number * number);
        assert_eq!(squares, (0..100u32).map(|number| number * number).collect::<Vec<_>>());
    }

    #[test]
    fn no_more_than_the_given_number_work_at_a_time() {
        let (working, most) = (AtomicU32::new(0), AtomicU32::new(0));
        at_once(3, (0..30).collect(), |_: u32| {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            working.fetch_sub(1, Ordering::SeqCst);
        });
        let most = most.into_inner();
        assert!((1..=3).contains(&most), "{most} worked at a time");
    }
}
