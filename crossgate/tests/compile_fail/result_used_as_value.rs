//! A call may fail: its result is not the bare value.
use crossgate::{Handle, interface};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub fn client(sensor: Handle<dyn Temperature>) -> i32 {
    sensor.get()
}

fn main() {}
