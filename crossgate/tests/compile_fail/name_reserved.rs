//! A name starts like those of the wiring itself.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { notification __wiring; }
}

fn main() {}
