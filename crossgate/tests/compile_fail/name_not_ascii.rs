//! A name that linker scripts don't take.
use crossgate::system;

system! {
    pub static SYSTEM;
    process größe {}
}

fn main() {}
