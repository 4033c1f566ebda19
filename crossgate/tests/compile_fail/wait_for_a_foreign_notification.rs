//! Others may signal a notification; only its owner waits for it.
use crossgate::{Notification, Signal, system};

pub fn driver(_: Notification) -> ! {
    loop {}
}
pub fn spy(received: Signal) -> ! {
    received.wait();
    loop {}
}
system! {
    pub static SYSTEM;
    process driver {
        notification RECEIVED;
        thread main (priority = 2, stack = 512) = driver(RECEIVED);
    }
    process spy {
        thread main (priority = 2, stack = 512) = spy(RECEIVED);
    }
}

fn main() {}
