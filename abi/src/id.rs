// SPDX-License-Identifier: MIT OR Apache-2.0
//! Identifiers of processes, services, locks, notifications, threads and budgets, and sets of them.
//!
//! In the tables and in the kernel each identifier is a number of one byte. Here each kind of identifier has its own
//! type, so that one kind is not taken for another. The types are as large as the numbers, and cost nothing at run
//! time.

use crate::{MAX_THREADS, NOBODY};
use core::fmt::{self, Debug, Formatter};
use core::hash::Hash;
use core::marker::PhantomData;
use core::ops::{BitAnd, BitOr, BitOrAssign};

/// A kind of things that are identified by numbers.
pub trait Numbered: Copy + Eq + Hash + Debug {
    /// The name of the kind in messages.
    const NAME: &'static str;
}

macro_rules! kinds {
    ($($(#[$docs:meta])* $id:ident: $kind:ident;)*) => {
        /// The kinds of things that are identified by numbers. They are only names: no values of these types exist.
        pub mod kind {
            $(
                #[doc = concat!("The kind of thing that a [`", stringify!($id), "`](super::", stringify!($id), ") numbers.")]
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
    /// The index of a thread. The first thread is the idle thread.
    ThreadId: Thread;
    /// The index of a budget.
    BudgetId: Budget;
}

/// The index of one thing of a kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Id<K>(u8, PhantomData<K>);

impl<K: Numbered> Id<K> {
    /// The first identifier.
    pub const FIRST: Id<K> = Id::new(0);

    /// Returns the identifier with this index, which is less than 256.
    #[inline(always)]
    #[must_use]
    pub const fn new(index: usize) -> Id<K> {
        Id(index as u8, PhantomData)
    }

    /// Returns the index.
    #[inline(always)]
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the index as a byte.
    #[inline(always)]
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl ProcessId {
    /// The identifier in a record that belongs to no process. No process has this index.
    pub const NOBODY: ProcessId = ProcessId::new(NOBODY as usize);
}

impl ThreadId {
    /// The thread that runs when no other can.
    pub const IDLE: ThreadId = ThreadId::FIRST;

    /// Returns the index of the thread in a table of all threads that a firmware can have.
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

/// A set of things of a kind: bit n stands for number n.
///
/// Sets exist only for kinds of which a firmware has at most 32, so that each member has its own bit: see
/// [`MAX_PROCESSES`](crate::MAX_PROCESSES), [`MAX_THREADS`], [`MAX_BUDGETS`](crate::MAX_BUDGETS).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Set<I>(u32, PhantomData<I>);

impl<I> Set<I> {
    /// The empty set.
    pub const EMPTY: Set<I> = Set::of_bits(0);
    /// The set of all identifiers.
    pub const ALL: Set<I> = Set::of_bits(u32::MAX);

    /// Returns the set with these bits.
    #[inline(always)]
    #[must_use]
    pub const fn of_bits(bits: u32) -> Set<I> {
        Set(bits, PhantomData)
    }

    /// Returns the bits of the set.
    #[inline(always)]
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether the set is empty.
    #[inline(always)]
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl<I> BitOr for Set<I> {
    type Output = Set<I>;

    /// Returns the union of the two sets.
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

    /// Returns the intersection of the two sets.
    #[inline(always)]
    fn bitand(self, other: Set<I>) -> Set<I> {
        Set::of_bits(self.0 & other.0)
    }
}

impl<K: Numbered> Set<Id<K>> {
    /// Returns the set with one member.
    #[inline(always)]
    #[must_use]
    pub const fn of(id: Id<K>) -> Set<Id<K>> {
        // A rotation costs less than a shift, because the CPU and Rust agree on a rotation by 32 bits or more. (A shift
        // by so many bits overflows in Rust and gives 0 on the CPU, so the compiler would add code that limits the
        // distance.)
        Set::of_bits(1u32.rotate_left(id.0 as u32))
    }

    /// Returns whether the identifier is in the set.
    #[inline(always)]
    #[must_use]
    pub const fn contains(self, id: Id<K>) -> bool {
        // A rotation also costs less here. It moves the bit to a place where one instruction can test it.
        self.0.rotate_right(id.0 as u32) & 1 != 0
    }

    /// Adds the identifier to the set.
    #[inline(always)]
    pub const fn insert(&mut self, id: Id<K>) {
        self.0 |= Set::of(id).0;
    }

    /// Removes the identifier from the set.
    #[inline(always)]
    pub const fn remove(&mut self, id: Id<K>) {
        self.0 &= !Set::of(id).0;
    }

    /// Adds the identifier if it is not in the set, else removes it.
    #[inline(always)]
    pub const fn toggle(&mut self, id: Id<K>) {
        self.0 ^= Set::of(id).0;
    }

    /// Returns the members of the set with higher numbers than this identifier.
    #[inline(always)]
    #[must_use]
    pub const fn after(self, id: Id<K>) -> Set<Id<K>> {
        Set::of_bits(self.0 & !1 << (id.0 & 31))
    }

    /// Returns whether the set has at most one member.
    #[inline(always)]
    #[must_use]
    pub const fn is_single(self) -> bool {
        self.0 & self.0.wrapping_sub(1) == 0
    }

    /// Returns the first member of the set.
    #[inline(always)]
    #[must_use]
    pub const fn first(self) -> Option<Id<K>> {
        if self.is_empty() { None } else { Some(Id::new(self.0.trailing_zeros() as usize)) }
    }

    /// Removes the first member from the set, and returns it.
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
