//! Which jobs wait, and what each needs.

mod in_vain;
mod left_out;
mod needs;
mod one_node;
mod real_life;
mod scout;
