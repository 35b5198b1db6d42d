//! The whole program against the simulator: one installation of mita, one controller, some clouds, one clock.
//!
//! Each folder is a subject, each module in it tells stories about a part of that subject. Stories about a promise of the
//! design carry its name (`s1_` to `s10_`, `l1_` to `l6_`); the simulator checks the most dangerous promises after every
//! request of every story besides.

#[cfg(test)]
mod backends;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod life;
#[cfg(test)]
mod live;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod outcome;
#[cfg(test)]
mod project;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod security;
