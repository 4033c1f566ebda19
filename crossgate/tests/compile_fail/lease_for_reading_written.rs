//! What was lent for reading is not written.
use crossgate::Lent;

pub fn server(mut data: Lent<'_, [u8]>) -> bool {
    data.set(0, 1)
}

fn main() {}
