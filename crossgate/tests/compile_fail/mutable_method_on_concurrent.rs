//! `&mut self` methods make an object exclusive.
use crossgate::{Concurrent, interface, system};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}
pub struct Motor;
impl Fan for Motor {
    fn set_power(&mut self, _: bool) {}
}
system! {
    pub static SYSTEM;
    process fan {
        object motor: Concurrent<Motor> = Motor => [FAN: dyn Fan];
    }
}

fn main() {}
