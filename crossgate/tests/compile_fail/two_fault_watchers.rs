//! One process is told of faults.
use crossgate::system;

system! {
    pub static SYSTEM;
    process first {
        notification FIRST;
        faults FIRST;
    }
    process second {
        notification SECOND;
        faults SECOND;
    }
}

fn main() {}
