//! Code that the compiler leaves out gives no right.
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
fn main_loop() -> ! {
    loop {}
}
fn other_loop(_: crossgate::Handle<dyn Temperature>) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
    process control {
        thread main (priority = 1, stack = 256) = {
            #[cfg(any())]
            other_loop(ROOM);
            main_loop()
        };
    }
}

fn main() {}
