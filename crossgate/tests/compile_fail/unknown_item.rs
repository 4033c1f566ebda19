//! The message lists the items of a process.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor {
        timer tick;
    }
}

fn main() {}
