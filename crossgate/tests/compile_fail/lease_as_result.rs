//! A server lends nothing to its caller.
use crossgate::{Lease, interface};

#[interface]
pub trait Disk {
    fn map(&self) -> Lease<'static, [u8]>;
}

fn main() {}
