// SPDX-License-Identifier: MIT OR Apache-2.0
//! Calls of every kind of method: values arrive unchanged, whatever the words are.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::num::{NonZeroI8, NonZeroU32};
use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{Concurrent, Exclusive, Handle, Handles, Wire, interface};
use system_tests::report::{expect, pass};
use system_tests::watch::allow_no_fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
enum Mode {
    Off,
    Eco = 5,
    Boost = 255,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
struct Point {
    x: i16,
    y: i16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
struct Celsius(i32);

/// Returns its arguments.
#[interface]
trait Echo {
    fn nothing(&self);
    fn byte(&self, value: u8) -> u8;
    fn signed(&self, value: i8) -> i8;
    fn half(&self, value: i16) -> i16;
    fn word(&self, value: i32) -> i32;
    fn long(&self, value: u64) -> u64;
    fn boolean(&self, value: bool) -> bool;
    fn character(&self, value: char) -> char;
    fn non_zero(&self, value: NonZeroU32) -> NonZeroU32;
    fn small_non_zero(&self, value: NonZeroI8) -> NonZeroI8;
    fn mode(&self, value: Mode) -> Mode;
    fn point(&self, value: Point) -> Point;
    fn celsius(&self, value: Celsius) -> Celsius;
    fn pair(&self, value: (u32, bool)) -> (u32, bool);
    fn option(&self, value: Option<u32>) -> Option<u32>;
    fn result(&self, value: Result<u16, Mode>) -> Result<u16, Mode>;
    fn bytes(&self, value: [u8; 8]) -> [u8; 8];
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32) -> u64;
    fn handle(&self, value: Handle<dyn Count>) -> Handle<dyn Count>;
}

/// Counts, one call at a time.
#[interface]
trait Count {
    fn count(&mut self) -> u32;
}

/// Drops its values, in the order in which they came.
#[interface]
trait Queue<T: Wire> {
    fn push(&mut self, item: T) -> bool;
    fn pop(&mut self) -> Option<T>;
}

struct Mirror;

impl Echo for Mirror {
    fn nothing(&self) {}
    fn byte(&self, value: u8) -> u8 {
        value
    }
    fn signed(&self, value: i8) -> i8 {
        value
    }
    fn half(&self, value: i16) -> i16 {
        value
    }
    fn word(&self, value: i32) -> i32 {
        value
    }
    fn long(&self, value: u64) -> u64 {
        value
    }
    fn boolean(&self, value: bool) -> bool {
        value
    }
    fn character(&self, value: char) -> char {
        value
    }
    fn non_zero(&self, value: NonZeroU32) -> NonZeroU32 {
        value
    }
    fn small_non_zero(&self, value: NonZeroI8) -> NonZeroI8 {
        value
    }
    fn mode(&self, value: Mode) -> Mode {
        value
    }
    fn point(&self, value: Point) -> Point {
        value
    }
    fn celsius(&self, value: Celsius) -> Celsius {
        value
    }
    fn pair(&self, value: (u32, bool)) -> (u32, bool) {
        value
    }
    fn option(&self, value: Option<u32>) -> Option<u32> {
        value
    }
    fn result(&self, value: Result<u16, Mode>) -> Result<u16, Mode> {
        value
    }
    fn bytes(&self, value: [u8; 8]) -> [u8; 8] {
        value
    }
    fn four(&self, first: u32, second: u32, third: u32, fourth: u32) -> u64 {
        u64::from(first ^ second) << 32 | u64::from(third ^ fourth)
    }
    fn handle(&self, value: Handle<dyn Count>) -> Handle<dyn Count> {
        value
    }
}

/// A counter that starts at its own number.
struct Counter(u32);

impl Count for Counter {
    fn count(&mut self) -> u32 {
        self.0 += 1;
        self.0
    }
}

struct One<T>(Option<T>);

impl<T: Wire + Copy> Queue<T> for One<T> {
    fn push(&mut self, item: T) -> bool {
        self.0.replace(item).is_none()
    }
    fn pop(&mut self) -> Option<T> {
        self.0.take()
    }
}

/// An object with two interfaces.
struct Both(AtomicU32);

#[interface]
trait Set {
    fn set(&self, value: u32);
}
#[interface]
trait Get {
    fn get(&self) -> u32;
}
impl Set for Both {
    fn set(&self, value: u32) {
        self.0.store(value, Ordering::Relaxed);
    }
}
impl Get for Both {
    fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

crossgate::system! {
    static SYSTEM;
    process witness {
        notification FAULTED;
        supervisor FAULTED;
        thread main (priority = 31, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
    }
    process server {
        object mirror: Concurrent<Mirror> = Mirror => [ECHO: dyn Echo];
        object counters: [Exclusive<Counter>; 3] = [Exclusive::new(Counter(0)), Exclusive::new(Counter(10)), Exclusive::new(Counter(20))] => [COUNTERS: dyn Count];
        object alone: Exclusive<Counter> = Counter(100) => [ALONE: dyn Count];
        object words: Exclusive<One<u16>> = One(None) => [WORDS: dyn Queue<u16>];
        object both: Concurrent<Both> = Both(AtomicU32::new(0)) => [SET: dyn Set, GET: dyn Get];
    }
    process client {
        thread main (priority = 5, stack = 4096) = client(ECHO, COUNTERS, ALONE, WORDS, SET, GET);
    }
}
board::start!(SYSTEM);

fn client(
    echo: Handle<dyn Echo>,
    counters: Handles<dyn Count, 3>,
    alone: Handle<dyn Count>,
    words: Handle<dyn Queue<u16>>,
    set: Handle<dyn Set>,
    get: Handle<dyn Get>,
) -> ! {
    numbers(echo);
    types(echo);
    expect("four words", echo.four(1, 2, 4, 8), Ok(3 << 32 | 12));
    expect("a handle", echo.handle(alone), Ok(alone));

    for round in 1..=2 {
        for index in 0..3 {
            let counter = counters.at(index);
            expect("a counter of an array", counter.count(), Ok(10 * index as u32 + round));
        }
        expect("another counter", alone.count(), Ok(100 + round));
    }
    expect("an index past the end", counters.get(3).is_none(), true);

    expect("a generic interface", words.push(0xffff), Ok(true));
    expect("a full queue", words.push(7), Ok(false));
    expect("what was pushed", words.pop(), Ok(Some(7)));
    expect("an empty queue", words.pop(), Ok(None));

    expect("one interface of an object", set.set(77), Ok(()));
    expect("another interface of the object", get.get(), Ok(77));
    pass()
}

fn numbers(echo: Handle<dyn Echo>) {
    expect("nothing", echo.nothing(), Ok(()));
    for value in [0, 1, 0x7f, 0x80, 0xff] {
        expect("u8", echo.byte(value), Ok(value));
        expect("i8", echo.signed(value as i8), Ok(value as i8));
    }
    for value in [0, 1, -1, i16::MAX, i16::MIN] {
        expect("i16", echo.half(value), Ok(value));
    }
    for value in [0, 1, -1, i32::MAX, i32::MIN] {
        expect("i32", echo.word(value), Ok(value));
    }
    for value in [0, 1, u64::MAX, 1 << 32, 0x0123_4567_89ab_cdef] {
        expect("u64", echo.long(value), Ok(value));
    }
    for value in [1, u32::MAX] {
        let value = NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN);
        expect("NonZeroU32", echo.non_zero(value), Ok(value));
    }
    expect("NonZeroI8", echo.small_non_zero(NonZeroI8::MIN), Ok(NonZeroI8::MIN));
}

fn types(echo: Handle<dyn Echo>) {
    expect("true", echo.boolean(true), Ok(true));
    expect("false", echo.boolean(false), Ok(false));
    expect("char", echo.character('\u{1f321}'), Ok('\u{1f321}'));
    for mode in [Mode::Off, Mode::Eco, Mode::Boost] {
        expect("an enum", echo.mode(mode), Ok(mode));
        expect("a result that is an error", echo.result(Err(mode)), Ok(Err(mode)));
    }
    expect("a result that is not an error", echo.result(Ok(9)), Ok(Ok(9)));
    let point = Point { x: -5, y: i16::MAX };
    expect("a struct", echo.point(point), Ok(point));
    expect("a newtype", echo.celsius(Celsius(-273)), Ok(Celsius(-273)));
    expect("a pair", echo.pair((7, true)), Ok((7, true)));
    expect("some", echo.option(Some(0)), Ok(Some(0)));
    expect("none", echo.option(None), Ok(None));
    expect("bytes", echo.bytes(*b"thermost"), Ok(*b"thermost"));
}
