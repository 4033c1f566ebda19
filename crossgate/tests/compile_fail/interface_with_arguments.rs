//! The attribute takes no other argument than `remote`.
use crossgate::interface;

#[interface(fast)]
pub trait Motor {
    fn stop(&self);
}

fn main() {}
