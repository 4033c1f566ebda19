//! Priority 0 is the idle thread's.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread main (priority = 0, stack = 512) = main_loop();
    }
}

fn main() {}
