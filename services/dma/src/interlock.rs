// SPDX-License-Identifier: MIT OR Apache-2.0
use crate::{DmaCopy, DmaReceive, DmaSend, Fault, Prepare};
use core::fmt;
use crossgate::{CallError, Handle, Lease, LeaseMut};

/// The driver of a switch that turns a DMA controller, or one of its channels, on and off. The switch has its own
/// registers, apart from the registers of the channel.
pub trait Switch {
    /// Lets the controller access memory.
    fn on(&mut self);

    /// Switches the controller off. When this returns, the controller no longer accesses memory. The controller keeps
    /// its state: if a transfer was running, it continues when the controller is switched on again.
    fn off(&mut self);
}

/// The interlock of a DMA channel: the object of the process that owns the switch. The controller is on while a call of a
/// client runs, and at no other time.
pub struct Interlock<S, I: ?Sized> {
    switch: S,
    channel: Handle<I>,
    state: Handle<dyn Prepare>,
    /// True if no earlier transfer is left in the channel.
    is_clear: bool,
}

impl<S: Switch, I: ?Sized> Interlock<S, I> {
    /// Creates the interlock of a channel. Both handles, `channel` and `state`, are handles of the channel's object.
    #[must_use]
    pub const fn new(switch: S, channel: Handle<I>, state: Handle<dyn Prepare>) -> Self {
        Interlock { switch, channel, state, is_clear: false }
    }

    /// Makes a transfer by a call to the channel.
    fn make(
        &mut self,
        transfer: impl FnOnce(Handle<I>) -> Result<Result<u32, Fault>, CallError>,
    ) -> Result<u32, Fault> {
        // If the process of the channel crashed in a transfer, the channel would continue this transfer now. So the
        // transfer is stopped first.
        if !self.is_clear {
            self.state.prepare().map_err(fault)?;
        }
        self.is_clear = false;
        self.switch.on();
        let result = transfer(self.channel);
        self.switch.off();
        self.is_clear = result.is_ok();
        result.map_err(fault)?
    }
}

/// Returns why a call to the channel failed.
fn fault(error: CallError) -> Fault {
    match error {
        CallError::DeadlineExceeded => Fault::Stopped,
        _ => Fault::Crashed,
    }
}

impl<S: Switch> DmaCopy for Interlock<S, dyn DmaCopy> {
    fn copy(&mut self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.make(|channel| channel.copy(&from, &mut to))
    }
}

impl<S: Switch> DmaReceive for Interlock<S, dyn DmaReceive> {
    fn receive(&mut self, mut to: LeaseMut<'_, [u8]>) -> Result<u32, Fault> {
        self.make(|channel| channel.receive(&mut to))
    }
}

impl<S: Switch> DmaSend for Interlock<S, dyn DmaSend> {
    fn send(&mut self, from: Lease<'_, [u8]>) -> Result<u32, Fault> {
        self.make(|channel| channel.send(&from))
    }
}

impl<S: fmt::Debug, I: ?Sized> fmt::Debug for Interlock<S, I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = formatter.debug_struct("Interlock");
        text.field("switch", &self.switch).field("is_clear", &self.is_clear);
        text.finish_non_exhaustive()
    }
}
