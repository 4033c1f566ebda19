// SPDX-License-Identifier: MIT OR Apache-2.0
//! `defmt` in processes: its macros send their frames to the trace.
//!
//! ```ignore
//! pub fn main(trace: Handle<dyn Trace>) -> ! {
//!     crossgate_defmt::init(trace);
//!     defmt::info!("started with {=u32} kB", 4);
//!     // ...
//! }
//! ```
//!
//! Each process that does so has a logger of its own, because `crossgate-link` gives each process a copy of the statics
//! of this crate. A frame is put together in the memory of its process and sent by one call. So the frames of all
//! processes are whole in the trace, and a crash loses at most the frame that the process is putting together. Each
//! frame has the kernel's time in microseconds.
//!
//! The firmware is linked with `-Tdefmt.x`, on Linux too. Its build script says:
//!
//! ```ignore
//! println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
//! ```
//!
//! A message with its arguments may take at most 128 bytes in a frame
//! ([`LONGEST`](trait@Trace#associatedconstant.LONGEST)). It needs 256 bytes of stack in addition to the stack that the
//! arguments need. If the `Format` implementation of an argument logs a message itself, the process panics, as `defmt`
//! requires.
#![no_std]

use core::cell::UnsafeCell;
use crossgate::sync::{Mutex, MutexGuard};
use crossgate::{Handle, LeaseBuf};
use crossgate_trace::Trace;

/// The state of the logger of a process.
struct State {
    sink: Option<Handle<dyn Trace>>,
    encoder: defmt::Encoder,
    frame: [u8; <dyn Trace>::LONGEST],
    /// The length of the frame, or the length that it would have if there were room.
    length: usize,
    lost: u32,
}

static STATE: Mutex<State> = Mutex::new(State {
    sink: None,
    encoder: defmt::Encoder::new(),
    frame: [0; <dyn Trace>::LONGEST],
    length: 0,
    lost: 0,
});

/// Makes `defmt` in the calling process write to this trace. Messages that were logged before are lost.
pub fn init(sink: Handle<dyn Trace>) {
    STATE.lock().sink = Some(sink);
}

/// Returns how many frames of the calling process were lost since it started: they were too long, the trace was down, or
/// [`init`] had not been called.
#[must_use]
pub fn lost() -> u32 {
    STATE.lock().lost
}

/// The lock, while a frame is put together.
struct Held(UnsafeCell<Option<MutexGuard<'static, State>>>);

// SAFETY: only the thread that has the lock accesses it.
unsafe impl Sync for Held {}

static HELD: Held = Held(UnsafeCell::new(None));

impl Held {
    /// # Safety
    /// The calling thread has the lock, and no other reference that this function has returned.
    #[expect(clippy::mut_from_ref, reason = "the caller vouches for that there is one")]
    unsafe fn get(&self) -> &mut Option<MutexGuard<'static, State>> {
        // SAFETY: as the caller vouches.
        unsafe { &mut *self.0.get() }
    }
}

impl State {
    /// Adds the bytes that `encode` makes to the frame.
    fn put(&mut self, encode: impl FnOnce(&mut defmt::Encoder, &mut dyn FnMut(&[u8]))) {
        let State { encoder, frame, length, .. } = self;
        encode(encoder, &mut |bytes| {
            for &byte in bytes {
                if let Some(place) = frame.get_mut(*length) {
                    *place = byte;
                }
                *length += 1;
            }
        });
    }

    /// Sends the frame, if it is whole.
    fn send(&mut self) {
        let is_sent = match (self.sink, self.frame.get(..self.length)) {
            (Some(sink), Some(frame)) => {
                let mut buffer = LeaseBuf::<{ <dyn Trace>::LONGEST }>::new();
                buffer[..frame.len()].copy_from_slice(frame);
                sink.write(buffer.first(frame.len())) == Ok(true)
            }
            _ => false,
        };
        self.lost += u32::from(!is_sent);
    }
}

#[defmt::global_logger]
struct Logger;

// SAFETY: between `acquire` and `release` the thread has the lock, so no other one of the process is between the two. It
// is kept while the frame is sent, because the frames of a process are in the order of their times.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        let mut state = STATE.lock();
        state.length = 0;
        state.put(|encoder, put| encoder.start_frame(put));
        // SAFETY: this thread has the lock, and the reference ends here.
        unsafe { *HELD.get() = Some(state) };
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: `defmt` has called `acquire` on this thread, so it has the lock; and the reference ends here.
        if let Some(mut state) = unsafe { HELD.get().take() } {
            state.put(|encoder, put| encoder.end_frame(put));
            state.send();
        }
    }

    unsafe fn write(bytes: &[u8]) {
        // SAFETY: as in `release`.
        if let Some(state) = unsafe { HELD.get() } {
            state.put(|encoder, put| encoder.write(bytes, put));
        }
    }
}

defmt::timestamp!("{=u64:us}", crossgate::time::now().as_micros());
