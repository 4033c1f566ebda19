// SPDX-License-Identifier: MIT OR Apache-2.0
//! A hostile process of the first core has the end of the line that calls. It makes wrong calls, writes random words
//! over the memory of the line, and rings without end. The second core gives it what its wiring offers, and nothing
//! else.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::sync::atomic::Ordering::SeqCst;
    use crossgate::remote::fingerprint;
    use crossgate::{CallError, Notification};
    use crossgate_mailbox::{Line as _, WORDS};
    use system_tests::random::Random;
    use system_tests::report::expect;
    use two_cores::Echo;

    crossgate::system! {
        static SYSTEM;
        process attacker {
            mmio LINE;
            mmio BELLS;
            notification RUNG;
            interrupt board::interrupt::BELL => RUNG;
            thread main (priority = 5, stack = 2048) = attack(RUNG);
        }
    }
    board::start!(SYSTEM);

    /// The words of a place, as the documentation of the mailbox has them.
    const FIRST_PLACE: usize = 8;
    const PLACE: usize = 16;
    const PLACES: usize = 3;

    const LINE_END: Line = Line::new();

    fn set(word: usize, value: u32) {
        LINE_END.memory()[word].store(value, SeqCst);
    }

    fn get(word: usize) -> u32 {
        LINE_END.memory()[word].load(SeqCst)
    }

    /// Makes a call with these words, and returns its status and the first word of its result.
    fn call(place: usize, target: u32, fingerprint: u32, rung: Notification) -> (u32, u32) {
        let start = FIRST_PLACE + PLACE * place;
        let number = get(start).wrapping_add(1);
        set(start + 1, target);
        set(start + 2, fingerprint);
        for (word, value) in (start + 3..).zip([1, 2, 3, 4]) {
            set(word, value);
        }
        set(start, number);
        LINE_END.ring();
        while get(start + 8) != number {
            rung.acknowledge();
            rung.wait();
            LINE_END.silence();
        }
        (get(start + 9), get(start + 10))
    }

    fn attack(rung: Notification) -> ! {
        let echo = fingerprint::<dyn Echo>();
        let refused = (CallError::NoSuchService as u32, 0);
        // The other core is ready when it shows that it is alive.
        set(0, get(1).wrapping_add(1));
        while get(1) != get(0) {
            LINE_END.ring();
            crossgate::time::sleep(core::time::Duration::from_millis(1));
        }
        for round in 0..200 {
            let place = round % PLACES;
            let it = |target, fingerprint| call(place, target, fingerprint, rung);
            expect("a right call", it(0, echo), (0, 0));
            expect("an unknown service", it(1, echo), refused);
            expect("the last service", it(255, echo), refused);
            expect("an unknown method", it(7 << 8, echo), refused);
            expect("the last method", it(255 << 8, echo), refused);
            expect("bits that are no part of a target", it(1 << 16, echo), refused);
            expect("such bits", it(1 << 31, echo), refused);
            expect("another interface", it(0, echo ^ 1 << (round % 32)), refused);
        }
        let mut random = Random(7);
        for _ in 0..20_000 {
            let word = random.below(WORDS as u32) as usize;
            set(word, if random.below(3) == 0 { random.below(4) } else { random.number() });
            if word % 16 == FIRST_PLACE && random.below(2) == 0 {
                set(word + 1, random.below(8) << 8);
                set(word + 2, echo);
            }
            LINE_END.ring();
            // (Time passes for the other core.)
            if random.below(8) == 0 {
                crossgate::time::sleep(core::time::Duration::from_micros(20));
            }
        }
        // From now on the bell only rings. (In the emulator, a core that never waits and never yields leaves the other one
        // no time.)
        loop {
            LINE_END.ring();
            core::hint::spin_loop();
        }
    }
}
