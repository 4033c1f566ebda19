//! One process is notified of faults.
use crossgate::system;

system! {
    pub static SYSTEM;
    process first {
        notification FIRST;
        supervisor FIRST;
    }
    process second {
        notification SECOND;
        supervisor SECOND;
    }
}

fn main() {}
