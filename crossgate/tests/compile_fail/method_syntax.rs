//! A syntax error is reported where it is.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn stop(&self);
    fn run(&self speed: u64);
}

fn main() {}
