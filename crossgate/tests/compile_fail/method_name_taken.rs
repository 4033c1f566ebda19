//! A method must not be hidden by one that every handle has.
use crossgate::interface;

#[interface]
pub trait Same {
    fn eq(&self, other: u32) -> bool;
}

fn main() {}
