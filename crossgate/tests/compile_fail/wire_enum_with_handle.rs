//! The kernel finds handles by their position, which does not depend on the variant.
use crossgate::{Handle, Wire, interface};

#[interface]
pub trait File {
    fn size(&self) -> u32;
}

#[derive(Wire)]
pub enum Found {
    Here(Handle<dyn File>),
    Nowhere,
}

#[interface]
pub trait Directory {
    fn find(&self, name: u32) -> Found;
}

fn main() {}
