//! Memory that is lent for reading has no cells.
use crossgate::{Lease, interface};

#[interface]
pub trait Sink {
    fn write(&mut self, from: Lease<'_, [u8]>);
}

struct Server;
impl Sink for Server {
    fn write(&mut self, from: Lease<'_, [u8]>) {
        let _ = from.cells();
    }
}

fn main() {}
