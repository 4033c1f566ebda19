//! A name as the wiring itself has them.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification __wiring; }
}

fn main() {}
