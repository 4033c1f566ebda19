//! A client makes a call with too few arguments.
use crossgate::{CallError, Handle, interface};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub fn client(sensor: Handle<dyn Temperature>) -> Result<(), CallError> {
    sensor.configure(100)
}

fn main() {}
