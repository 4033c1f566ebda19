//! A lease is valid during the call only.
use crossgate::{Lease, LeaseMut, interface};

#[interface]
pub trait File {
    fn read(&mut self, at: u32, data: LeaseMut<'_, [u8]>) -> u32;
    fn write(&mut self, data: Lease<'_, [u8]>) -> u32;
}

pub struct Log {
    last: Option<Lease<'static, [u8]>>,
}
impl File for Log {
    fn read(&mut self, _: u32, _: LeaseMut<'_, [u8]>) -> u32 {
        0
    }
    fn write(&mut self, data: Lease<'_, [u8]>) -> u32 {
        self.last = Some(data);
        0
    }
}

fn main() {}
