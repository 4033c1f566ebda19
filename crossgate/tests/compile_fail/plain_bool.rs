//! Not every byte is a `bool`.
use crossgate::Plain;

#[derive(Plain, Clone, Copy)]
#[repr(C)]
pub struct Frame {
    pub is_last: bool,
    pub id: u8,
    pub length: u16,
}

fn main() {}
