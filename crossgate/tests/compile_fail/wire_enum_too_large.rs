//! A result is two words: the variant's number, and one more.
use crossgate::{Wire, interface};

#[derive(Wire)]
pub enum Event {
    Moved(i32, i32),
    Stopped,
}

#[interface]
pub trait Events {
    fn next(&mut self) -> Event;
}

fn main() {}
