//! Attempts on frames of callers, and on the stacks of others. With protection keys, there are as many for stacks as there
//! are stacks, but none for parts of them.

#[path = "../reach.rs"]
mod reach;

use crossgate::{Concurrent, thread};
use reach::{Between, Forwarder, Reach, Reacher};

crossgate::system! {
    static SYSTEM;
    process observer {
        on_fault = stop;
        notification FAULTED;
        faults FAULTED;
        thread observer (priority = 9, stack = 2048) = reach::witness(&SYSTEM, FAULTED);
    }
    process keeper { thread keeper (priority = 4, stack = 2048) = reach::keep(FIRST, BETWEEN, GO); }
    process between {
        object between: Concurrent<Forwarder> = Forwarder([SECOND, THIRD]) => [BETWEEN: dyn Between];
    }
    process first { on_fault = stop; object first: Concurrent<Reacher> = Reacher => [FIRST: dyn Reach]; }
    process second { on_fault = stop; object second: Concurrent<Reacher> = Reacher => [SECOND: dyn Reach]; }
    process third { on_fault = stop; object third: Concurrent<Reacher> = Reacher => [THIRD: dyn Reach]; }
    process stranger {
        on_fault = stop;
        notification GO;
        thread stranger (priority = 5, stack = 2048) = reach::read(&SYSTEM, GO);
        thread rests0 (priority = 5, stack = 512) = rest();
        thread rests1 (priority = 5, stack = 512) = rest();
        thread rests2 (priority = 5, stack = 512) = rest();
    }
}
board::start!(SYSTEM);

/// Has a stack, and no more.
fn rest() -> ! {
    thread::exit()
}
