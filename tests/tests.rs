//! The whole program against the simulator: one installation of mita, one controller, some clouds, one clock.
//!
//! Each module tells stories about one subject. Stories about a promise of the design carry its name (`s1_` to `s9_`,
//! `l1_` to `l4_`); the simulator checks the most dangerous ones after every request of every story besides.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod matrix;
