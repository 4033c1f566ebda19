//! An interface has no code.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn stop(&self) {}
}

fn main() {}
