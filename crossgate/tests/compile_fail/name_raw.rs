//! A word of Rust as the name of a process, also if Rust is told that it is none.
use crossgate::system;

system! {
    pub static SYSTEM;
    process r#type {}
}

fn main() {}
