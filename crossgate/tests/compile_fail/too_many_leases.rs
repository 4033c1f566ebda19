//! A call lends at most two pieces of memory. (Three do not fit into its words, either.)
use crossgate::{Lent, interface};

#[interface]
pub trait Bus {
    fn send(&self, head: Lent<'_, [u8]>, body: Lent<'_, [u8]>, tail: Lent<'_, [u8]>);
}

fn main() {}
