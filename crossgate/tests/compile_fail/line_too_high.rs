//! The number of an interrupt line has 16 bits. (The port checks that there is such a line.)
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        notification CAME;
        interrupt 65536 => CAME;
    }
}

fn main() {}
