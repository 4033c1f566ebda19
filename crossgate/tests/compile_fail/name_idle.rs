//! A thread must not have the name of the kernel's own thread.
use crossgate::system;

system! {
    pub static SYSTEM;
    process sensor { thread idle (priority = 1, stack = 256) = main_loop(); }
}

fn main() {}
