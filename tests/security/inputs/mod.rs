//! Random inputs for everything that is read from outside. Each property says with how many inputs it was tried;
//! `MITA_TEST_INPUTS=N` sets another number. A failure names the seed of its input: the same seed is the same input.

mod answers;
mod damage;
mod files;
mod oracle;
mod scene;
mod words;

use std::panic::{self, AssertUnwindSafe};

/// A source of numbers that look random and are the same in every run (splitmix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x6D69_7461)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("below a usize")
    }

    pub(super) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// Tries a property with inputs made from so many seeds, and says so.
#[track_caller]
fn tried(what: &str, usual: u32, property: impl Fn(u64, &mut Dice)) {
    let number = super::inputs(usual);
    for seed in 0..u64::from(number) {
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| property(seed, &mut Dice::new(seed))));
        if let Err(panic) = outcome {
            eprintln!("{what}: fails with the input of seed {seed}");
            panic::resume_unwind(panic);
        }
    }
    println!("{what}: {number} inputs tried");
}
