// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statics that keep their value when their process restarts.

use crate::Plain;
use crate::sync::Mutex;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;

/// The memory of a [`Kept`] static: the value, twice.
//
// If a crash or a reset comes in the middle of a write to one copy, the other copy is valid.
#[doc(hidden)]
#[repr(C)]
#[derive(Debug)]
pub struct KeptMemory<T>(UnsafeCell<[Checked<T>; 2]>);

// SAFETY: only a `Kept` accesses the memory, and it lets only one thread access it at a time.
unsafe impl<T: Send> Sync for KeptMemory<T> {}

impl<T: Plain> KeptMemory<T> {
    #[expect(clippy::new_without_default, reason = "it is made by `kept!` only")]
    #[must_use]
    pub const fn new() -> Self {
        KeptMemory(UnsafeCell::new([Checked::NONE; 2]))
    }
}

/// A value and its checksum.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Checked<T> {
    check: u32,
    value: T,
}

impl<T: Plain> Checked<T> {
    /// No value.
    // SAFETY: any bytes are a valid checksum and a valid plain value.
    const NONE: Self = unsafe { MaybeUninit::zeroed().assume_init() };
}

/// A static that keeps its value when its process or the whole system restarts, unless the power was off.
/// [`kept!`](crate::kept!) declares it.
#[derive(Debug)]
pub struct Kept<T: 'static> {
    memory: &'static KeptMemory<T>,
    /// The start value of the checksums. It is different for each static.
    seed: u32,
    lock: Mutex<()>,
}

impl<T: Plain> Kept<T> {
    /// Creates the static.
    ///
    /// # Safety
    /// No other `Kept` has this memory.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn new(memory: &'static KeptMemory<T>, name: &str) -> Self {
        // The seed is odd, so that the checksum of zeroes is not 0. So memory of zeroes is never taken for a value.
        let seed = hash(BASIS, name.as_bytes()) | 1;
        Kept { memory, seed, lock: Mutex::new(()) }
    }

    /// Returns the value that was set last. `None` if there is no value, for example after the power was off.
    pub fn get(&self) -> Option<T> {
        let _guard = self.lock.lock();
        let index = [0, 1].into_iter().find(|&index| self.is_valid(index))?;
        // SAFETY: as in `is_valid`.
        Some(unsafe { read(&raw const (*self.copy(index)).value) })
    }

    /// Sets the value. If a crash or a reset comes in the middle of this, either the new value or the old value is
    /// kept.
    pub fn set(&self, value: T) {
        self.replace(Checked { check: self.check(&value), value });
    }

    /// Removes the value. (If a crash or a reset comes in the middle of this, the value may still be there.)
    pub fn clear(&self) {
        self.replace(Checked::NONE);
    }

    fn replace(&self, next: Checked<T>) {
        let _guard = self.lock.lock();
        self.replace_by(next, |copy, checked| {
            // SAFETY: the memory belongs to this static, and the lock is held.
            unsafe { copy.write_volatile(checked) };
        });
    }

    /// Writes the copies one after the other. The accesses are volatile, so they stay in this order. So at any time at
    /// least one copy is complete.
    fn replace_by(&self, next: Checked<T>, mut write: impl FnMut(*mut Checked<T>, Checked<T>)) {
        // The second copy may be half written or older, if an earlier write was interrupted.
        if self.is_valid(0) {
            // SAFETY: as in `is_valid`.
            write(self.copy(1), unsafe { read(self.copy(0)) });
        }
        write(self.copy(0), next);
        write(self.copy(1), next);
    }

    /// Returns `true` if a copy contains a valid value.
    fn is_valid(&self, index: usize) -> bool {
        let copy = self.copy(index);
        // SAFETY: the lock is held. The contents of the memory may come from before the start of the program, so they
        // are read by volatile accesses, about which the compiler assumes nothing. Any bytes are a valid `Checked`.
        unsafe {
            let bytes = (&raw const (*copy).value).cast::<u8>();
            let check = (0..size_of::<T>())
                .fold(self.seed, |check, offset| hash(check, &[bytes.add(offset).read_volatile()]));
            check == (&raw const (*copy).check).read_volatile()
        }
    }

    fn copy(&self, index: usize) -> *mut Checked<T> {
        self.memory.0.get().cast::<Checked<T>>().wrapping_add(index)
    }

    fn check(&self, value: &T) -> u32 {
        // SAFETY: a plain value has no padding.
        let bytes = unsafe {
            core::slice::from_raw_parts((&raw const *value).cast::<u8>(), size_of::<T>())
        };
        hash(self.seed, bytes)
    }
}

