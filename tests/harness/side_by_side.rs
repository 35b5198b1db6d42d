//! Independent cases, several at a time; what went wrong is collected, so that one failure does not hide the others.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// How many failures are shown in full.
const SHOWN: usize = 200;

/// Tries every case and gives the sum of what they count. Fails with the failures of all.
pub(crate) fn try_all<C: Send>(
    threads: usize,
    cases: Vec<C>,
    name: impl Fn(&C) -> String + Sync,
    work: impl Fn(&C) -> usize + Sync,
) -> usize {
    let number = cases.len();
    let todo = Mutex::new(cases.into_iter());
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).next();
    let failures = Mutex::new(Vec::new());
    let sum = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(case) = next() {
                    match catch_unwind(AssertUnwindSafe(|| work(&case))) {
                        Ok(counted) => *sum.lock().unwrap_or_else(PoisonError::into_inner) += counted,
                        Err(panic) => {
                            let text = format!("{}: {}", name(&case), words(panic.as_ref()));
                            failures.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                        }
                    }
                }
            });
        }
    });
    let mut failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    failures.sort();
    let shown: Vec<String> = failures.iter().take(SHOWN).cloned().collect();
    assert!(failures.is_empty(), "{} of {number} cases failed:\n\n{}", failures.len(), shown.join("\n\n"));
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The first of each list, then the second of each, and so on: neighbours do not wait for the same farm.
pub(crate) fn interleaved<C>(lists: Vec<Vec<C>>) -> Vec<C> {
    let mut numbered: Vec<(usize, C)> = lists.into_iter().flat_map(|list| list.into_iter().enumerate()).collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, case)| case).collect()
}

/// What a panic says.
pub(crate) fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}
