//! An interface stands alone.
use crossgate::interface;

#[interface]
pub trait Motor: Send {
    fn stop(&self);
}

fn main() {}
