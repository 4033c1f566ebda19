//! A call carries four words of arguments.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn stop(&self);
    fn run(&self, speed: u64, until: u64, ramp: u16);
}

fn main() {}
