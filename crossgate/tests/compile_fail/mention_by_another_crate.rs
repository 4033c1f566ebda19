//! A text gives no right, even if a macro of another crate wrote the wiring, for which no lint is reported.
use crossgate::{Concurrent, interface};

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
fn main_loop(_: &str) -> ! {
    loop {}
}
wired_elsewhere::wired! {
    process sensor {
        object room: Concurrent<Sensor> = Sensor => [ROOM: dyn Temperature];
    }
}

fn main() {}
