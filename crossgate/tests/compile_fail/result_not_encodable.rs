//! Only a `Wire` type is returned.
use crossgate::interface;

pub struct Config {
    pub name: String,
}
#[interface]
pub trait Motor {
    fn get(&self) -> Config;
}

fn main() {}
