//! A client makes a call with an argument of another type.
use crossgate::{CallError, Handle, interface};

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}

pub fn client(fan: Handle<dyn Fan>) -> Result<(), CallError> {
    fan.set_power(1)
}

fn main() {}
