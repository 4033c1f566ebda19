//! A server tries to define the methods of an interface of another crate.

use crossgate::{Interface, RawHandle, interface::MethodShape};
use std::fmt::Debug;

// SAFETY: none.
unsafe impl Interface for dyn Debug {
    type Client = RawHandle;
    const NAME: &'static str = "Debug";
    const SHAPES: &'static [MethodShape] = &[];
}

fn main() {}
