//! Other processes get a notification as a `Signal`.
use crossgate::{Notification, system};

pub fn driver(_: Notification) -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process driver {
        notification RECEIVED;
        thread main (priority = 2, stack = 512) = driver(RECEIVED);
    }
    process spy {
        thread main (priority = 2, stack = 512) = driver(RECEIVED);
    }
}

fn main() {}
