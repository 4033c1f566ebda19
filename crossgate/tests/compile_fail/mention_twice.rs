//! A macro makes one expression of a mention, not two.
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
macro_rules! twice {
    ($handle:expr) => {{
        let _ = $handle;
        main_loop($handle)
    }};
}
system! {
    pub static SYSTEM;
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
    process control {
        thread main (priority = 1, stack = 256) = twice!(ROOM);
    }
}

fn main() {}
