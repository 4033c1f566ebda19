//! A name is not accepted by linker scripts.
use crossgate::system;

system! {
    pub static SYSTEM;
    process größe {}
}

fn main() {}
