// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words of a line.
//!
//! The process at the other end may write any word at any time. So each word is read once, and checked after it was
//! read.

use crate::{MOST_CALLS, WORDS};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crossgate::CallError;
use crossgate::remote::Request;

/// The result of a call, as it goes over a line.
pub type Answer = Result<[u32; 2], CallError>;

const PING: usize = 0;
const PONG: usize = 1;
const FIRST_PLACE: usize = 8;
const LENGTH: usize = 16;
const _: () = assert!(FIRST_PLACE + MOST_CALLS * LENGTH <= WORDS);

/// The word of the caller that the server copies.
pub fn ping(memory: &[AtomicU32; WORDS]) -> &AtomicU32 {
    &memory[PING]
}

/// The copy.
pub fn pong(memory: &[AtomicU32; WORDS]) -> &AtomicU32 {
    &memory[PONG]
}

/// The words of a place.
#[derive(Clone, Copy)]
pub struct Frame<'a>(&'a [AtomicU32; LENGTH]);

const ASKED: usize = 0;
const TARGET: usize = 1;
const FINGERPRINT: usize = 2;
const ARGUMENTS: [usize; 4] = [3, 4, 5, 6];
const CANCELLED: usize = 7;
const ANSWERED: usize = 8;
const STATUS: usize = 9;
const RESULTS: [usize; 2] = [10, 11];

impl<'a> Frame<'a> {
    /// Returns the words of place `place`.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn of(memory: &'a [AtomicU32; WORDS], place: usize) -> Frame<'a> {
        let (places, _) = memory[FIRST_PLACE..].as_chunks();
        Frame(&places[place])
    }

    /// The number of the present call.
    pub fn asked(self) -> u32 {
        self.0[ASKED].load(Acquire)
    }

    pub fn ask(self, number: u32, request: &Request) {
        self.set(TARGET, u32::from(request.service) | u32::from(request.method) << 8);
        self.set(FINGERPRINT, request.fingerprint);
        for (word, value) in ARGUMENTS.into_iter().zip(request.words) {
            self.set(word, value);
        }
        self.0[ASKED].store(number, Release);
    }

    /// Returns the request; `None` if its words are none.
    pub fn request(self) -> Option<Request> {
        let [service, method, 0, 0] = self.get(TARGET).to_le_bytes() else { return None };
        let words = ARGUMENTS.map(|word| self.get(word));
        Some(Request { service, method, fingerprint: self.get(FINGERPRINT), words })
    }

    /// The number of a call for which nobody waits any more.
    pub fn cancelled(self) -> u32 {
        self.0[CANCELLED].load(Acquire)
    }

    pub fn cancel(self, number: u32) {
        self.0[CANCELLED].store(number, Release);
    }

    /// The number of the call that was answered last.
    pub fn answered(self) -> u32 {
        self.0[ANSWERED].load(Acquire)
    }

    pub fn answer(self, number: u32, answer: Answer) {
        let (status, results) = match answer {
            Ok(results) => (0, results),
            Err(error) => (error as u32, [0; 2]),
        };
        self.set(STATUS, status);
        for (word, value) in RESULTS.into_iter().zip(results) {
            self.set(word, value);
        }
        self.0[ANSWERED].store(number, Release);
    }

    /// Returns the answer. It is [`CallError::BadReply`] if the status is none.
    pub fn result(self) -> Answer {
        match self.get(STATUS) {
            0 => Ok(RESULTS.map(|word| self.get(word))),
            status => Err(CallError::from_number(status as usize).unwrap_or(CallError::BadReply)),
        }
    }

    fn get(self, word: usize) -> u32 {
        self.0[word].load(Relaxed)
    }

    fn set(self, word: usize, value: u32) {
        self.0[word].store(value, Relaxed);
    }
}
