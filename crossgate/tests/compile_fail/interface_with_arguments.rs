//! The attribute takes none.
use crossgate::interface;

#[interface(fast)]
pub trait Motor {
    fn stop(&self);
}

fn main() {}
