// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values as machine words.
//!
//! To support a type of another crate, add a line to `integers!` or `encoded_as!` here, a test in `tests/host/wire.rs`,
//! and the name of the type in the book's chapter on calls. For a type of your own, derive [`Wire`].

use crate::notification::TimedOut;
use crate::seal::Seal;
use crate::shape::tagged;
use core::num::{NonZeroI8, NonZeroI16, NonZeroI32, NonZeroU8, NonZeroU16, NonZeroU32};
use core::time::Duration;
use crossgate_abi::{ARGUMENT_WORDS, Shape, Word};

/// The words of a call.
pub type Words = [Word; ARGUMENT_WORDS];

/// Words that are collected for a call or a reply.
#[derive(Debug, Default)]
pub struct Encoder {
    words: Words,
    count: usize,
}

impl Encoder {
    /// Creates an encoder without words.
    #[inline(always)]
    #[must_use]
    pub fn new() -> Encoder {
        Encoder { words: [0; ARGUMENT_WORDS], count: 0 }
    }

    /// Adds a word.
    ///
    /// # Panics
    /// If there are four words already. (An interface with such a method does not compile.)
    #[inline(always)]
    pub fn push(&mut self, word: Word) {
        self.words[self.count] = word;
        self.count += 1;
    }

    #[inline(always)]
    pub(crate) fn words(&self) -> Words {
        self.words
    }

    /// Returns the position at which a value of this shape will end if it starts here.
    #[doc(hidden)]
    #[inline(always)]
    #[must_use]
    pub fn __end(&self, shape: Shape) -> usize {
        self.count + usize::from(shape.words)
    }

    /// Adds zeroes up to `end`, because another variant of the type has more words.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __fill(&mut self, end: usize) {
        while self.count < end {
            self.push(0);
        }
    }
}

/// Words that have arrived.
#[derive(Debug)]
pub struct Decoder {
    words: Words,
    next: usize,
}

impl Decoder {
    /// Creates a decoder of words from position `next` on.
    #[inline(always)]
    pub(crate) fn new(words: Words, next: usize) -> Decoder {
        Decoder { words, next }
    }

    /// Takes a word.
    ///
    /// # Panics
    /// If four words were taken already. (An interface with such a method does not compile.)
    #[inline(always)]
    pub fn pop(&mut self) -> Word {
        let word = self.words[self.next];
        self.next += 1;
        word
    }

    /// Returns the position at which a value of this shape ends if it starts here.
    #[doc(hidden)]
    #[inline(always)]
    #[must_use]
    pub fn __end(&self, shape: Shape) -> usize {
        self.next + usize::from(shape.words)
    }

    /// Skips the words up to `end`.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __skip(&mut self, end: usize) {
        self.next = end;
    }
}

/// The error for words that are no value of the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid;

/// A value that travels in the registers of a call.
///
/// Derive this trait: `#[derive(Wire)]` works on enums, structs with named fields, newtypes, and unit structs. An enum
/// is one word, plus the words for the fields of its largest variant. These fields must be values, not handles, and a
/// variant without field names has at most three. The trait is safe to implement: a wrong implementation gives wrong
/// values or a panic, never undefined behaviour.
///
/// ```
/// use crossgate::{Wire, interface, testing::Wiring};
///
/// #[derive(Wire, Clone, Copy, Debug, PartialEq)]
/// pub enum Speed { Off, Low, High = 7 }
///
/// #[interface]
/// pub trait Fan {
///     fn set(&mut self, speed: Speed) -> Option<Speed>;
/// }
///
/// struct Relay(Speed);
/// impl Fan for Relay {
///     fn set(&mut self, speed: Speed) -> Option<Speed> {
///         Some(core::mem::replace(&mut self.0, speed))
///     }
/// }
/// let wiring = Wiring::new();
/// let fan = wiring.serve::<dyn Fan, _>(Relay(Speed::Off));
/// wiring.run(|| assert_eq!(fan.set(Speed::High), Ok(Some(Speed::Off))));
/// ```
///
/// An enum with fields:
///
/// ```
/// use crossgate::{Wire, interface, testing::Wiring};
///
/// #[derive(Wire, Clone, Copy, Debug, PartialEq)]
/// pub enum Command { Stop, Turn { degrees: i16 }, Move(u16, bool) }
/// #[derive(Wire, Clone, Copy, Debug, PartialEq)]
/// pub struct Blocked;
///
/// #[interface]
/// pub trait Robot {
///     fn command(&mut self, command: Command) -> Result<(), Blocked>;
/// }
/// struct Wheels;
/// impl Robot for Wheels {
///     fn command(&mut self, command: Command) -> Result<(), Blocked> {
///         match command {
///             Command::Move(distance, true) if distance > 10 => Err(Blocked),
///             _ => Ok(()),
///         }
///     }
/// }
/// let wiring = Wiring::new();
/// let robot = wiring.serve::<dyn Robot, _>(Wheels);
/// wiring.run(|| {
///     assert_eq!(robot.command(Command::Turn { degrees: -90 }), Ok(Ok(())));
///     assert_eq!(robot.command(Command::Move(99, true)), Ok(Err(Blocked)));
/// });
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot travel in the registers of a call",
    label = "not a `Wire` type",
    note = "derive it with `#[derive(Wire)]` if it is small, or lend it: `Lease<'_, {Self}>`"
)]
pub trait Wire: Sized + 'static {
    /// The number of words, and their kinds.
    const SHAPE: Shape;
    /// Appends the words of the value, as many as [`SHAPE`](Self::SHAPE) says.
    fn put(self, encoder: &mut Encoder);
    /// Takes the same number of words, and returns the value.
    ///
    /// # Errors
    /// [`Invalid`] if the words are no value of the type.
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid>;
}

