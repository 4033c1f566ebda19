//! A thread has a priority and a stack.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread main (priority = 3) = main_loop();
    }
}

fn main() {}
