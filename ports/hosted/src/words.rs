// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words in which user code, the signal handlers and the kernel share their state.
//!
//! With protection keys only the kernel can write these words. By pages, a process can: see the book.

use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering};

/// The mode, which says if the kernel or user code runs. The upper byte is the selector for the feature "system call
/// user dispatch" of Linux: the value 1 blocks system calls. One store changes both bytes.
pub static MODE: AtomicU16 = AtomicU16::new(KERNEL);
/// The kernel runs, and may call Linux.
pub const KERNEL: u16 = 0x0001;
/// User code runs, and may not call Linux (if system calls are blocked).
pub const USER: u16 = 0x0100;

/// Returns whether user code runs.
pub fn is_user() -> bool {
    MODE.load(Ordering::Relaxed) != KERNEL
}

/// The work to do before user code continues: a set of the bits below.
pub static PENDING: AtomicU32 = AtomicU32::new(0);
/// The timer has reached its time.
pub const TIMER: u32 = 1;
/// A device needs attention.
pub const DEVICE: u32 = 2;
/// The thread has to be single-stepped.
pub const STEP: u32 = 4;
/// If the time of the timer is near, the present time has to be advanced to it.
pub const DEADLINE: u32 = 8;
/// A signal has come that is not an interrupt of a device.
pub const ATTENTION: u32 = 16;

/// The end of the kernel's stack.
pub static KERNEL_STACK_END: AtomicUsize = AtomicUsize::new(0);
/// The end of the stack of signal handlers, if there are protection keys.
pub static HANDLER_STACK_END: AtomicUsize = AtomicUsize::new(0);
/// The end of the stack on which signals arrive.
pub static SIGNAL_STACK_END: AtomicUsize = AtomicUsize::new(0);
/// The thread pointer of the host. It is kept here because process code can change the register.
pub static THREAD_POINTER: AtomicUsize = AtomicUsize::new(0);

/// 1 if there are protection keys.
pub static HAS_KEYS: AtomicU8 = AtomicU8::new(0);
/// The rights of the keys while user code runs.
pub static RIGHTS: AtomicU32 = AtomicU32::new(0);
/// A mask for the rights: it gives the kernel all rights to the keys of its own memory.
pub static KERNEL_KEEPS: AtomicU32 = AtomicU32::new(0);
