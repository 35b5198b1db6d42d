//! Independent requests run in parallel, on a bounded number of threads that end before the call returns.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Applies `work` to every item on at most `limit` threads, and returns the results in the order of the items.
pub fn parallel_map<T: Send, R: Send>(limit: u32, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let threads = items.len().min(usize::try_from(limit.max(1)).unwrap_or(usize::MAX));
    if threads <= 1 {
        return items.into_iter().map(work).collect();
    }
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let mut results: Vec<(usize, R)> = thread::scope(|scope| {
        let worker = || std::iter::from_fn(next).map(|(index, item)| (index, work(item))).collect::<Vec<_>>();
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(join).collect()
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The result of a thread. A panic in the thread continues in the caller.
pub fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Lets all threads allocate from one arena: what one of them has freed, the others use again. The allocator of glibc
/// gives each of forty threads an arena of its own otherwise. It counts for threads that start later.
pub fn share_one_arena() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "glibc offers this to C alone")]
    // SAFETY: mallopt(3) sets a number of the allocator, and may be called at any time.
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn results_keep_the_order_of_the_items() {
        let squares = parallel_map(4, (0..100u32).collect(), |number| number * number);
        assert_eq!(squares, (0..100u32).map(|number| number * number).collect::<Vec<_>>());
    }

    #[test]
    fn no_more_than_the_given_number_work_at_a_time() {
        let (working, most) = (AtomicU32::new(0), AtomicU32::new(0));
        parallel_map(3, (0..30).collect(), |_: u32| {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            working.fetch_sub(1, Ordering::SeqCst);
        });
        let most = most.into_inner();
        assert!((1..=3).contains(&most), "{most} worked at a time");
    }
}
