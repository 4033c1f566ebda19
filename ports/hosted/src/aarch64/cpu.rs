// SPDX-License-Identifier: MIT OR Apache-2.0
//! The abilities of the CPU.

use crate::pages::PAGE;
use crate::words::THREAD_POINTER;
use core::sync::atomic::{AtomicU8, Ordering};

/// 1 if the CPU has SVE, whose predicates have to be cleared.
pub static HAS_SVE: AtomicU8 = AtomicU8::new(0);
/// 1 if the CPU has SME. A thread may have left its streaming mode on, in which the kernel could not run.
pub static HAS_SME: AtomicU8 = AtomicU8::new(0);

/// Finds out the abilities of the CPU that the gate uses, and the size of pages.
///
/// # Errors
/// If the pages of Linux are larger than those for which memory is laid out.
pub fn check() -> Result<(), String> {
    const SVE: u64 = 1 << 22;
    const SME: u64 = 1 << 23;
    // SAFETY: the calls only read data that Linux has passed to the program.
    let (features, more, page) = unsafe {
        let [features, more] = [libc::AT_HWCAP, libc::AT_HWCAP2].map(|it| libc::getauxval(it));
        (features, more, libc::sysconf(libc::_SC_PAGESIZE))
    };
    if !usize::try_from(page).is_ok_and(|page| page != 0 && PAGE.is_multiple_of(page)) {
        return Err(format!("the pages of Linux have {page} bytes, which is more than {PAGE}"));
    }
    HAS_SVE.store((features & SVE != 0).into(), Ordering::Relaxed);
    HAS_SME.store((more & SME != 0).into(), Ordering::Relaxed);
    let pointer: usize;
    // SAFETY: the instruction reads a register.
    unsafe { core::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nomem, nostack)) };
    THREAD_POINTER.store(pointer, Ordering::Relaxed);
    Ok(())
}

/// Abilities that the system tests need to know.
pub mod abilities {
    use crate::cpu::{HAS_SME, HAS_SVE};
    use core::sync::atomic::Ordering;

    /// Returns whether the CPU has the predicates of SVE.
    #[must_use]
    pub fn has_predicates() -> bool {
        HAS_SVE.load(Ordering::Relaxed) != 0
    }

    /// Returns whether the CPU has the streaming mode of SME.
    #[must_use]
    pub fn has_streaming_mode() -> bool {
        HAS_SME.load(Ordering::Relaxed) != 0
    }
}
