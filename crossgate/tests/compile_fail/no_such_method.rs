//! A client calls a method that the interface does not have.
use crossgate::{CallError, Handle, interface};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub fn client(sensor: Handle<dyn Temperature>) -> Result<i32, CallError> {
    sensor.gett()
}

fn main() {}
