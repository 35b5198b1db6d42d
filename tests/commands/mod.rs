//! The commands of the program, and what runs leave for people and monitors.

mod answers;
mod by_hand;
mod checking;
mod dialogue;
mod history;
mod init;
mod looking;
mod monitors;
mod replays;
mod statuses;
mod targets;
mod watching;
