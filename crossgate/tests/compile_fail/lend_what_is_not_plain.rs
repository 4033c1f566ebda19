//! Only plain memory can be lent.
use crossgate::{Lent, interface};

#[interface]
pub trait Motor {
    fn set(&self, flags: Lent<'_, [bool]>);
}

fn main() {}
