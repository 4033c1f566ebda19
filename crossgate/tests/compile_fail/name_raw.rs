//! The name of a process must not be a keyword of Rust, even as a raw identifier.
use crossgate::system;

system! {
    pub static SYSTEM;
    process r#type {}
}

fn main() {}
