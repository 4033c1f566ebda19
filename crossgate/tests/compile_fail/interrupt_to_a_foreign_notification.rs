//! An interrupt signals a notification of the same process.
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        notification RECEIVED;
    }
    process spy {
        interrupt 4 => RECEIVED;
    }
}

fn main() {}
