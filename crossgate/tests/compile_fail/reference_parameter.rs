//! Memory is lent, not referenced.
use crossgate::interface;

#[interface]
pub trait Motor {
    fn set(&self, config: &[u8]);
}

fn main() {}
