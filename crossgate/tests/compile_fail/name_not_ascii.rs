//! A name must be one that linker scripts accept.
use crossgate::system;

system! {
    pub static SYSTEM;
    process größe {}
}

fn main() {}
