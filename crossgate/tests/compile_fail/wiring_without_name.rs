//! The wiring starts with a name.
use crossgate::system;

system! {
    process sensor {}
}

fn main() {}
