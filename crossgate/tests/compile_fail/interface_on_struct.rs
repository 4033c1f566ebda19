//! Only a trait is an interface.
use crossgate::interface;

#[interface]
pub struct Motor;

fn main() {}
