// SPDX-License-Identifier: MIT OR Apache-2.0
extern crate std;
use super::*;
use crossgate_abi::table::{Interrupt, NotificationRow};
use crossgate_abi::{NotificationId, ProcessId, Set};
use std::panic::catch_unwind;
use std::string::String;

struct Of<const LINE: u16, const SIGNALS: u16, const PRIORITY: u8>;

impl<const LINE: u16, const SIGNALS: u16, const PRIORITY: u8> Handler
    for Of<LINE, SIGNALS, PRIORITY>
{
    const LINE: u16 = LINE;
    const SIGNALS: u16 = SIGNALS;
    const PRIORITY: u8 = PRIORITY;
    fn serve(signal: Signal<Self>) {
        signal.signal();
    }
}

static WIRING: System = System {
    processes: &[],
    services: &[],
    gates: &[],
    threads: &[],
    notifications: &[NotificationRow {
        name: "CAME",
        signallers: Set::EMPTY,
        owner: ProcessId::FIRST,
        counting: false,
        first_interrupt: 0,
    }],
    lines: &[],
    interrupts: &[
        Interrupt { line: 20, notification: NotificationId::FIRST, owner: ProcessId::FIRST },
        Interrupt { line: 21, notification: NotificationId::FIRST, owner: ProcessId::FIRST },
    ],
    locks: 0,
    deadlines: Set::EMPTY,
    budgets: None,
    deep_sleep: None,
    inspectors: Set::EMPTY,
    pooled: Set::EMPTY,
    lost_clients: &[],
    dumpers: Set::EMPTY,
    passes_handles: false,
    supervisor: None,
};

/// Returns the message about these handlers on a board with 32 lines.
fn said(handlers: &[Line]) -> String {
    match catch_unwind(|| check(handlers, 32, &WIRING)) {
        Ok(()) => String::from("nothing"),
        Err(text) => text.downcast::<String>().map_or_else(|_| String::new(), |text| *text),
    }
}

#[test]
fn handlers_that_are_accepted() {
    assert_eq!(said(&[]), "nothing");
    assert_eq!(said(&[Line::of::<Of<0, 20, 0>>(), Line::of::<Of<31, 21, 5>>()]), "nothing");
    // Two handlers may signal one line, and the wiring need not bind it.
    assert_eq!(said(&[Line::of::<Of<0, 19, 0>>(), Line::of::<Of<1, 19, 0>>()]), "nothing");
}

#[test]
fn handlers_that_are_refused() {
    let of_5 = "the zero-latency handler of interrupt line 5 ";
    for (handlers, why) in [
        (
            &[Line::of::<Of<5, 32, 0>>()][..],
            "needs line 32, which does not exist: the lines of this board are those below 32",
        ),
        (&[Line::of::<Of<5, 20, 6>>()], "has a PRIORITY past 5: 0 to 5 come before the kernel"),
        (&[Line::of::<Of<5, 20, 0>>(), Line::of::<Of<5, 21, 0>>()], "is one of two."),
        (&[Line::of::<Of<5, 5, 0>>()], "serves a line that a handler signals"),
        (
            &[Line::of::<Of<5, 20, 0>>(), Line::of::<Of<6, 5, 0>>()],
            "serves a line that a handler signals",
        ),
    ] {
        let text = said(handlers);
        assert!(text.starts_with(&std::format!("{of_5}{why}")), "{text}");
    }
    assert!(said(&[Line::of::<Of<32, 20, 0>>()]).contains("line 32 needs line 32,"));
}

#[test]
fn the_line_of_a_handler_can_not_be_bound() {
    assert_eq!(
        said(&[Line::of::<Of<20, 22, 0>>()]),
        "the zero-latency handler of interrupt line 20 never lets the kernel see it, so `CAME` would never be \
         signalled. Bind the line that the handler signals: 22"
    );
}
