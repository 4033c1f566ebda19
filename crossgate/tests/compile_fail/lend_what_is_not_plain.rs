//! Only plain memory can be lent.
use crossgate::{Lease, interface};

#[interface]
pub trait Motor {
    fn set(&self, flags: Lease<'_, [bool]>);
}

fn main() {}
