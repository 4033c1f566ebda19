//! A word of Rust as a name.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification match; }
}

fn main() {}
