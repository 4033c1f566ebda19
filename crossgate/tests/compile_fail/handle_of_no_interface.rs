//! Only an interface can be called.
use crossgate::Handle;

pub trait Temperature {
    fn get(&self) -> i32;
}

pub fn client(sensor: Handle<dyn Temperature>) {
    let _ = sensor.get();
}

fn main() {}
