//! Padding was never written: it would leak.
use crossgate::Plain;

#[derive(Plain, Clone, Copy)]
#[repr(C)]
pub struct Frame {
    pub id: u8,
    pub length: u32,
}

fn main() {}
