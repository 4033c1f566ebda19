//! A buffer has a size that a memory protection unit knows.
use crossgate::LendBuf;

pub fn client() {
    let _ = LendBuf::<48>::new();
}

fn main() {}
