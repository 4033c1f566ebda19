// SPDX-License-Identifier: MIT OR Apache-2.0
//! A model of the registers, for unit tests. It behaves as the technical reference manuals say: registers that keep
//! what is written to them, those that are protected by a key, the system timer, the timers, the serial line, and the
//! matrix of interrupts.

extern crate std;

use crate::bus::Bus;
use crate::c3::C3;
use crate::chip::{Chip, Matrix};
use core::cell::{Cell, RefCell};
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::vec::Vec;

/// The 52 bits of the system timer.
const SYSTEM_TIMER_BITS: u64 = (1 << 52) - 1;

#[derive(Default)]
pub struct Model {
    words: RefCell<BTreeMap<usize, u32>>,
    written: RefCell<Vec<(usize, u32)>>,
    protected: RefCell<Vec<(usize, u32, Range<usize>)>>,
    raised: RefCell<BTreeSet<u16>>,
    /// The system timer: its count, the time to which its alarm is set, and whether it has rung.
    now: Cell<u64>,
    copy: Cell<u64>,
    target: Cell<u64>,
    has_rung: Cell<bool>,
    /// The timer of the first timer group.
    count: Cell<u64>,
    timer_has_rung: Cell<bool>,
    /// The serial line.
    to_send: RefCell<VecDeque<u8>>,
    sent: RefCell<Vec<u8>>,
    arrived: RefCell<VecDeque<u8>>,
    has_received: Cell<bool>,
    is_stopped: Cell<bool>,
}

impl Model {
    pub fn new() -> Model {
        Model::default()
    }

    /// Sets a register, whatever protects it.
    pub fn set(&self, address: usize, value: u32) {
        self.words.borrow_mut().insert(address, value);
    }

    /// Returns all writes so far.
    pub fn written(&self) -> impl Iterator<Item = (usize, u32)> {
        self.written.take().into_iter()
    }

    /// Lets registers be written only while another one has this value.
    pub fn protect(&self, by: usize, key: u32, registers: Range<usize>) {
        self.protected.borrow_mut().push((by, key, registers));
    }

    /// Lets a device raise its interrupt, or withdraw it.
    pub fn raise(&self, source: u16) {
        self.raised.borrow_mut().insert(source);
    }

    pub fn withdraw(&self, source: u16) {
        self.raised.borrow_mut().remove(&source);
    }

    /// Returns the interrupts that the CPU takes.
    pub fn interrupts(&self, matrix: &Matrix) -> u32 {
        let taken = |interrupt: u32| {
            let priority = self.word(matrix.priorities + 4 * interrupt as usize);
            priority > self.word(matrix.threshold)
        };
        let raised = self.raised.borrow();
        let routes = raised.iter().map(|source| self.word(matrix.start + 4 * usize::from(*source)));
        let bits = routes.filter(|interrupt| taken(*interrupt)).fold(0, |bits, it| bits | 1 << it);
        bits & self.word(matrix.enabled)
    }

    /// Sets the count of the system timer.
    pub fn set_count(&self, timer: usize, now: u64) {
        self.now.set(now);
        self.look(timer);
    }

    /// Returns whether the alarm of the system timer interrupts.
    pub fn rings(&self, timer: usize) -> bool {
        self.has_rung.get() && self.word(timer + 0x64) & 1 != 0
    }

    /// Lets the alarm ring, if it is set, and its time has come.
    fn look(&self, timer: usize) {
        let is_set = self.word(timer) >> 24 & 1 != 0;
        let passed = self.now.get().wrapping_sub(self.target.get()) & SYSTEM_TIMER_BITS;
        if is_set && passed < 1 << 51 {
            self.has_rung.set(true);
        }
    }

    /// Sets the count of the timer, which counts on.
    pub fn set_timer(&self, timer: usize, count: u64) {
        self.count.set(count);
        self.words.borrow_mut().insert(timer, 0xe000_4000);
    }

    /// Lets ticks of the timer pass.
    pub fn pass(&self, timer: usize, ticks: u64) {
        let configuration = self.word(timer);
        assert_eq!(configuration & 0xc000_0000, 0xc000_0000, "it counts upwards");
        assert_eq!(configuration >> 9 & 1, 1, "the clock is that of the crystal");
        assert_eq!(configuration >> 13 & 0xffff, 2, "it is divided by two");
        let alarm = u64::from(self.word(timer + 0x14)) << 32 | u64::from(self.word(timer + 0x10));
        self.count.set(self.count.get() + ticks);
        if configuration >> 10 & 1 != 0 && self.count.get() >= alarm {
            self.words.borrow_mut().insert(timer, configuration & !(1 << 10));
            self.timer_has_rung.set(true);
        }
    }

