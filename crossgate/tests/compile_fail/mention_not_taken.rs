//! If a macro uses the name of a service only as a keyword, the name gives no right.
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
fn main_loop(_: u32) -> ! {
    loop {}
}
macro_rules! number {
    (ROOM) => {
        1
    };
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
    process control {
        thread main (priority = 1, stack = 256) = main_loop(number!(ROOM));
    }
}

fn main() {}
