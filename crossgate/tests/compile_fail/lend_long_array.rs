//! An array that is too long for a copy is lent as a slice, so that success does not depend on its place.
use crossgate::{Handle, LeaseMut, interface};

#[interface]
pub trait Source {
    fn read(&self, to: LeaseMut<'_, [u8]>) -> u32;
}

pub fn read(source: Handle<dyn Source>) {
    let mut bytes = [0; 4097];
    let _ = source.read(&mut bytes);
}

fn main() {
    read(crossgate::testing::Wiring::new().serve(Zeros));
}

struct Zeros;
impl Source for Zeros {
    fn read(&self, _: LeaseMut<'_, [u8]>) -> u32 {
        0
    }
}
