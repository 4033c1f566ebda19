//! A thread runs for ever, or exits.
use crossgate::system;

pub fn main_loop() {}

system! {
    pub static SYSTEM;
    process control {
        thread main (priority = 1, stack = 512) = main_loop();
    }
}

fn main() {}
