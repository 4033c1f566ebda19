//! A slip of the pen is pointed at.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn stop(&self);
    fn run(&self speed: u64);
}

fn main() {}