    pub fn timer_interrupts(&self, timer: usize) -> bool {
        self.timer_has_rung.get() && self.word(timer + 0x70) & 1 != 0
    }

    /// Lets a byte arrive at the serial line.
    pub fn receive(&self, byte: u8) {
        self.arrived.borrow_mut().push_back(byte);
        self.has_received.set(true);
    }

    pub fn uart_interrupts(&self, uart: usize) -> bool {
        self.has_received.get() && self.word(uart + 0x0c) & 1 != 0
    }

    /// Lets the serial line stand still.
    pub fn stop_sending(&self) {
        self.is_stopped.set(true);
        self.to_send.borrow_mut().push_back(0);
    }

    /// Returns all bytes that were sent.
    pub fn sent(&self) -> Vec<u8> {
        let rest = self.to_send.take();
        self.sent.borrow().iter().copied().chain(rest).collect()
    }

    fn word(&self, address: usize) -> u32 {
        self.words.borrow().get(&address).copied().unwrap_or(0)
    }
}

impl Bus for Model {
    fn read(&self, address: usize) -> u32 {
        const UART: usize = C3::UARTS[0].start;
        const UART_STATUS: usize = UART + 0x1c;
        let time = C3::SYSTEM_TIMER;
        match address {
            _ if address == time + 0x04 => 1 << 29,
            _ if address == time + 0x40 => (self.copy.get() >> 32) as u32,
            _ if address == time + 0x44 => self.copy.get() as u32,
            UART => {
                let byte = self.arrived.borrow_mut().pop_front();
                byte.expect("a byte is read only if it has arrived").into()
            }
            UART_STATUS => {
                // A byte is sent with each look.
                if !self.is_stopped.get() {
                    self.sent.borrow_mut().extend(self.to_send.borrow_mut().pop_front());
                }
                (self.to_send.borrow().len() << 16 | self.arrived.borrow().len()) as u32
            }
            _ if C3::TIMERS.iter().any(|timer| address == timer.start + 0x04) => {
                self.copy.get() as u32
            }
            _ if (C3::MATRIX.status..C3::MATRIX.status + 8).contains(&address) => {
                let first = ((address - C3::MATRIX.status) * 8) as u16;
                let raised = self.raised.borrow();
                raised.range(first..first + 32).fold(0, |bits, source| bits | 1 << (source - first))
            }
            _ => self.word(address),
        }
    }

    fn write(&self, address: usize, value: u32) {
        self.written.borrow_mut().push((address, value));
        let is_closed = |(by, key, registers): &(usize, u32, Range<usize>)| {
            registers.contains(&address) && self.word(*by) != *key
        };
        if self.protected.borrow().iter().any(is_closed) {
            return;
        }
        let time = C3::SYSTEM_TIMER;
        let alarm_was_set = self.word(time) >> 24 & 1 != 0;
        // Bits that clear themselves.
        let kept = match address {
            _ if C3::UARTS.iter().any(|uart| address == uart.start + C3::SERIAL.update.0) => {
                value & !C3::SERIAL.update.1
            }
            _ if C3::TIMERS.iter().any(|timer| address == timer.start + 0x0c) => {
                self.copy.set(self.count.get());
                0
            }
            _ => value,
        };
        self.words.borrow_mut().insert(address, kept);
        match address {
            // The time that has passed counts when the alarm is set, not when its time is changed.
            _ if address == time && !alarm_was_set => self.look(time),
            _ if address == time + 0x04 => self.copy.set(self.now.get()),
            _ if address == time + 0x50 => {
                let high = u64::from(self.word(time + 0x1c));
                self.target.set(high << 32 | u64::from(self.word(time + 0x20)));
            }
            _ if address == time + 0x6c && value & 1 != 0 => self.has_rung.set(false),
            _ if address == C3::UARTS[0].start => {
                assert!(self.to_send.borrow().len() < 128, "the FIFO has room for the byte");
                self.to_send.borrow_mut().push_back(value as u8);
            }
            _ if address == C3::UARTS[0].start + 0x10 && value & 1 != 0 => {
                self.has_received.set(!self.arrived.borrow().is_empty());
            }
            _ if C3::TIMERS.iter().any(|timer| address == timer.start + 0x20) => {
                let timer = address - 0x20;
                let high = u64::from(self.word(timer + 0x1c));
                self.count.set(high << 32 | u64::from(self.word(timer + 0x18)));
            }
            _ if C3::TIMERS.iter().any(|timer| address == timer.start + 0x7c) && value & 1 != 0 => {
                self.timer_has_rung.set(false);
            }
            _ => {}
        }
    }
}
