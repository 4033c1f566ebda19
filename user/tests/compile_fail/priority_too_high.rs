//! The highest priority is 31.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread main (priority = 32, stack = 512) = main_loop();
    }
}

fn main() {}
