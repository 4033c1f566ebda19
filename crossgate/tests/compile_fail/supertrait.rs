//! An interface has no supertraits.
use crossgate::interface;

#[interface]
pub trait Motor: Send {
    fn stop(&self);
}

fn main() {}
