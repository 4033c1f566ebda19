//! The number of an interrupt line has 16 bits. (Whether there is such a line, the port tells.)
use crossgate::system;

system! {
    pub static SYSTEM;
    process driver {
        notification CAME;
        interrupt 65536 => CAME;
    }
}

fn main() {}
