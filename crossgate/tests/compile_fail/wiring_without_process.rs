//! A firmware has a process.
use crossgate::system;

system! {
    pub static SYSTEM;
}

fn main() {}
