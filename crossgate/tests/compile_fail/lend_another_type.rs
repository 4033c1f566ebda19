//! The lent memory has the type of the parameter.
use crossgate::{Handle, Lease, LeaseMut, interface};

#[interface]
pub trait File {
    fn read(&mut self, at: u32, data: LeaseMut<'_, [u8]>) -> u32;
    fn write(&mut self, data: Lease<'_, [u8]>) -> u32;
}

pub fn client(file: Handle<dyn File>) {
    let bytes = [true; 3];
    let _ = file.write(&bytes);
}

fn main() {}
