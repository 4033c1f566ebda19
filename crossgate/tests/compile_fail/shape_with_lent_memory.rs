//! A value has a shape that says that it is lent memory.

use crossgate::{Decoder, Encoder, Invalid, Shape, Wire, interface};

#[derive(Clone, Copy)]
pub struct Address(u32, u32);

impl Wire for Address {
    const SHAPE: Shape = Shape::WRITE;

    fn put(self, encoder: &mut Encoder) {
        (self.0, self.1).put(encoder);
    }

    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        <(u32, u32)>::take(decoder).map(|(address, length)| Address(address, length))
    }
}

#[interface]
pub trait Argument {
    fn give(&self, address: Address);
}

#[interface]
pub trait Reply {
    fn get(&self) -> Address;
}

fn main() {}
