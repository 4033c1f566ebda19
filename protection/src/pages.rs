// SPDX-License-Identifier: MIT OR Apache-2.0
//! The memory management unit of a host: regions are runs of pages.

use crate::{Granules, Span};

/// Pages of `SIZE` bytes, a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Pages<const SIZE: usize>;

impl<const SIZE: usize> Granules for Pages<SIZE> {
    const GRANULE: usize = {
        assert!(SIZE.is_power_of_two(), "a page has a power of two of bytes");
        SIZE
    };
    /// Nothing: the span alone describes a lease.
    type Lease = ();
    const NO_LEASE: () = ();

    fn lease(_: Span, _: bool) {}
}
