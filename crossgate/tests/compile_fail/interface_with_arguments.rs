//! The attribute takes no arguments.
use crossgate::interface;

#[interface(fast)]
pub trait Motor {
    fn stop(&self);
}

fn main() {}
