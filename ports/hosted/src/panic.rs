//! A panic is a crash of the process: nothing is unwound, as on a microcontroller.
//!
//! std's way is followed to the point where it would unwind, so that it is ready for the next panic:
//! the hook notes where it was, and when the unwinder is asked to raise the exception the kernel is told.
//! A panic that must not unwind aborts; that signal is the same to the kernel.

use crate::gate::{self, MODE};
use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use crossgate_abi::{ARGUMENT_WORDS, Word, number};

/// Where the panic was that std deals with: address and length of the name of the file, line.
static PLACE: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
/// Whether std deals with a panic. It allocates memory then, so no other thread may run.
static PANICS: AtomicBool = AtomicBool::new(false);

/// Has panics of user code noted.
pub fn install() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !gate::is_user() {
            return default(info);
        }
        PANICS.store(true, Ordering::Relaxed);
        MODE.store(gate::USER_WITH_SYSTEM_CALLS, Ordering::Relaxed);
        let place = info.location().map_or([0; 3], |location| {
            [location.file().as_ptr().addr(), location.file().len(), location.line() as Word]
        });
        for (word, value) in PLACE.iter().zip(place) {
            word.store(value, Ordering::Relaxed);
        }
    }));
}

/// Whether user code must not be interrupted.
pub fn is_going_on() -> bool {
    PANICS.load(Ordering::Relaxed)
}

/// The kernel has been told, or it was no panic.
pub fn ended() {
    PANICS.store(false, Ordering::Relaxed);
}

/// A process wanted memory of the host's heap: this is what its record tells as the place.
pub fn process_has_no_heap() -> ! {
    const PLACE: &str = "an allocation: a process has no heap";
    loop {
        gate::system_call(number::PANIC, [PLACE.as_ptr().addr(), PLACE.len(), 0]);
    }
}

/// The words of the system call that tells of the panic.
pub fn place() -> [Word; ARGUMENT_WORDS] {
    let [file, length, line] = [0, 1, 2].map(|index: usize| PLACE[index].load(Ordering::Relaxed));
    [file, length, line, 0]
}

/// The unwinder, in place of that of the C compiler's library: a panic of user code ends here.
#[unsafe(no_mangle)]
extern "C-unwind" fn _Unwind_RaiseException(exception: *mut c_void) -> i32 {
    if gate::is_user() {
        let [file, length, line, _] = place();
        loop {
            gate::system_call(number::PANIC, [file, length, line]);
        }
    }
    type Raise = extern "C-unwind" fn(*mut c_void) -> i32;
    // SAFETY: the name is a string that ends with 0.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, c"_Unwind_RaiseException".as_ptr()) };
    if next.is_null() {
        crate::host::fatal("there is no unwinder");
    }
    // SAFETY: this is the type that the unwinding ABI gives it (Itanium C++ ABI: Exception Handling).
    let next: Raise = unsafe { core::mem::transmute(next) };
    next(exception)
}
