//! `Wire` is for small enums: a variant that names no fields has at most three.
use crossgate::Wire;

#[derive(Wire)]
pub enum Shape {
    Box(u8, u8, u8, u8),
    Point,
}

fn main() {}
