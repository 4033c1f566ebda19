//! The message lists the settings of a thread.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread main (urgency = 3, stack = 512) = main_loop();
    }
}

fn main() {}
