//! An array has a fixed number of objects, and no more.
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
pub struct Average(Handle<dyn Temperature>);
impl Temperature for Average {
    fn configure(&self, _: u32, _: i16) {}
    fn get(&self) -> i32 {
        self.0.get().unwrap_or(0)
    }
}
system! {
    pub static SYSTEM;
    process sensor {
        object rooms: [Concurrent<Sensor>; 2] = [const { Concurrent::new(Sensor) }; 2]
            => [ROOMS: dyn Temperature];
    }
    process average {
        object average: Concurrent<Average> = Average(ROOMS.at(2)) => [AVERAGE: dyn Temperature];
    }
}

fn main() {}
