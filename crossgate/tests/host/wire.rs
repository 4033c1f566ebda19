// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of values in calls, and of words that are no value of the type.

use crate::calls::index_of;
use crate::interfaces::*;
use core::num::NonZeroU8;
use core::time::Duration;
use crossgate::notification::TimedOut;
use crossgate::testing::{self, Wiring};
use crossgate::{CallError, Handle, Wire, interface};

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Celsius(f32);

#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Point {
    x: i16,
    y: i8,
}

/// An enum with and without fields. It has the word of the tag, and the two words of `Turned`.
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
enum Move {
    /// Has no fields.
    Stopped,
    /// Has a signed field.
    Turned {
        degrees: i16,
        fast: bool,
    },
    Went(u8),
    /// Has fields without names.
    Jumped(/** High. */ bool, u8),
}

/// Has variants with nothing but a tag, and with one word.
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
enum Key {
    Up,
    Pressed(char),
}

/// A value that follows another one of variable length.
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Typed {
    key: Key,
    times: u8,
}

/// A type without words.
#[derive(Wire, Clone, Copy, Debug, PartialEq)]
struct Jammed;

/// Returns what it gets.
#[interface]
trait Echo {
    fn bool(&self, value: bool) -> bool;
    fn char(&self, value: char) -> char;
    fn i64(&self, value: i64) -> i64;
    fn f64(&self, value: f64) -> f64;
    fn isize(&self, value: isize) -> isize;
    fn bytes(&self, value: [u8; 8]) -> [u8; 8];
    fn duration(&self, value: Duration) -> Duration;
    fn pair(&self, value: (u16, i8)) -> (u16, i8);
    fn option(&self, value: Option<NonZeroU8>) -> Option<NonZeroU8>;
    fn result(&self, value: Result<i32, ()>) -> Result<i32, ()>;
    fn newtype(&self, value: Celsius) -> Celsius;
    fn point(&self, value: Point) -> Point;
    fn mode(&self, value: Mode) -> Mode;
    fn key(&self, value: Key) -> Key;
    fn unit(&self, value: Jammed) -> Result<u8, Jammed>;
    fn moved(&self, value: Move, degrees: i8) -> u32;
    fn four(&self, a: u8, b: u16, c: u32, d: i8) -> u32;
    // This is after all methods that are called by their numbers.
    fn late(&self, value: Result<u32, TimedOut>) -> Result<u32, TimedOut>;
    fn typed(&self, value: Typed) -> u32;
}

struct Parrot;

macro_rules! echo {
    ($($name:ident: $type:ty),* $(,)?) => { $( fn $name(&self, value: $type) -> $type { value } )* };
}

impl Echo for Parrot {
    echo! {
        bool: bool, char: char, i64: i64, f64: f64, isize: isize, bytes: [u8; 8], duration: Duration,
        pair: (u16, i8), option: Option<NonZeroU8>, result: Result<i32, ()>, newtype: Celsius,
        point: Point, mode: Mode, key: Key, late: Result<u32, TimedOut>,
    }

    fn unit(&self, Jammed: Jammed) -> Result<u8, Jammed> {
        Err(Jammed)
    }

    fn moved(&self, value: Move, degrees: i8) -> u32 {
        // The next value comes after the words of the longest variant, whichever variant is sent.
        assert_eq!(degrees, -5);
        match value {
            Move::Stopped => 1,
            Move::Turned { degrees: -9, fast: true } => 2,
            Move::Turned { .. } => 3,
            Move::Went(distance) => distance.into(),
            Move::Jumped(true, 0) => 4,
            Move::Jumped(..) => 5,
        }
    }

    fn typed(&self, value: Typed) -> u32 {
        let key = match value.key {
            Key::Up => 0,
            Key::Pressed(key) => u32::from(key),
        };
        1000 * key + u32::from(value.times)
    }

    fn four(&self, a: u8, b: u16, c: u32, d: i8) -> u32 {
        u32::from(a) + u32::from(b) + c + d.unsigned_abs() as u32
    }
}

#[test]
fn enums_with_fields_are_as_long_as_the_longest_variant() {
    let wiring = Wiring::new();
    let echo = wiring.serve::<dyn Echo, _>(Parrot);
    wiring.run(|| {
        for key in [Key::Up, Key::Pressed('\0'), Key::Pressed('é')] {
            assert_eq!(echo.key(key), Ok(key));
        }
        for (key, expected) in [(Key::Up, 7), (Key::Pressed('\x09'), 9007)] {
            assert_eq!(echo.typed(Typed { key, times: 7 }), Ok(expected));
        }
        assert_eq!(echo.unit(Jammed), Ok(Err(Jammed)));
        for (value, expected) in [
            (Move::Stopped, 1),
            (Move::Turned { degrees: -9, fast: true }, 2),
            (Move::Turned { degrees: -9, fast: false }, 3),
            (Move::Went(200), 200),
            (Move::Jumped(true, 0), 4),
            (Move::Jumped(true, 9), 5),
        ] {
            assert_eq!(echo.moved(value, -5), Ok(expected), "{value:?}");
        }
    });
}

