//! A process must not have the name of a crate of the system.
use crossgate::system;

system! {
    pub static SYSTEM;
    process crossgate_kernel {}
}

fn main() {}