/// The type of a parameter of an interface method: a [`Wire`] type, `Lease` or `LeaseMut`.
///
/// `Self` is the type that the server gets. `Caller` is the type that the caller writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of an interface method",
    label = "neither a `Wire` type nor a lease",
    note = "a value travels in registers if it derives `Wire`; memory is lent: `Lease<'_, T>`, `LeaseMut<'_, [T]>` with `T: Plain`"
)]
pub trait Parameter: Sized {
    /// No other crate can define lent memory, because it can't name the type `Seal`.
    #[doc(hidden)]
    const SEAL: Seal;
    /// The number of words, and their kinds.
    const ARGUMENT: Shape;
    /// The type that the caller writes.
    type Caller;
    #[doc(hidden)]
    fn put_argument(argument: Self::Caller, encoder: &mut Encoder);
    /// Takes the words of the argument, and returns the value.
    ///
    /// # Safety
    /// The words come from the kernel, which has checked them against [`ARGUMENT`](Self::ARGUMENT).
    #[doc(hidden)]
    unsafe fn take_argument(decoder: &mut Decoder) -> Result<Self, Invalid>;
}

impl<T: Wire> Parameter for T {
    const SEAL: Seal = Seal;
    const ARGUMENT: Shape = value::<T>();
    type Caller = T;

    #[inline(always)]
    fn put_argument(argument: T, encoder: &mut Encoder) {
        argument.put(encoder);
    }

    #[inline(always)]
    unsafe fn take_argument(decoder: &mut Decoder) -> Result<T, Invalid> {
        T::take(decoder)
    }
}

/// Returns the shape of a value.
#[track_caller]
const fn value<T: Wire>() -> Shape {
    let shape = T::SHAPE;
    assert!(
        !shape.has_leases(),
        "a `SHAPE` with lent memory: only a `Lease` or a `LeaseMut` is lent memory"
    );
    shape
}

macro_rules! integers {
    ($($type:ty)*) => { $(
        impl Wire for $type {
            const SHAPE: Shape = Shape::values(1);

            #[inline(always)]
            fn put(self, encoder: &mut Encoder) {
                encoder.push(self as Word);
            }

            // The upper part of the word is ignored, so every word is a value.
            #[inline(always)]
            fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
                Ok(decoder.pop() as $type)
            }
        }
    )* };
}
integers!(u8 u16 u32 i8 i16 i32 usize isize);

