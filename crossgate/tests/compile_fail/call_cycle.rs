//! Objects that call each other in a circle can deadlock.
use crossgate::{Exclusive, Handle, interface, system};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}

pub struct Relay(Handle<dyn Fan>);
impl Fan for Relay {
    fn set_power(&mut self, on: bool) {
        let _ = self.0.set_power(on);
    }
}
system! {
    pub static SYSTEM;
    process left {
        object left: Exclusive<Relay> = Relay(RIGHT) => [LEFT: dyn Fan];
    }
    process right {
        object right: Exclusive<Relay> = Relay(LEFT) => [RIGHT: dyn Fan];
    }
}

fn main() {}
