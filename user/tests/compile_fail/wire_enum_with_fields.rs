//! `Wire` is for fieldless enums.
use crossgate::Wire;

#[derive(Wire)]
pub enum Shape {
    Square(u32),
    Point,
}

fn main() {}
