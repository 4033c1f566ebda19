// SPDX-License-Identifier: MIT OR Apache-2.0
//! The service that a [gate](crossgate_abi::table::Gate) belongs to.

use crate::Kernel;
use crate::port::Port;
use crossgate_abi::table::Service;
use crossgate_abi::{ServiceId, Word};

impl<P: Port> Kernel<P> {
    /// Returns the service that a gate belongs to, and the index of the service.
    #[inline]
    pub(crate) fn service_of(&self, gate: Word) -> Option<(ServiceId, &'static Service)> {
        let index = self.gates.get(gate)?.service;
        Some((index, self.services.get(index.index())?))
    }
}
