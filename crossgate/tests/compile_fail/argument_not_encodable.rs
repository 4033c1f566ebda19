//! Only a `Wire` type travels in registers.
use crossgate::interface;

pub struct Config {
    pub name: String,
}
#[interface]
pub trait Motor {
    fn set(&self, config: Config);
}

fn main() {}
