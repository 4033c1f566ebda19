//! Only values go over a link.
use crossgate::{Handle, Lease, LeaseMut, Signal, interface};

#[interface(remote)]
pub trait Disk {
    fn write(&self, text: Lease<'_, [u8]>);
}

#[interface(remote)]
pub trait Source {
    fn read(&self, to: LeaseMut<'_, [u8]>) -> u32;
}

#[interface(remote)]
pub trait Shop {
    fn find(&self) -> Option<Handle<dyn Disk>>;
}

#[interface(remote)]
pub trait Clock {
    fn tell(&self, at: Signal);
}

#[interface(remote)]
pub trait List {
    fn at(&self, index: usize) -> u32;
}

fn main() {}
