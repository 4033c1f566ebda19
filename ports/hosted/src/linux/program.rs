// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loaded program, and its end.

use super::{output, terminal};
use core::ffi::c_int;
use core::fmt;
use crossgate_protection::Span;

/// The exit status of a kernel that cannot go on.
const FATAL: c_int = 70;
/// The exit status instead of a reset: the program may be started again (`EX_TEMPFAIL` of sysexits.h).
pub const RESET: c_int = 75;

/// Ends the program, because the kernel cannot go on.
pub fn fatal(why: fmt::Arguments) -> ! {
    output::tell(format_args!("crossgate: {why}"));
    end(FATAL)
}

/// Ends the program.
pub fn end(status: c_int) -> ! {
    terminal::restore();
    // SAFETY: no code of the program runs afterwards. (Exit functions are not run, because a process may have
    // registered some.)
    unsafe { libc::_exit(status) }
}

/// Returns the address of code in the program's file. It does not depend on the address at which the program was
/// loaded.
pub fn in_program(address: usize) -> usize {
    address.wrapping_sub(&raw const __ehdr_start as usize)
}

unsafe extern "C" {
    /// The start of the loaded program, from the linker.
    static __ehdr_start: u8;
}

/// Returns the program's code and constants, which all processes may read: from its start to the first address that was
/// writable when it was loaded.
pub fn constants() -> Span {
    unsafe extern "C" fn find(
        info: *mut libc::dl_phdr_info,
        _: usize,
        result: *mut core::ffi::c_void,
    ) -> c_int {
        // SAFETY: the loader passes a valid record, and `result` is the span below. The program itself comes first.
        unsafe {
            let (base, headers) = ((*info).dlpi_addr as usize, (*info).dlpi_phdr);
            let headers = core::slice::from_raw_parts(headers, (*info).dlpi_phnum.into());
            let segments = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
            let start = segments().map(|it| base + it.p_vaddr as usize).min();
            let end = segments()
                .filter(|it| it.p_flags & libc::PF_W != 0)
                .map(|it| base + it.p_vaddr as usize)
                .min();
            if let (Some(start), Some(end)) = (start, end) {
                *result.cast::<Span>() = Span { start, end };
            }
        }
        1
    }
    let mut span = Span::EMPTY;
    // SAFETY: the function has the right type, and the span lives during the call.
    unsafe { libc::dl_iterate_phdr(Some(find), (&raw mut span).cast()) };
    span
}
