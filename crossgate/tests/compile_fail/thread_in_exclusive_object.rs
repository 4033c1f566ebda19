//! An exclusive object is reached by calls only.
use crossgate::{Exclusive, interface, system};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}
pub struct Motor;
impl Fan for Motor {
    fn set_power(&mut self, _: bool) {}
}
pub fn worker(_: &'static Motor) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process fan {
        object motor: Exclusive<Motor> = Motor => [FAN: dyn Fan];
        thread main (priority = 1, stack = 512) = worker(&motor);
    }
}

fn main() {}
