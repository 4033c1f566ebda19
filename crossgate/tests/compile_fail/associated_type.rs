//! An interface holds methods only.
use crossgate::interface;

#[interface]
pub trait Motor {
    type Speed;
}

fn main() {}
