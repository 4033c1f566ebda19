//! Only device registers are shared in the wiring.
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        shared notification NEWS;
    }
}

fn main() {}
