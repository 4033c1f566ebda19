//! A method takes a reference to its object.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn stop(self);
}

fn main() {}
