//! At most eight interrupts signal one notification.
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        notification RECEIVED;
        notification SENT;
        interrupt 0 => RECEIVED;
        interrupt 1 => RECEIVED;
        interrupt 2 => RECEIVED;
        interrupt 3 => RECEIVED;
        interrupt 4 => RECEIVED;
        interrupt 5 => RECEIVED;
        interrupt 6 => RECEIVED;
        interrupt 7 => RECEIVED;
        interrupt 8 => SENT;
        interrupt 9 => RECEIVED;
    }
}

fn main() {}
