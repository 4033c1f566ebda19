//! A raw identifier, which is a keyword of Rust, must not be the name of a process.
use crossgate::system;

system! {
    pub static SYSTEM;
    process r#type {}
}

fn main() {}
