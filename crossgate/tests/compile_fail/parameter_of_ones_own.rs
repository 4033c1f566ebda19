//! A type tries to be lent memory without being a `Lease`.

use crossgate::{Decoder, Encoder, Invalid, Parameter, Shape};

pub struct Window(usize, usize);

impl Parameter for Window {
    const ARGUMENT: Shape = Shape::WRITE;
    type Caller = Window;

    fn put_argument(argument: Window, encoder: &mut Encoder) {
        encoder.push(argument.0);
        encoder.push(argument.1);
    }

    unsafe fn take_argument(decoder: &mut Decoder) -> Result<Self, Invalid> {
        Ok(Window(decoder.pop(), decoder.pop()))
    }
}

fn main() {}
