//! A service that is used has to be wired.
use crossgate::{Concurrent, Handle, interface, system};

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
pub fn control(_: Handle<dyn Temperature>) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [TEMPERATURE: dyn Temperature];
    }
    process control {
        thread main (priority = 2, stack = 1024) = control(PUMP);
    }
}

fn main() {}
