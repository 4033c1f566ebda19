//! A server implements every method.
use crossgate::interface;

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

pub struct Sensor;
impl Temperature for Sensor {
    fn get(&self) -> i32 {
        1
    }
}

fn main() {}
