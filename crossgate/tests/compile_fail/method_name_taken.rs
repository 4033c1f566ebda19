//! A method must not have the name of a method that every handle has.
use crossgate::interface;

#[interface]
pub trait Same {
    fn eq(&self, other: u32) -> bool;
}

fn main() {}
