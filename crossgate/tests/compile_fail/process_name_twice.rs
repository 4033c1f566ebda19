//! A process has a name of its own.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor {}
    process sensor {}
}

fn main() {}