/// Reads volatile memory byte by byte, because `read_volatile` of a large value takes stack for several copies of it,
/// and a service runs on the stack of its caller.
///
/// # Safety
/// The memory is valid, and any bytes are a `T`.
unsafe fn read<T>(from: *const T) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    let (from, to) = (from.cast::<u8>(), value.as_mut_ptr().cast::<u8>());
    // SAFETY: the caller keeps the promises of the section Safety; all bytes of the value are written.
    unsafe {
        for offset in 0..size_of::<T>() {
            to.add(offset).write(from.add(offset).read_volatile());
        }
        value.assume_init()
    }
}

/// The start value of [`hash`].
const BASIS: u32 = 0x811c_9dc5;

/// Returns the FNV-1a hash of bytes, continued from `hash`.
const fn hash(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u32).wrapping_mul(0x0100_0193);
        index += 1;
    }
    hash
}

/// Declares statics that are kept: a value that was set is still there when the process restarts after a crash, and
/// after a reset of the microcontroller, unless the power was off. The values are [`Plain`](trait@crate::Plain).
///
/// The first value is `None`. A value that was damaged is also read as `None`. A checksum of 32 bits detects damage. It
/// includes the path and the type of the static, so a value of another firmware is not taken for a value of this
/// firmware. If you change the meaning of a value, also change the name of the static or the name of its type.
///
/// If a value makes the process crash, it is still there after the restart, and the process crashes again. So clear a
/// value before you use it, and set it again afterwards:
///
/// ```
/// crossgate::kept! {
///     /// The number of times that the process has started since power came on.
///     static LIVES: u32;
///     /// The job that the process was about to do.
///     static TASK: [u8; 16];
/// }
/// LIVES.set(LIVES.get().map_or(1, |lives| lives + 1));
/// assert_eq!(LIVES.get(), Some(1));
///
/// if let Some(task) = TASK.get() {
///     TASK.clear();
///     // Do the job.
/// }
/// ```
///
/// On Linux the values are kept over a restart of the process, but not of the program. On a microcontroller they are
/// not kept over an update that moves the memory of the process.
#[macro_export]
macro_rules! kept {
    ($($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty;)*) => { $(
        $(#[$attribute])*
        $visibility static $name: $crate::Kept<$type> = {
            #[cfg_attr(any(target_os = "none", target_os = "linux"), unsafe(link_section = concat!(".crossgate.kept.", module_path!(), "::", stringify!($name))))]
            static MEMORY: $crate::KeptMemory<$type> = $crate::KeptMemory::new();
            // SAFETY: no other code can name the memory.
            unsafe { $crate::Kept::new(&MEMORY, concat!(module_path!(), "::", stringify!($name), ": ", stringify!($type))) }
        };
    )* };
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "tests::VALUE: u32";

    /// The lengths of the copies in bytes.
    const COPY: usize = size_of::<Checked<u32>>();

    /// Returns memory that holds these bytes when the program starts.
    fn memory(bytes: [u8; 2 * COPY]) -> &'static KeptMemory<u32> {
        let memory = Box::leak(Box::new(KeptMemory::new()));
        // SAFETY: no other code has the memory, and it has the same length.
        unsafe { memory.0.get().cast::<[u8; 2 * COPY]>().write(bytes) };
        memory
    }

    /// Returns the contents of the memory.
    fn bytes(memory: &'static KeptMemory<u32>) -> [u8; 2 * COPY] {
        // SAFETY: as above, and the memory was written.
        unsafe { memory.0.get().cast::<[u8; 2 * COPY]>().read() }
    }

    /// Returns a static with this memory, as after a restart.
    fn kept(memory: &'static KeptMemory<u32>) -> Kept<u32> {
        // SAFETY: the static before the restart is no longer used.
        unsafe { Kept::new(memory, NAME) }
    }

    /// Returns the memory after this value was set.
    fn set(value: u32) -> [u8; 2 * COPY] {
        let memory = memory([0; 2 * COPY]);
        kept(memory).set(value);
        bytes(memory)
    }

    #[test]
    fn a_value_is_there_until_it_is_cleared() {
        let memory = memory([0; 2 * COPY]);
        kept(memory).set(7);
        kept(memory).set(0);
        assert_eq!(kept(memory).get(), Some(0));
        kept(memory).clear();
        assert_eq!(kept(memory).get(), None);
    }

    #[test]
    fn memory_without_a_value_has_none() {
        for byte in [0x00, 0xff, 0x55, 0xaa] {
            assert_eq!(kept(memory([byte; 2 * COPY])).get(), None, "{byte:#x}");
        }
    }

    #[test]
    fn a_value_of_another_static_or_type_is_none() {
        let memory = memory(set(7));
        // SAFETY: only one static uses the memory at a time.
        unsafe {
            assert_eq!(Kept::new(memory, NAME).get(), Some(7));
            assert_eq!(Kept::new(memory, "tests::OTHER: u32").get(), None);
            let shorter: &KeptMemory<[u8; 4]> = &*(&raw const *memory).cast();
            assert_eq!(Kept::new(shorter, NAME).get(), Some([7, 0, 0, 0]), "of the same size");
            let shorter: &KeptMemory<u16> = &*(&raw const *memory).cast();
            assert_eq!(Kept::new(shorter, NAME).get(), None);
        }
    }

    /// Sets a value, but stops after this number of bytes was written.
    fn set_in_part(memory: &'static KeptMemory<u32>, value: u32, mut bytes: usize) {
        let kept = kept(memory);
        kept.replace_by(Checked { check: kept.check(&value), value }, |copy, checked| {
            let count = bytes.min(COPY);
            // SAFETY: no other code has the memory.
            unsafe { copy.cast::<u8>().copy_from((&raw const checked).cast(), count) };
            bytes -= count;
        });
    }

    #[test]
    fn of_a_value_and_the_next_one_is_there_at_any_time() {
        const FIRST: u32 = 0x0707_0707;
        const SECOND: u32 = 0x0808_0808;
        const THIRD: u32 = 0x0909_0909;
        let mut seen = [0; 3];
        for first_end in 0..=3 * COPY {
            for second_end in 0..=3 * COPY {
                let memory = memory(set(FIRST));
                set_in_part(memory, SECOND, first_end);
                let value = kept(memory).get();
                assert!([Some(FIRST), Some(SECOND)].contains(&value), "{first_end}: {value:x?}");
                set_in_part(memory, THIRD, second_end);
                let next = kept(memory).get();
                assert!(
                    [value, Some(THIRD)].contains(&next),
                    "{first_end}, {second_end}: {next:x?}"
                );
                [FIRST, SECOND, THIRD].iter().zip(&mut seen).for_each(|(&value, count)| {
                    *count += usize::from(next == Some(value));
                });
            }
        }
        assert!(seen.iter().all(|&count| count > COPY), "{seen:?}");
    }

    #[test]
    fn no_copy_is_good_with_a_bit_that_is_another() {
        let good = memory(set(6));
        kept(good).set(7);
        for bit in 0..8 * COPY {
            let mut bytes = bytes(good);
            for (copy, left) in [Some(7), None].into_iter().enumerate() {
                bytes[COPY * copy + bit / 8] ^= 1 << (bit % 8);
                assert_eq!(kept(memory(bytes)).get(), left, "bit {bit}");
            }
        }
    }

    #[test]
    fn what_happens_to_be_there_is_no_value() {
        let mut state = 1_u64;
        for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
            let bytes = [(); 2 * COPY].map(|()| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            });
            assert_eq!(kept(memory(bytes)).get(), None, "{bytes:x?}");
        }
    }
}
