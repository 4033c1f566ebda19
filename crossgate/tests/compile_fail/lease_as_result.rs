//! A server lends nothing to its caller.
use crossgate::{Lent, interface};

#[interface]
pub trait Disk {
    fn map(&self) -> Lent<'static, [u8]>;
}

fn main() {}
