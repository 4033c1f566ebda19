//! A call returns two words.
use crossgate::interface;

#[interface]
pub trait Clock {
    fn both(&self) -> (u64, u64);
}

fn main() {}
