//! System calls past the library, with any words.

use core::arch::asm;
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, CallError, Status, Word, number};

/// What a system call brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// How it ended.
    pub status: Status,
    /// Its results.
    pub words: [Word; 2],
}

impl Reply {
    /// The error, if it is one of a call.
    #[must_use]
    pub fn error(self) -> Option<CallError> {
        CallError::from_status(self.status)
    }
}

/// The system call instruction, with these registers.
#[must_use]
pub fn trap(selector: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    let [first, second, third, fourth] = words;
    let (status, low, high);
    // SAFETY: the kernel preserves the other registers, and writes no memory of the caller but
    // what is lent to the called method.
    unsafe {
        asm!(
            "svc 0",
            inlateout("r0") first => status,
            inlateout("r1") second => low,
            inlateout("r2") third => high,
            inlateout("r3") fourth => _,
            inlateout("r12") selector => _,
        );
    }
    Reply { status: Status(status), words: [low, high] }
}

/// System call `number`.
#[must_use]
pub fn system_call(number: Word, words: [Word; ARGUMENT_WORDS]) -> Reply {
    trap(number::system_call(number), words)
}

/// Method `method` of service `service`.
#[must_use]
pub fn call(service: usize, method: usize, words: [Word; ARGUMENT_WORDS]) -> Reply {
    trap(number::call(service, method), words)
}

/// Returns from the current call, whatever the server's stub would have said.
pub fn leave(status: Word, words: [Word; 2]) -> ! {
    // SAFETY: nothing comes back.
    unsafe {
        asm!(
            "svc 0",
            "udf #0",
            in("r0") status,
            in("r1") words[0],
            in("r2") words[1],
            in("r12") number::system_call(number::RETURN),
            options(noreturn),
        )
    }
}

/// The index of the service of this name.
#[must_use]
pub fn service(system: &System, name: &str) -> usize {
    system.services.iter().position(|service| service.name == name).unwrap_or(usize::MAX >> 9)
}
