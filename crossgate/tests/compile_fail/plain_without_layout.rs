//! Two processes have to agree on a layout.
use crossgate::Plain;

#[derive(Plain, Clone, Copy)]
pub struct Frame {
    pub id: u32,
    pub length: u32,
}

fn main() {}
