//! Writes to the kernel's memory: what is constant can't be changed by anybody; with protection keys, nothing of
//! it can be, nor of the libraries'; and what is the kernel's alone can't be read.
//!
//! Without seeds: their interrupts take long beside so many crashes.

use board::port::inside::{self, Place};
use crossgate::{Handle, Notification, time};
use crossgate_abi::Cause;
use core::time::Duration;
use crossgate::Concurrent;
use system_tests::probe;
use system_tests::report::{broken, expect, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

/// Each place is written once, by a new life of the attacker.
const PLACES: usize = 16;

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        faults FAULTED;
        object turn: Concurrent<Turn> = Turn::new() => [TURN: dyn Turns];
        thread main (priority = 9, stack = 2048) = witness(FAULTED, VAULT, &turn);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }
    process attacker {
        on_fault = restart (limit = 255);
        thread attack (priority = 5, stack = 1024) = attack(TURN);
    }
}
board::start!(SYSTEM);
