// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the second core, if the flash has an image for it.
//!
//! After a reset, the boot ROM keeps the second core in a loop, until the first core has sent it six words, each of
//! which it sends back (data sheet, 5.3, "Launching code on processor core 1").

use crate::registers::{self, Core, POWER, PowerSequence, QUEUES, QueueState, registers};
use crate::resets::comes;
use core::ops::Range;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// The parts of the flash and of the RAM that are the second core's: the `memory.x` of `pico-2-second`.
const FLASH: Range<u32> = 0x1020_0000..0x1040_0000;
const RAM: Range<u32> = 0x2004_0000..0x2008_0000;

/// The number of words for which a queue has room.
const ROOM: usize = 8;

/// Keeps the second core in reset, so that it does nothing any more. Only the kernel may call this.
pub fn stop_second_core() {
    stop(registers(POWER));
}

/// Ends the reset of the second core. If there is an image for this core, lets it run. Otherwise, or if the core does
/// not answer, it stays in the boot ROM. Only the kernel may call this, after [`stop_second_core`].
pub fn start_second_core() {
    release(registers(POWER));
    // SAFETY: the addresses are in the flash, and any value may be read from it.
    let read = |address: u32| unsafe { (address as usize as *const u32).read_volatile() };
    if let Some(image) = find_image(read) {
        launch(registers::<registers::Queues>(QUEUES), image);
    }
}

fn stop(power: &PowerSequence) {
    power.forced_off.modify(Core::SECOND::SET);
    // The read also makes sure that the write has arrived.
    comes(|| power.forced_off.is_set(Core::SECOND));
}

fn release(power: &PowerSequence) {
    power.forced_off.modify(Core::SECOND::CLEAR);
}

/// The three words that the boot ROM needs to start an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Image {
    vectors: u32,
    stack: u32,
    entry: u32,
}

/// Looks for an image in the second core's part of the flash: a vector table at its start. In a flash that was erased,
/// all bits are ones.
fn find_image(read: impl Fn(u32) -> u32) -> Option<Image> {
    let vectors = FLASH.start;
    let (stack, entry) = (read(vectors), read(vectors + 4));
    let is_stack = RAM.start < stack && stack <= RAM.end && stack.is_multiple_of(8);
    let is_code = FLASH.contains(&entry) && entry & 1 == 1;
    (is_stack && is_code).then_some(Image { vectors, stack, entry })
}

/// The two queues between the cores, from this end.
trait Queues {
    /// Takes the oldest word that the other core has sent.
    fn take(&self) -> Option<u32>;
    /// Sends a word, and wakes the other core. Returns whether there was room.
    fn send(&self, word: u32) -> bool;
}

impl Queues for registers::Queues {
    fn take(&self) -> Option<u32> {
        self.state.is_set(QueueState::HAS_WORD).then(|| self.received.get())
    }

    fn send(&self, word: u32) -> bool {
        let has_room = self.state.is_set(QueueState::HAS_ROOM);
        if has_room {
            self.sent.set(word);
            wake();
        }
        has_room
    }
}

/// Wakes the other core, which waits for an event.
fn wake() {
    #[cfg(target_arch = "arm")]
    // SAFETY: an event only ends a wait. It comes after the word, as the default of `asm!` is that memory may be used.
    unsafe {
        core::arch::asm!("dsb", "sev", options(nostack, preserves_flags));
    }
}

/// Sends the words, until the second core has sent all of them back in their order, but not for ever. Returns whether
/// it has.
fn launch(queues: &impl Queues, image: Image) -> bool {
    let words = [0, 0, 1, image.vectors, image.stack, image.entry];
    let (mut next, mut is_sent) = (0, false);
    comes(|| {
        if is_sent {
            if let Some(answer) = queues.take() {
                // After a wrong answer, a word 0 makes the boot ROM start again, too.
                next = if answer == words[next] { next + 1 } else { 0 };
                is_sent = false;
            }
        } else {
            if words[next] == 0 {
                // The words that the core has sent before are no answer.
                (0..ROOM).all(|_| queues.take().is_some());
            }
            is_sent = queues.send(words[next]);
        }
        next == words.len()
    })
}

#[cfg(test)]
mod tests;
