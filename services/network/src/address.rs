// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address of this host, if DHCP provides it.

use crate::{Fault, Network};
use core::time::Duration;
use crossgate::interface;
use crossgate_waiting::FOR_EVER;

/// The interface of a process that needs to know the IPv4 address of this host, for example to show it.
#[interface]
pub trait Address {
    /// Returns the address. Waits for an address as long as it takes.
    fn get(&self) -> Result<[u8; 4], Fault>;
    /// Returns the address if the host has an address now.
    fn try_get(&self) -> Result<[u8; 4], Fault>;
    /// Returns the address. Waits for an address up to `timeout`.
    fn get_timeout(&self, timeout: Duration) -> Result<[u8; 4], Fault>;
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn address_within(&self, timeout: Duration) -> Result<[u8; 4], Fault> {
        if !self.settings.is_by_dhcp {
            return Ok(self.settings.address);
        }
        self.attempt(
            SOCKETS - 1,
            |state| &mut state.places[SOCKETS - 1].readers,
            timeout,
            |state| state.running.as_ref()?.address().map(Ok),
        )
    }
}

impl<
    const TCP: usize,
    const UDP: usize,
    const SOCKETS: usize,
    const BUFFER: usize,
    const NAMES: usize,
> Address for Network<TCP, UDP, SOCKETS, BUFFER, NAMES>
{
    fn get(&self) -> Result<[u8; 4], Fault> {
        self.address_within(FOR_EVER)
    }

    fn try_get(&self) -> Result<[u8; 4], Fault> {
        self.address_within(Duration::ZERO)
    }

    fn get_timeout(&self, timeout: Duration) -> Result<[u8; 4], Fault> {
        self.address_within(timeout)
    }
}
