//! Only a `Wire` type comes back.
use crossgate::interface;

pub struct Config {
    pub name: String,
}
#[interface]
pub trait Motor {
    fn get(&self) -> Config;
}

fn main() {}
