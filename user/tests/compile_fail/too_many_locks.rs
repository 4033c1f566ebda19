//! A firmware has at most 255 exclusive objects.
use crossgate::{Exclusive, interface, system};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}
pub struct Motor;
impl Fan for Motor {
    fn set_power(&mut self, _: bool) {}
}
system! {
    pub static SYSTEM;
    process fan {
        object motors: [Exclusive<Motor>; 256] = [const { Exclusive::new(Motor) }; 256]
            => [FANS: dyn Fan];
    }
}

fn main() {}
