//! A process must not have the name of the Rust library.
use crossgate::system;

system! {
    pub static SYSTEM;
    process core {}
}

fn main() {}
