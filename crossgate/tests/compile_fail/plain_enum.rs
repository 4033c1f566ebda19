//! `Plain` is for structs.
use crossgate::Plain;

#[derive(Plain, Clone, Copy)]
#[repr(u8)]
pub enum Kind {
    Head,
    Tail,
}

fn main() {}
