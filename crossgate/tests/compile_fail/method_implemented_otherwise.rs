//! A server implements the method with the signature of the interface.
use crossgate::interface;

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub struct Sensor;
impl Temperature for Sensor {
    fn configure(&self, _: u32, _: u32) {}
    fn get(&self) -> i32 {
        1
    }
}

fn main() {}
