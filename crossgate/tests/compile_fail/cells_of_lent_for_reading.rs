//! What is lent for reading has no cells.
use crossgate::{Lent, interface};

#[interface]
pub trait Sink {
    fn write(&mut self, from: Lent<'_, [u8]>);
}

struct Server;
impl Sink for Server {
    fn write(&mut self, from: Lent<'_, [u8]>) {
        let _ = from.cells();
    }
}

fn main() {}
