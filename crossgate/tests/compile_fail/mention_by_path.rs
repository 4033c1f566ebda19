//! A handle that no expression of the process mentions is not in scope, by any path.
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
fn main_loop(_: crossgate::Handle<dyn Temperature>) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
    process control {
        thread main (priority = 1, stack = 256) = main_loop(self::ROOM);
    }
}

fn main() {}
