//! A name must not be a keyword of Rust.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification match; }
}

fn main() {}
