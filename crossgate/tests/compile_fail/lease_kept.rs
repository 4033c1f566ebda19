//! A lease is good during the call only.
use crossgate::{Lent, LentMut, interface};

#[interface]
pub trait File {
    fn read(&mut self, at: u32, data: LentMut<'_, [u8]>) -> u32;
    fn write(&mut self, data: Lent<'_, [u8]>) -> u32;
}

pub struct Log {
    last: Option<Lent<'static, [u8]>>,
}
impl File for Log {
    fn read(&mut self, _: u32, _: LentMut<'_, [u8]>) -> u32 {
        0
    }
    fn write(&mut self, data: Lent<'_, [u8]>) -> u32 {
        self.last = Some(data);
        0
    }
}

fn main() {}
