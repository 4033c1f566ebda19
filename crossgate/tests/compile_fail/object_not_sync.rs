//! A concurrent object may be entered by several threads at once.
use crossgate::{Concurrent, interface, system};

use std::cell::Cell;

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub struct Sensor(Cell<i32>);
impl Temperature for Sensor {
    fn configure(&self, _: u32, _: i16) {}
    fn get(&self) -> i32 {
        self.0.get()
    }
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor(Cell::new(1)) => [TEMPERATURE: dyn Temperature];
    }
}

fn main() {}
