//! A process has the name of the Rust library.
use crossgate::system;

system! {
    pub static SYSTEM;
    process core {}
}

fn main() {}
