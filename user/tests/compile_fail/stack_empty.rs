//! A thread needs a stack.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread main (priority = 1, stack = 0) = main_loop();
    }
}

fn main() {}
