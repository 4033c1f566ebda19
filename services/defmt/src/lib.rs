// SPDX-License-Identifier: MIT OR Apache-2.0
//! The crate `defmt` in processes. The macros of `defmt` send their frames to the trace.
//!
//! ```ignore
//! pub fn main(trace: Handle<dyn Trace>) -> ! {
//!     crossgate_defmt::init(trace);
//!     defmt::info!("started with {=u32} kB", 4);
//!     // ...
//! }
//! ```
//!
//! Each process that uses this crate has a logger of its own, because `crossgate-link` gives each process a copy of the
//! statics of this crate. A process puts a frame together in its own memory, and sends the frame by one call. So each
//! frame in the trace is complete, and a crash of a process loses at most one frame. Each frame contains the kernel's
//! time in microseconds.
//!
//! The firmware has to be linked with `-Tdefmt.x`, on Linux too. Write in its build script:
//!
//! ```ignore
//! println!("cargo::rustc-link-arg-bins=-Tdefmt.x");
//! ```
//!
//! A message and its arguments may take at most 128 bytes in a frame
//! ([`LONGEST`](trait@Trace#associatedconstant.LONGEST)). A message needs 256 bytes of stack, and the stack that its
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
    /// The length of the frame. If the frame does not fit, the length that it would have.
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

/// Returns how many frames of the calling process were lost since the process started. A frame is lost if it is too
/// long, if the trace is down, or if [`init`] has not been called.
#[must_use]
pub fn lost() -> u32 {
    STATE.lock().lost
}

/// The guard of the lock, while a frame is put together.
struct Held(UnsafeCell<Option<MutexGuard<'static, State>>>);

// SAFETY: only the thread that has the lock accesses it.
unsafe impl Sync for Held {}

static HELD: Held = Held(UnsafeCell::new(None));

impl Held {
    /// # Safety
    /// The calling thread must hold the lock. It must not have another reference that this function returned.
    #[expect(clippy::mut_from_ref, reason = "the caller vouches for that there is one")]
    unsafe fn get(&self) -> &mut Option<MutexGuard<'static, State>> {
        // SAFETY: the caller promises what the section Safety demands.
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

    /// Sends the frame, if it is complete.
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

// SAFETY: between `acquire` and `release` the thread holds the lock, so no other thread of the process is between the
// two. The thread also holds the lock while it sends the frame, so that the frames of a process are in the order of
// their times.
unsafe impl defmt::Logger for Logger {
    fn acquire() {
        let mut state = STATE.lock();
        state.length = 0;
        state.put(|encoder, put| encoder.start_frame(put));
        // SAFETY: this thread holds the lock, and the reference is not used after this statement.
        unsafe { *HELD.get() = Some(state) };
    }

    unsafe fn flush() {}

    unsafe fn release() {
        // SAFETY: `defmt` has called `acquire` on this thread, so the thread holds the lock. The reference is not used
        // after this statement.
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
