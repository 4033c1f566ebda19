//! A name must not start like the names that the wiring itself uses.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification __wiring; }
}

fn main() {}
