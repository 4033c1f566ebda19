//! An object is in scope in its own process only.
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
pub fn spy(_: &'static Sensor) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [TEMPERATURE: dyn Temperature];
    }
    process spy {
        thread main (priority = 2, stack = 512) = spy(&room);
    }
}

fn main() {}
