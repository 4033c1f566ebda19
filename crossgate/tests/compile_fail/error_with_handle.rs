//! The error of a result is a plain value.
use crossgate::{Handle, interface};

#[interface]
pub trait Door {
    fn open(&self) -> Result<u32, Handle<dyn Door>>;
}

fn main() {}
