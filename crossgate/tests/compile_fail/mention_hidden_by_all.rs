//! The name of a service means its handle, even beside a `use` that would import another item of that name.
use crossgate::{Concurrent, interface, system};

#[interface]
pub trait Temperature {
    fn get(&self) -> i32;
}
pub struct Sensor;
impl Temperature for Sensor {
    fn get(&self) -> i32 {
        20
    }
}
mod names {
    pub const ROOM: &str = "room";
}
fn main_loop(_: &str) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
    process control {
        thread main (priority = 1, stack = 256) = main_loop({
            use names::*;
            ROOM
        });
    }
}

fn main() {}
