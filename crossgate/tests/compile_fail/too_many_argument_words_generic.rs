//! The limits hold for every instance of a generic interface.
use crossgate::{Exclusive, Wire, interface, system};

#[interface]
pub trait Queue<T: Wire> {
    fn push(&mut self, first: T, second: T, third: T);
}
pub struct Ring;
impl Queue<u64> for Ring {
    fn push(&mut self, _: u64, _: u64, _: u64) {}
}
system! {
    pub static SYSTEM;
    process queue {
        object ring: Exclusive<Ring> = Ring => [QUEUE: dyn Queue<u64>];
    }
}

fn main() {}
