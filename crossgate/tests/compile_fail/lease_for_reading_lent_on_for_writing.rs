//! A lease can't be lent on with more rights.
use crossgate::{Handle, Lease, LeaseMut, interface};

#[interface]
pub trait File {
    fn read(&mut self, at: u32, data: LeaseMut<'_, [u8]>) -> u32;
    fn write(&mut self, data: Lease<'_, [u8]>) -> u32;
}

pub fn server(file: Handle<dyn File>, data: Lease<'_, [u8]>) {
    let _ = file.read(0, &data);
}

fn main() {}
