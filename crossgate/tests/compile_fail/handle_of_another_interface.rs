//! A handle knows its interface.
use crossgate::{Handle, interface};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}
#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
}

pub fn client(sensor: Handle<dyn Temperature>) -> Handle<dyn Fan> {
    sensor
}

fn main() {}
