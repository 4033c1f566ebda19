//! Padding is not initialised: it would leak other data.
use crossgate::Plain;

#[derive(Plain, Clone, Copy)]
#[repr(C)]
pub struct Frame {
    pub id: u8,
    pub length: u32,
}

fn main() {}
