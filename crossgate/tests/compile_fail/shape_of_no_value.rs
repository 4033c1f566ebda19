//! A type has a shape that no value has: its words are handles and memory at once.

use crossgate::{Decoder, Encoder, Invalid, Shape, Wire, interface};

#[derive(Clone, Copy)]
pub struct Strange(u32);

impl Wire for Strange {
    const SHAPE: Shape = Shape { words: 1, kinds: 0xc };

    fn put(self, encoder: &mut Encoder) {
        self.0.put(encoder);
    }

    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        u32::take(decoder).map(Strange)
    }
}

#[interface]
pub trait Argument {
    fn give(&self, strange: Strange);
}

#[interface]
pub trait Reply {
    fn get(&self) -> Strange;
}

fn main() {}
