//! A keyword of Rust is a name.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification match; }
}

fn main() {}
