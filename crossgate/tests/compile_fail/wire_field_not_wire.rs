//! A `Wire` struct is made of `Wire` fields.
use crossgate::Wire;

#[derive(Wire)]
pub struct Config {
    pub name: String,
}

fn main() {}
