//! A client gets a handle of the interface that it expects.
use crossgate::{Concurrent, Exclusive, Handle, interface, system};

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
pub struct Motor;
impl Fan for Motor {
    fn set_power(&mut self, _: bool) {}
}
pub fn control(_: Handle<dyn Temperature>, _: Handle<dyn Fan>) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [TEMPERATURE: dyn Temperature];
    }
    process fan {
        object motor: Exclusive<Motor> = Motor => [FAN: dyn Fan];
    }
    process control {
        thread main (priority = 2, stack = 1024) = control(FAN, TEMPERATURE);
    }
}

fn main() {}
