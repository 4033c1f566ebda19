//! A call lends at most two pieces of memory. (Three do not fit into its words, either.)
use crossgate::{Lease, interface};

#[interface]
pub trait Bus {
    fn send(&self, head: Lease<'_, [u8]>, body: Lease<'_, [u8]>, tail: Lease<'_, [u8]>);
}

fn main() {}
