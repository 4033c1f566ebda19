//! Lent memory may change at any time: there is no reference to it.
use crossgate::Lease;

pub fn server(data: Lease<'_, [u8]>) -> u8 {
    let slice: &[u8] = &data;
    slice[0]
}

fn main() {}
