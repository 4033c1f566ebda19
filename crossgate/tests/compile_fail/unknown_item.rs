//! The items of a process are told.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor {
        timer tick;
    }
}

fn main() {}