macro_rules! encoded_as {
    ($($type:ty = $words:ty, $to:expr, $from:expr;)*) => { $(
        impl Wire for $type {
            const SHAPE: Shape = <$words as Wire>::SHAPE;

            #[inline(always)]
            fn put(self, encoder: &mut Encoder) {
                let to: fn($type) -> $words = $to;
                to(self).put(encoder);
            }

            #[inline(always)]
            fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
                let from: fn($words) -> Option<$type> = $from;
                from(<$words>::take(decoder)?).ok_or(Invalid)
            }
        }
    )* };
}
encoded_as! {
    [u8; 4] = u32, u32::from_le_bytes, |word| Some(word.to_le_bytes());
    [u8; 8] = u64, u64::from_le_bytes, |word| Some(word.to_le_bytes());
    char = u32, u32::from, char::from_u32;
    f32 = u32, f32::to_bits, |word| Some(f32::from_bits(word));
    f64 = u64, f64::to_bits, |word| Some(f64::from_bits(word));
    i64 = u64, |value| value as u64, |word| Some(word as i64);
    NonZeroU8 = u8, NonZeroU8::get, NonZeroU8::new;
    NonZeroU16 = u16, NonZeroU16::get, NonZeroU16::new;
    NonZeroU32 = u32, NonZeroU32::get, NonZeroU32::new;
    NonZeroI8 = i8, NonZeroI8::get, NonZeroI8::new;
    NonZeroI16 = i16, NonZeroI16::get, NonZeroI16::new;
    NonZeroI32 = i32, NonZeroI32::get, NonZeroI32::new;
    // The time is in µs. A time of more than 584,000 years becomes 584,000 years.
    Duration = u64, crate::time::microseconds, |word| Some(Duration::from_micros(word));
    TimedOut = (), |_| (), |()| Some(TimedOut);
}

impl Wire for bool {
    const SHAPE: Shape = Shape::values(1);

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        encoder.push(self.into());
    }

    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        let word = decoder.pop();
        if word > 1 { Err(Invalid) } else { Ok(word == 1) }
    }
}

impl Wire for u64 {
    const SHAPE: Shape = Shape::values(2);

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        encoder.push(self as u32 as Word);
        encoder.push((self >> 32) as u32 as Word);
    }

    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        let low = u64::from(decoder.pop() as u32);
        Ok(low | u64::from(decoder.pop() as u32) << 32)
    }
}

impl Wire for () {
    const SHAPE: Shape = Shape::NONE;

    #[inline(always)]
    fn put(self, _: &mut Encoder) {}

    #[inline(always)]
    fn take(_: &mut Decoder) -> Result<Self, Invalid> {
        Ok(())
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    const SHAPE: Shape = A::SHAPE.then(B::SHAPE);

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        self.0.put(encoder);
        self.1.put(encoder);
    }

    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        Ok((A::take(decoder)?, B::take(decoder)?))
    }
}

/// The tag of `Some` and `Ok`. The kernel also uses this tag (`Kind::HandleIfTagIsZero`).
const GOOD: Word = 0;
/// The tag of `None` and `Err`.
const BAD: Word = 1;

impl<T: Wire> Wire for Option<T> {
    const SHAPE: Shape = tagged(T::SHAPE, Shape::NONE);

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        match self {
            Some(value) => {
                encoder.push(GOOD);
                value.put(encoder);
            }
            None => {
                encoder.push(BAD);
                for _ in 0..T::SHAPE.words {
                    encoder.push(0);
                }
            }
        }
    }

    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        match decoder.pop() {
            GOOD => Ok(Some(T::take(decoder)?)),
            BAD => {
                for _ in 0..T::SHAPE.words {
                    decoder.pop();
                }
                Ok(None)
            }
            _ => Err(Invalid),
        }
    }
}

impl<T: Wire, E: Wire> Wire for Result<T, E> {
    const SHAPE: Shape = tagged(T::SHAPE, E::SHAPE);

    #[inline(always)]
    fn put(self, encoder: &mut Encoder) {
        let end = encoder.__end(Self::SHAPE);
        match self {
            Ok(value) => {
                encoder.push(GOOD);
                value.put(encoder);
            }
            Err(error) => {
                encoder.push(BAD);
                error.put(encoder);
            }
        }
        encoder.__fill(end);
    }

    #[inline(always)]
    fn take(decoder: &mut Decoder) -> Result<Self, Invalid> {
        let end = decoder.__end(Self::SHAPE);
        let result = match decoder.pop() {
            GOOD => Ok(T::take(decoder)?),
            BAD => Err(E::take(decoder)?),
            _ => return Err(Invalid),
        };
        decoder.__skip(end);
        Ok(result)
    }
}
