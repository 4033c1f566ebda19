// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions for a process that is written in C: those of `crossgate.h`.
//!
//! The crate of such a process depends on this one, compiles its C in its build script, and gives the kernel the entry
//! points, which it forwards to C. See the book's chapter *A process in C*. This crate has no statics, so all processes
//! share its code.
#![cfg_attr(target_os = "none", no_std)]

use core::ffi::{CStr, c_char};
use core::time::Duration;
use crossgate::{
    CallError, Handle, Notification, RawHandle, Shape, Signal, abi, call, thread, time,
};
use crossgate_log::{Level, Log};

#[cfg(not(target_os = "none"))]
pub mod header;

/// Calls a method. Returns 0, or the number of a [`CallError`].
///
/// # Safety
/// `arguments` points to `count` words, `results` to room for two. The memory that the arguments lend is the process'
/// own, and other threads access it only by atomics during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn crossgate_call(
    service: RawHandle,
    method: u32,
    arguments: *const usize,
    count: u32,
    kinds: u32,
    results: *mut [usize; 2],
) -> u32 {
    let mut words = [0; abi::ARGUMENT_WORDS];
    let count = (count as usize).min(words.len());
    for (index, word) in words.iter_mut().enumerate().take(count) {
        // SAFETY: the caller passes `count` words.
        *word = unsafe { *arguments.add(index) };
    }
    let shape = Shape { words: count as u8, kinds: kinds as u16 };
    let words = call::call::<(usize, usize)>(service, method as usize, words, shape);
    status(words.map(|(first, second)| {
        // SAFETY: the caller passes room for two words.
        unsafe { *results = [first, second] };
    }))
}

/// Returns the number that C gets for a result.
fn status(result: Result<(), CallError>) -> u32 {
    result.map_or_else(|error| abi::Status::from(error).0 as u32, |()| 0)
}

/// Signals a notification of another process. Returns 0, or the number of a [`CallError`].
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_signal_other(signal: Signal) -> u32 {
    status(signal.signal())
}

/// Signals a notification of this process.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_signal_own(notification: Notification) {
    notification.signal();
}

/// Waits for a signal.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_wait(notification: Notification) {
    notification.wait();
}

/// Waits for a signal, but no longer than this time. Returns whether one came.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_wait_for(notification: Notification, microseconds: u64) -> i32 {
    notification.wait_timeout(Duration::from_micros(microseconds)).is_ok().into()
}

/// Unmasks the interrupts that are bound to the notification.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_acknowledge(notification: Notification) {
    notification.acknowledge();
}

/// Writes a line to a log. Returns 0, or the number of a [`CallError`]: `BadArgument` for a level that does not exist.
///
/// # Safety
/// `text` ends with a zero, and no thread writes to it meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn crossgate_log(
    log: Handle<dyn Log>,
    level: u32,
    text: *const c_char,
) -> u32 {
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    let level = Level::ALL.get(level as usize).ok_or(CallError::BadArgument);
    status(level.and_then(|&level| log.write(level, text)))
}

/// Returns the time since start, in microseconds.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_now() -> u64 {
    let [low, high] = crossgate::arch::system_call(abi::number::NOW, []).words;
    u64::from(low as u32) | u64::from(high as u32) << 32
}

/// Sleeps for this number of microseconds.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_sleep(microseconds: u64) {
    time::sleep(Duration::from_micros(microseconds));
}

/// Lets the other threads of the same priority run first.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_yield() {
    thread::yield_now();
}

/// Ends the thread.
#[unsafe(no_mangle)]
pub extern "C" fn crossgate_exit() -> ! {
    thread::exit()
}

/// Crashes the process, as a panic does.
///
/// # Safety
/// `file` ends with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn crossgate_panic(file: *const u8, line: u32) -> ! {
    let mut length = 0;
    // SAFETY: it ends with a zero.
    while unsafe { *file.add(length) } != 0 {
        length += 1;
    }
    loop {
        crossgate::arch::system_call(abi::number::PANIC, [file.addr(), length, line as usize, 1]);
    }
}
