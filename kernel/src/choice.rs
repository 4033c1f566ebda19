// SPDX-License-Identifier: MIT OR Apache-2.0
//! The choice of the [optional](crate::optional) parts of the kernel for a firmware.

use crate::Kernel;
use crate::note::Inspection;
use crate::optional::Optional;
use crate::port::Port;
use crate::power::{Power, Slept};
use crossgate_abi::client::CLIENT;
use crossgate_abi::power::{ADMIT, Depth};
use crossgate_abi::table::System;
use crossgate_abi::{ARGUMENT_WORDS, ProcessId, Set, Status, Word, pool};

/// Returns the function that carries out the system calls of the optional parts, except for those about sleep.
const fn call<P: Port>(
    system: &System,
) -> extern "C" fn(&mut Kernel<P>, &mut [Word; ARGUMENT_WORDS]) -> Status {
    let inspects = system.is_inspected();
    let (is_told, has_pool) = (!system.lost_clients.is_empty(), !system.pooled.is_empty());
    match (inspects, is_told, has_pool) {
        (false, false, false) => Kernel::optional::<false, false, false>,
        (true, false, false) => Kernel::optional::<true, false, false>,
        (false, true, false) => Kernel::optional::<false, true, false>,
        (true, true, false) => Kernel::optional::<true, true, false>,
        (false, false, true) => Kernel::optional::<false, false, true>,
        (true, false, true) => Kernel::optional::<true, false, true>,
        (false, true, true) => Kernel::optional::<false, true, true>,
        (true, true, true) => Kernel::optional::<true, true, true>,
    }
}

impl<P: Port> Power<P> {
    /// Returns the initial state in this firmware: every process admits every depth, and the CPU has not slept yet.
    #[must_use]
    #[inline]
    pub const fn new(system: &System) -> Power<P> {
        Power {
            others: call(system),
            rest: Kernel::sleep,
            refused: [Set::EMPTY; Depth::ALL.len()],
            slept: [Slept { count: 0, time: 0 }; Depth::ALL.len()],
        }
    }
}

impl<P: Port> Optional<P> {
    /// The initial value of the static that [`new`](Self::new) fills.
    pub const NONE: Optional<P> = Self::nothing(&mut []);

    #[inline]
    const fn nothing(ended: &'static mut [u32]) -> Optional<P> {
        Optional {
            call: Kernel::optional::<false, false, false>,
            end_life: Kernel::no_life,
            note: Kernel::note_nothing,
            piece: Kernel::optional_piece::<false, false>,
            life_of_caller: Kernel::unknown_life,
            ended,
            lost: Set::EMPTY,
            told: 0,
            inspection: None,
            power: None,
        }
    }

    /// Returns the parts that this firmware needs. `ended` has a word for each process if some process is notified of
    /// lost clients. `power` is there if the CPU may sleep deeply.
    #[inline]
    pub const fn new(
        system: &System,
        ended: &'static mut [u32],
        inspection: Option<&'static mut Inspection>,
        power: Option<&'static mut Power<P>>,
    ) -> Optional<P> {
        let inspects = system.is_inspected();
        let (is_told, sleeps) = (!system.lost_clients.is_empty(), power.is_some());
        Optional {
            call: if sleeps { Kernel::power } else { call(system) },
            end_life: match (is_told, sleeps) {
                (false, false) => Kernel::no_life,
                (true, false) => Kernel::tell_end,
                (false, true) => Kernel::end_refusal,
                (true, true) => Kernel::tell_end_and_refusal,
            },
            note: if !inspects {
                Kernel::note_nothing
            } else if !system.dumpers.is_empty() {
                Kernel::note_and_dump
            } else {
                Kernel::note
            },
            piece: match (!system.dumpers.is_empty(), is_told) {
                (false, false) => Kernel::optional_piece::<false, false>,
                (true, false) => Kernel::optional_piece::<true, false>,
                (false, true) => Kernel::optional_piece::<false, true>,
                (true, true) => Kernel::optional_piece::<true, true>,
            },
            life_of_caller: if is_told { Kernel::life_of_caller } else { Kernel::unknown_life },
            ended,
            lost: Set::EMPTY,
            told: 0,
            inspection,
            power,
        }
    }
}

impl<P: Port> Kernel<P> {
    #[inline]
    extern "C" fn optional<const INSPECTS: bool, const IS_TOLD: bool, const HAS_POOL: bool>(
        &mut self,
        words: &mut [Word; ARGUMENT_WORDS],
    ) -> Status {
        match words[0] {
            CLIENT if IS_TOLD => self.client(words),
            pool::PARK..=pool::END if HAS_POOL => self.steer(words),
            // The CPU never sleeps deeply, so nobody has to ask for it.
            ADMIT => Status::NO_SUCH_SYSTEM_CALL,
            _ if INSPECTS => self.inspect(words),
            _ => Status::NO_SUCH_SYSTEM_CALL,
        }
    }

    #[inline]
    fn note_nothing(&mut self, _: ProcessId) {}

    #[inline]
    fn unknown_life(&mut self, words: &mut [Word; ARGUMENT_WORDS]) -> Status {
        words[2] = 0;
        Status::OK
    }

    /// Does a piece of the crash dump, or, if the dump is complete, tells servers of lost clients.
    #[inline]
    fn optional_piece<const DUMPS: bool, const IS_TOLD: bool>(&mut self) {
        if DUMPS && self.work.has_dump() {
            self.check_dump();
        } else if IS_TOLD {
            self.tell_some();
        }
    }

    #[inline]
    fn no_life(&mut self, _: ProcessId) {}

    #[inline]
    fn tell_end_and_refusal(&mut self, process: ProcessId) {
        self.end_refusal(process);
        self.tell_end(process);
    }
}
