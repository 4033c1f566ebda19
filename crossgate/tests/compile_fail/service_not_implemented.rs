//! An object is published with interfaces that it implements.
use crossgate::{Exclusive, interface, system};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}
#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}
pub struct Sensor;
impl Temperature for Sensor {
    fn configure(&self, _: u32, _: i16) {}
    fn get(&self) -> i32 {
        200
    }
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Exclusive<Sensor> = Sensor => [FAN: dyn Fan];
    }
}

fn main() {}
