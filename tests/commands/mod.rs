//! The commands of the program, and what runs leave for people and monitors.

mod by_hand;
mod dialogue;
mod init;
mod monitors;
mod replays;
mod statuses;
mod watching;
