//! A buffer has a size that a memory protection unit supports.
use crossgate::LeaseBuf;

pub fn client() {
    let _ = LeaseBuf::<48>::new();
}

fn main() {}
