// SPDX-License-Identifier: MIT OR Apache-2.0
//! The registers that Linux saves when it calls a signal handler, and loads when the handler returns.

use core::ffi::c_void;
use core::mem::offset_of;
use crossgate_abi::Word;
use crossgate_abi::inspect::dump;

/// The code to which a handler returns.
#[unsafe(naked)]
pub unsafe extern "C" fn restore() {
    core::arch::naked_asm!("mov x8, {}", "svc #0", "udf #0", const libc::SYS_rt_sigreturn)
}

/// The registers of the code that a signal has interrupted. They are loaded when the handler returns.
pub struct Registers<'a>(&'a mut libc::mcontext_t);

/// The size of the information about a signal, which lies before the registers.
const INFORMATION: usize = size_of::<libc::siginfo_t>();
/// The offset in a frame of the records with further registers, and the size of the part that Linux reserves for them.
const RECORDS: usize =
    (INFORMATION + offset_of!(libc::ucontext_t, uc_mcontext) + 35 * size_of::<u64>())
        .next_multiple_of(16);
const RESERVED: usize = 4096;
/// The size of the head of a record: two words of 32 bits. At the end of the records, both are 0.
const HEAD: usize = 8;
/// The kind of the record that tells where more records are ("EXX").
const EXTRA: u32 = 0x4558_5401;

/// Everything that Linux has stored on the stack for one signal (`rt_sigframe`). The system call `rt_sigreturn` loads
/// registers from it, wherever it is.
pub struct Frame {
    /// Its address.
    start: usize,
    /// The number of bytes that are in use. The records end there.
    used: usize,
    /// The offset of the address of further records, if there are such records. They are the last part of the frame.
    further: Option<usize>,
}

impl Registers<'_> {
    /// Returns the registers in the context that Linux has passed to the handler of a signal.
    ///
    /// # Safety
    /// The context is valid as long as the result.
    pub unsafe fn of<'a>(context: *mut c_void) -> Registers<'a> {
        let context = context.cast::<libc::ucontext_t>();
        // SAFETY: the caller promises it; the handler may change the context.
        Registers(unsafe { &mut (*context).uc_mcontext })
    }

    /// Returns the address of the next instruction.
    pub fn instruction(&self) -> Word {
        self.0.pc as Word
    }

    /// Returns the stack pointer.
    pub fn stack_pointer(&self) -> Word {
        self.0.sp as Word
    }

    /// Returns the registers in the order of a dump.
    pub fn dumped(&self) -> [Word; dump::REGISTER_COUNT] {
        let last = [self.0.sp, self.0.pc];
        let all = self.0.regs.iter().chain(&last);
        let mut registers = [0; dump::REGISTER_COUNT];
        registers.iter_mut().zip(all).for_each(|(place, &register)| *place = register as Word);
        registers
    }

    /// Returns whether the fault was an attempt to execute the memory at `address`. (An instruction that tries to
    /// overwrite itself counts as well.)
    pub fn is_fetch(&self, address: Word) -> bool {
        address == self.instruction()
    }

    /// Makes the code continue at `target`, with this stack pointer.
    pub fn redirect(&mut self, target: *const (), stack_pointer: Word) {
        // The kind of the last branch, which limits where it may lead (BTYPE).
        const BRANCH: u64 = 0b11 << 10;
        self.0.pstate &= !BRANCH;
        self.0.pc = target.addr() as u64;
        self.0.sp = stack_pointer as u64;
    }

    /// Gives all flags their usual values.
    pub fn reset_flags(&mut self) {
        self.0.pstate = 0;
    }

    /// Returns the frame that these registers are a part of.
    pub fn frame(&self) -> Frame {
        let registers = (&raw const *self.0).addr();
        let start = registers - offset_of!(libc::ucontext_t, uc_mcontext) - INFORMATION;
        let read = |address: usize| {
            // SAFETY: the address is in the frame, which Linux has written.
            unsafe { core::ptr::with_exposed_provenance::<u32>(address).read() }
        };
        let (mut record, mut further) = (start + RECORDS, None);
        let last = record + RESERVED - HEAD;
        while record < last && read(record) != 0 {
            let length = (read(record + 4) as usize).max(HEAD);
            if read(record) == EXTRA {
                let size = read(record + 2 * HEAD) as usize;
                further = Some((record + HEAD - start, size));
            }
            record += length;
        }
        // The head of the end, and its padding.
        let end = record + 2 * HEAD;
        let used = end + further.map_or(0, |(_, size)| size) - start;
        Frame { start, used, further: further.map(|(offset, _)| offset) }
    }
}

impl Frame {
    /// Returns the room that the frame takes. It includes the rest of the part that is reserved for records: QEMU loads
    /// registers only from a frame that it can read completely.
    pub fn room(&self) -> usize {
        self.used.max(RECORDS + RESERVED)
    }

    /// Copies the frame to `start`, a multiple of 16.
    ///
    /// # Safety
    /// There is memory for it, which nothing else uses.
    pub unsafe fn copy_to(&self, start: usize) {
        let from = core::ptr::with_exposed_provenance::<u8>(self.start);
        let to = core::ptr::with_exposed_provenance_mut::<u8>(start);
        // SAFETY: the caller promises it.
        unsafe { to.copy_from_nonoverlapping(from, self.used) };
        if let Some(offset) = self.further {
            // SAFETY: this is a word of the copy.
            let word = unsafe { &mut *to.add(offset).cast::<u64>() };
            *word = word.wrapping_sub(self.start as u64).wrapping_add(start as u64);
        }
    }
}

/// Makes the CPU accept addresses that are not aligned, which it always does.
pub fn allow_any_alignment() {}
