//! A keyword of Rust is the name of a process, as a raw identifier.
use crossgate::system;

system! {
    pub static SYSTEM;
    process r#type {}
}

fn main() {}
