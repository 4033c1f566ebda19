//! A process must not have the name of the kernel.
use crossgate::system;

system! {
    pub static SYSTEM;
    process kernel {}
}

fn main() {}
