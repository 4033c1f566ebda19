//! A server tries to define its number of objects, and the handle of its clients.

use crossgate::{Handle, Interface, wiring::ServiceObject};

#[derive(Clone, Copy)]
pub struct Motor;

// SAFETY: none.
unsafe impl ServiceObject for Motor {
    const COUNT: usize = 100;
    const LOCKS: usize = 0;
    type Handle<I: ?Sized + Interface> = Handle<I>;
    type Init = Motor;
}

fn main() {}
