// SPDX-License-Identifier: MIT OR Apache-2.0
//! The abilities of the CPU.

use crate::words::THREAD_POINTER;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// The number of bytes that the CPU saves with `xsave`.
pub static EXTENDED_STATE_SIZE: AtomicUsize = AtomicUsize::new(0);
/// All components of the extended state except for the rights of protection keys, which belong to the kernel.
pub const COMPONENTS: u32 = !(1 << 9);
/// 1 if user code can change the thread pointer, because the CPU has `wrfsbase`. (It can then also change the other
/// base, which is not in use and has to be 0.)
pub static HAS_WRFSBASE: AtomicU8 = AtomicU8::new(0);
/// 1 if the CPU has AVX, and reports which components of the extended state are in use.
pub static TELLS_USE: AtomicU8 = AtomicU8::new(0);

/// Finds out the abilities of the CPU that the gate uses.
///
/// # Errors
/// If the CPU is too old.
pub fn check() -> Result<(), String> {
    const OSXSAVE: u32 = 1 << 27;
    const EXTENDED_STATE: u32 = 0xd;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return Err("this CPU has no XSAVE, which the kernel needs".to_owned());
    }
    let size = __cpuid_count(EXTENDED_STATE, 0).ebx as usize;
    EXTENDED_STATE_SIZE.store(size, Ordering::Relaxed);
    const XGETBV_1: u32 = 1 << 2;
    let tells_use = __cpuid_count(EXTENDED_STATE, 1).eax & XGETBV_1 != 0;
    let tells_use = tells_use && std::is_x86_feature_detected!("avx");
    TELLS_USE.store(tells_use.into(), Ordering::Relaxed);
    const WRFSBASE: u64 = 1 << 1;
    // SAFETY: the call only reads data that Linux has passed to the program.
    let features = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    HAS_WRFSBASE.store((features & WRFSBASE != 0).into(), Ordering::Relaxed);
    let pointer: usize;
    // SAFETY: the first word at the thread pointer is its own address (System V ABI, x86-64 TLS).
    unsafe { core::arch::asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, readonly)) };
    THREAD_POINTER.store(pointer, Ordering::Relaxed);
    Ok(())
}

/// Abilities that the system tests need to know.
pub mod abilities {
    use crate::cpu::HAS_WRFSBASE;
    use core::sync::atomic::Ordering;

    /// Returns whether process code can change the bases of segments.
    #[must_use]
    pub fn can_change_bases() -> bool {
        HAS_WRFSBASE.load(Ordering::Relaxed) != 0
    }
}