#[test]
fn values_arrive_as_they_were() {
    let wiring = Wiring::new();
    let echo = wiring.serve::<dyn Echo, _>(Parrot);
    wiring.run(|| {
        assert_eq!([echo.bool(false), echo.bool(true)], [Ok(false), Ok(true)]);
        assert_eq!(echo.char('é'), Ok('é'));
        assert_eq!([echo.i64(i64::MIN), echo.i64(-2)], [Ok(i64::MIN), Ok(-2)]);
        assert_eq!(echo.f64(-0.5), Ok(-0.5));
        assert_eq!(echo.isize(-7), Ok(-7));
        assert_eq!(echo.bytes(*b"crossing"), Ok(*b"crossing"));
        assert_eq!(
            echo.duration(Duration::from_micros(1 << 40)),
            Ok(Duration::from_micros(1 << 40))
        );
        assert_eq!(echo.duration(Duration::MAX), Ok(Duration::from_micros(u64::MAX)));
        assert_eq!([echo.late(Ok(7)), echo.late(Err(TimedOut))], [Ok(Ok(7)), Ok(Err(TimedOut))]);
        assert_eq!(echo.pair((65535, -128)), Ok((65535, -128)));
        assert_eq!(
            [echo.option(None), echo.option(NonZeroU8::new(9))],
            [Ok(None), Ok(NonZeroU8::new(9))]
        );
        assert_eq!([echo.result(Ok(-3)), echo.result(Err(()))], [Ok(Ok(-3)), Ok(Err(()))]);
        assert_eq!(echo.newtype(Celsius(21.5)), Ok(Celsius(21.5)));
        assert_eq!(echo.point(Point { x: -300, y: 7 }), Ok(Point { x: -300, y: 7 }));
        for mode in [Mode::Eco, Mode::Normal, Mode::Boost] {
            assert_eq!(echo.mode(mode), Ok(mode));
        }
        assert_eq!(echo.four(1, 2, 3, -4), Ok(10));
    });
}

#[test]
fn words_that_are_no_value_are_refused_by_the_server() {
    // The numbers of the methods that take one word.
    const BOOL: usize = 0;
    const CHAR: usize = 1;
    const OPTION: usize = 8;
    const MODE: usize = 12;
    const KEY: usize = 13;
    let wiring = Wiring::new();
    let index = index_of(wiring.serve::<dyn Echo, _>(Parrot));
    wiring.run(|| {
        for (method, words, valid) in [
            (BOOL, [1, 0], true),
            (BOOL, [2, 0], false),
            (BOOL, [usize::MAX, 0], false),
            (CHAR, [0x10_ffff, 0], true),
            (CHAR, [0xd800, 0], false),
            (OPTION, [0, 5], true),
            (OPTION, [0, 0], false),
            (OPTION, [1, 0], true),
            (OPTION, [2, 5], false),
            (MODE, [7, 0], true),
            (MODE, [1, 0], false),
            (KEY, [0, 0xd800], true),
            (KEY, [1, 0x41], true),
            (KEY, [1, 0xd800], false),
            (KEY, [2, 0x41], false),
        ] {
            let expected = if valid { Ok(()) } else { Err(CallError::BadArgument) };
            let reply = testing::call_raw(index, method, [words[0], words[1], 0, 0]).map(|_| ());
            assert_eq!(reply, expected, "method {method}, words {words:?}");
        }
    });
}

/// Another version of the server's interface, with results that the server never declared.
#[interface]
trait Lamp {
    fn is_on(&self) -> bool;
}
#[interface]
trait LyingLamp {
    fn is_on(&self) -> u32;
}
struct Liar;
impl LyingLamp for Liar {
    fn is_on(&self) -> u32 {
        2
    }
}

#[test]
fn a_reply_that_is_no_value_is_refused_by_the_client() {
    let wiring = Wiring::new();
    let lamp = Handle::<dyn Lamp>::__of_gate(index_of(wiring.serve::<dyn LyingLamp, _>(Liar)));
    wiring.run(|| assert_eq!(lamp.is_on(), Err(CallError::BadReply)));
}
