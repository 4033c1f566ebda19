// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls nest eight deep. A ninth call is refused, and so is a call without enough stack.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, interface};
use system_tests::report::{expect, pass};
use system_tests::watch::allow_no_fault;
use system_tests::{arch, probe};

/// A link of a chain of calls.
#[interface]
trait Link {
    /// Calls the next link. Returns the number of calls from here on, or, after an unexpected error, 100 plus the
    /// number of the error.
    fn descend(&self) -> u32;
}

struct Inner {
    next: Handle<dyn Link>,
}

impl Link for Inner {
    fn descend(&self) -> u32 {
        match self.next.descend() {
            Ok(depth) => depth + 1,
            Err(CallError::TooDeep) => 1,
            Err(other) => 100 + other as u32,
        }
    }
}

/// The end of the chain. No call from the start of the chain reaches it.
struct End {
    entered: AtomicU32,
}

impl Link for End {
    fn descend(&self) -> u32 {
        self.entered.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A method that needs more stack than some threads have.
struct Large;

impl Link for Large {
    fn descend(&self) -> u32 {
        1
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process even {
        object second: Concurrent<Inner> = Inner { next: LINK3 } => [LINK2: dyn Link];
        object fourth: Concurrent<Inner> = Inner { next: LINK5 } => [LINK4: dyn Link];
        object sixth: Concurrent<Inner> = Inner { next: LINK7 } => [LINK6: dyn Link];
        object eighth: Concurrent<Inner> = Inner { next: LINK9 } => [LINK8: dyn Link];
    }
    process odd {
        object first: Concurrent<Inner> = Inner { next: LINK2 } => [LINK1: dyn Link];
        object third: Concurrent<Inner> = Inner { next: LINK4 } => [LINK3: dyn Link];
        object fifth: Concurrent<Inner> = Inner { next: LINK6 } => [LINK5: dyn Link];
        object seventh: Concurrent<Inner> = Inner { next: LINK8 } => [LINK7: dyn Link];
        object ninth: Concurrent<End> = End { entered: AtomicU32::new(0) } => [LINK9: dyn Link];
        object large (stack = 32768): Concurrent<Large> = Large => [LARGE: dyn Link];
    }
    process client {
        thread roomy (priority = 3, stack = 8192) = roomy(LINK1, LINK2, LINK9);
        thread narrow (priority = 2, stack = 1024) = narrow(LARGE, LINK9);
    }
}
board::start!(SYSTEM);

fn roomy(first: Handle<dyn Link>, second: Handle<dyn Link>, end: Handle<dyn Link>) -> ! {
    for _ in 0..3 {
        expect("the number of nested calls, of which the ninth is refused", first.descend(), Ok(8));
    }
    expect("the ninth method has not been entered", end.descend(), Ok(1));
    expect("eight calls", second.descend(), Ok(2 + 7));
    crossgate::thread::exit()
}

fn narrow(large: Handle<dyn Link>, end: Handle<dyn Link>) -> ! {
    let stack = probe::stack_of(&SYSTEM, "narrow", 2);
    deeper(stack.start + arch::METHOD_STACK + 24 * 1024, large, end)
}

/// Makes calls from below `limit`.
fn deeper(limit: usize, large: Handle<dyn Link>, end: Handle<dyn Link>) -> ! {
    let frame = core::hint::black_box([0_u8; 64]);
    if frame.as_ptr().addr() > limit {
        deeper(limit, large, end)
    }
    expect("a call without enough stack", large.descend(), Err(CallError::StackTooSmall));
    expect("a call that needs less", end.descend(), Ok(3));
    pass()
}
