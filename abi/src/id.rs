// SPDX-License-Identifier: MIT OR Apache-2.0
//! Identifiers of processes, services, locks, notifications, threads and budgets, and sets of them.
//!
//! In the tables and in the kernel each is a number of one byte. Here each kind of number has a type, so that one is
//! not taken for another. The types are no larger than the numbers, and do nothing that those would not.

use crate::{MAX_THREADS, NOBODY};
use core::fmt::{self, Debug, Formatter};
use core::hash::Hash;
use core::marker::PhantomData;
use core::ops::{BitAnd, BitOr, BitOrAssign};

/// Kinds of things that have numbers.
pub trait Numbered: Copy + Eq + Hash + Debug {
    /// Its name in messages.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$docs:meta])* $id:ident: $kind:ident;)*) => {
        /// Kinds of things that have numbers: these types are names only, and have no values.
        pub mod kind {
            $(
                #[doc = concat!("What a [`", stringify!($id), "`](super::", stringify!($id), ") numbers.")]
                #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
                pub enum $kind {}

                impl super::Numbered for $kind {
                    const NAME: &'static str = stringify!($id);
                }
            )*
        }
        $($(#[$docs])* pub type $id = Id<kind::$kind>;)*
    };
}

kinds! {
    /// The index of a process of the wiring.
    ProcessId: Process;
    /// The index of a service.
    ServiceId: Service;
    /// The index of the lock of an object.
    LockId: Lock;
    /// The index of a notification.
    NotificationId: Notification;
    /// The index of a thread. The first is the idle one.
    ThreadId: Thread;
    /// The index of a budget.
    BudgetId: Budget;
}

/// The index of one thing of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Id<K>(u8, PhantomData<K>);

impl<K: Numbered> Id<K> {
    /// The first one.
    pub const FIRST: Id<K> = Id::new(0);

    /// The one of this index, which is less than 256.
    #[inline(always)]
    #[must_use]
    pub const fn new(index: usize) -> Id<K> {
        Id(index as u8, PhantomData)
    }

    /// Its index.
    #[inline(always)]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Its index as a byte.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl ProcessId {
    /// In a record instead of a process: what happened is nobody's. No process has this index.
    pub const NOBODY: ProcessId = ProcessId::new(NOBODY as usize);
}

impl ThreadId {
    /// The thread that runs when no other can.
    pub const IDLE: ThreadId = ThreadId::FIRST;

    /// Its place in a table of all threads that there can be.
    #[inline(always)]
    #[must_use]
    pub const fn place(self) -> usize {
        self.index() % MAX_THREADS
    }
}

impl<K: Numbered> Debug for Id<K> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        f.debug_tuple(K::NAME).field(&self.0).finish()
    }
}

/// A set of things of a kind: bit n is number n.
///
/// There are sets only of what a firmware has 32 of at most, so that each has a bit of its own: see
/// [`MAX_PROCESSES`](crate::MAX_PROCESSES), [`MAX_THREADS`], [`MAX_BUDGETS`](crate::MAX_BUDGETS).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Set<I>(u32, PhantomData<I>);

impl<I> Set<I> {
    /// None of them.
    pub const EMPTY: Set<I> = Set::of_bits(0);
    /// All that there can be.
    pub const ALL: Set<I> = Set::of_bits(u32::MAX);

    /// The set with these bits.
    #[inline(always)]
    #[must_use]
    pub const fn of_bits(bits: u32) -> Set<I> {
        Set(bits, PhantomData)
    }

    /// Its bits.
    #[inline(always)]
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether it is empty.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl<I> BitOr for Set<I> {
    type Output = Set<I>;

    /// Returns the members of one or the other.
    #[inline(always)]
    fn bitor(self, other: Set<I>) -> Set<I> {
        Set::of_bits(self.0 | other.0)
    }
}

impl<I> BitOrAssign for Set<I> {
    #[inline(always)]
    fn bitor_assign(&mut self, other: Set<I>) {
        self.0 |= other.0;
    }
}

impl<I> BitAnd for Set<I> {
    type Output = Set<I>;

    /// Returns the members of both.
    #[inline(always)]
    fn bitand(self, other: Set<I>) -> Set<I> {
        Set::of_bits(self.0 & other.0)
    }
}

impl<K: Numbered> Set<Id<K>> {
    /// One alone.
    #[inline(always)]
    #[must_use]
    pub const fn of(id: Id<K>) -> Set<Id<K>> {
        // To rotate costs less than to shift: the CPU wraps the distance as Rust does. (A shift by 32 and more is none
        // for Rust, and gives 0 on the CPU, so that the distance would be cut first.)
        Set::of_bits(1u32.rotate_left(id.0 as u32))
    }

    /// Returns whether it is in the set.
    #[inline(always)]
    #[must_use]
    pub const fn contains(self, id: Id<K>) -> bool {
        // As above; and the bit comes to a place where one instruction tests it.
        self.0.rotate_right(id.0 as u32) & 1 != 0
    }

    /// It is in the set from now on.
    #[inline(always)]
    pub const fn insert(&mut self, id: Id<K>) {
        self.0 |= Set::of(id).0;
    }

    /// It is not in the set any more.
    #[inline(always)]
    pub const fn remove(&mut self, id: Id<K>) {
        self.0 &= !Set::of(id).0;
    }

    /// It is in the set from now on if it was not, and the other way round.
    #[inline(always)]
    pub const fn toggle(&mut self, id: Id<K>) {
        self.0 ^= Set::of(id).0;
    }

    /// The members behind it.
    #[inline(always)]
    #[must_use]
    pub const fn after(self, id: Id<K>) -> Set<Id<K>> {
        Set::of_bits(self.0 & !1 << (id.0 & 31))
    }

    /// Returns whether it has one member at most.
    #[inline(always)]
    #[must_use]
    pub const fn is_single(self) -> bool {
        self.0 & self.0.wrapping_sub(1) == 0
    }

    /// The first of the set.
    #[inline(always)]
    #[must_use]
    pub const fn first(self) -> Option<Id<K>> {
        if self.is_empty() { None } else { Some(Id::new(self.0.trailing_zeros() as usize)) }
    }

    /// Takes the first out of the set.
    #[inline(always)]
    pub const fn take_first(&mut self) -> Option<Id<K>> {
        let first = self.first();
        self.0 &= self.0.wrapping_sub(1);
        first
    }
}

impl<K: Numbered> IntoIterator for Set<Id<K>> {
    type Item = Id<K>;
    type IntoIter = Members<K>;

    #[inline(always)]
    fn into_iter(self) -> Members<K> {
        Members(self)
    }
}

/// The members of a set, the first one first.
#[derive(Clone, Debug)]
pub struct Members<K: Numbered>(Set<Id<K>>);

impl<K: Numbered> Iterator for Members<K> {
    type Item = Id<K>;

    #[inline(always)]
    fn next(&mut self) -> Option<Id<K>> {
        self.0.take_first()
    }
}

impl<I> Default for Set<I> {
    fn default() -> Set<I> {
        Set::EMPTY
    }
}

impl<I> Debug for Set<I> {
    fn fmt(&self, f: &mut Formatter) -> fmt::Result {
        write!(f, "{:#b}", self.0)
    }
}
