//! An interface has no lifetime parameters.
use crossgate::interface;

#[interface]
pub trait Motor<'a> {
    fn stop(&self);
}

fn main() {}
