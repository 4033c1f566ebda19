//! A `shared!` static is reached through `take` only.
use crossgate::Shared;

crossgate::shared! {
    static LINE: [u8; 16] = [0; 16];
}

pub fn client() -> u8 {
    let line: &Shared<[u8; 16]> = &LINE;
    line[0]
}

fn main() {}
