//! Memory that was lent for reading is not written.
use crossgate::Lease;

pub fn server(mut data: Lease<'_, [u8]>) -> bool {
    data.set(0, 1)
}

fn main() {}
