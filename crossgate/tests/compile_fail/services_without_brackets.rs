//! The message shows the form of an object.
use crossgate::{Concurrent, interface, system};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
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
        object room: Concurrent<Sensor> = Sensor => TEMPERATURE: dyn Temperature;
    }
}

fn main() {}
