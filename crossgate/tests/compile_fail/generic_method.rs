//! A method has no generic parameters.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn set<T>(&self, value: T);
}

fn main() {}
