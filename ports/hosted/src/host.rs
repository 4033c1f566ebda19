//! What the kernel wants of Linux.

use crossgate_kernel::memory::Span;
use std::ffi::c_int;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// The last error of a call of Linux, and what it was for.
fn failed(what: &str) -> String {
    format!("{what}: {}", Error::last_os_error())
}

/// Memory that can be mapped at any address.
pub struct MemoryFile(OwnedFd);

/// A new one, of `size` bytes.
///
/// # Errors
/// There is no memory.
pub fn memory_file(size: usize) -> Result<MemoryFile, String> {
    // SAFETY: the name is a string that ends with 0.
    let file = unsafe { libc::memfd_create(c"crossgate".as_ptr(), libc::MFD_CLOEXEC) };
    if file < 0 {
        return Err(failed("no memory for the processes"));
    }
    // SAFETY: it was opened just now, and nobody else has it.
    let file = unsafe { OwnedFd::from_raw_fd(file) };
    // SAFETY: the file is open.
    if unsafe { libc::ftruncate(file.as_raw_fd(), size as i64) } != 0 {
        return Err(failed("no memory for the processes"));
    }
    Ok(MemoryFile(file))
}

impl MemoryFile {
    /// Maps a part of it, closed, in place of what is there.
    ///
    /// # Errors
    /// Linux refuses.
    pub fn map(&self, span: Span, offset: usize) -> Result<(), String> {
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let file = self.0.as_raw_fd();
        // SAFETY: what is there was reserved for this, by the linker or by `reserve`.
        let place = unsafe {
            libc::mmap(
                span.start as *mut _,
                span.length(),
                libc::PROT_NONE,
                flags,
                file,
                offset as i64,
            )
        };
        if place == libc::MAP_FAILED {
            return Err(failed("a process' memory cannot be mapped"));
        }
        Ok(())
    }
}

/// Takes `size` bytes of the address space, closed. Tells where.
///
/// # Errors
/// There is no room.
pub fn reserve(size: usize) -> Result<usize, String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new mapping changes nothing that is there.
    let place = unsafe { libc::mmap(core::ptr::null_mut(), size, libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED {
        return Err(failed("no room for a stack"));
    }
    Ok(place.addr())
}

/// Replaces what is at `span` by nothing.
///
/// # Errors
/// Linux refuses.
pub fn close_for_ever(span: Span) -> Result<(), String> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
    // SAFETY: the linker reserved it as the guard of a stack.
    let place =
        unsafe { libc::mmap(span.start as *mut _, span.length(), libc::PROT_NONE, flags, -1, 0) };
    if place == libc::MAP_FAILED { Err(failed("a stack cannot be guarded")) } else { Ok(()) }
}

/// Opens memory of processes for reading and writing, or closes it.
pub fn protect(span: Span, open: bool) {
    let protection = if open { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE };
    // SAFETY: only memory of processes comes here, which no Rust object of the kernel is in.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), protection) };
    if result != 0 {
        // Without protection nothing may run.
        fatal(&failed("memory cannot be protected"));
    }
}

/// Ends the program: the kernel cannot go on.
pub fn fatal(why: &str) -> ! {
    eprintln!("crossgate: {why}");
    // SAFETY: nothing of the program goes on.
    unsafe { libc::_exit(FATAL) }
}

/// The exit status of a kernel that cannot go on.
const FATAL: c_int = 70;

/// The time in µs, of a clock that is never set.
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes the time into the variable.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1_000
}

/// A timer of the host, which sends `SIGALRM`.
pub struct Timer(libc::timer_t);

impl Timer {
    /// A timer that is not set.
    ///
    /// # Errors
    /// The host has none left.
    pub fn new() -> Result<Timer, String> {
        let mut timer = core::ptr::null_mut();
        // SAFETY: without an event a timer sends `SIGALRM`; its name is written into the variable.
        let result =
            unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, core::ptr::null_mut(), &mut timer) };
        if result == 0 { Ok(Timer(timer)) } else { Err(failed("there is no timer")) }
    }

    /// Sets it to a time (in µs, as [`now`] tells it), or stops it.
    pub fn set(&self, time: Option<u64>) {
        // 0 would stop it.
        let first = time.map_or(0, |time| time.max(1));
        self.settime(first, 0, libc::TIMER_ABSTIME);
    }

    /// Has it come every so many µs.
    pub fn repeat(&self, interval: u64) {
        self.settime(interval, interval, 0);
    }

    fn settime(&self, first: u64, interval: u64, flags: c_int) {
        let setting =
            libc::itimerspec { it_value: timespec(first), it_interval: timespec(interval) };
        // SAFETY: the timer exists as long as the program.
        unsafe { libc::timer_settime(self.0, flags, &setting, core::ptr::null_mut()) };
    }
}

fn timespec(microseconds: u64) -> libc::timespec {
    libc::timespec {
        tv_sec: (microseconds / 1_000_000).min(i64::MAX as u64) as i64,
        tv_nsec: (microseconds % 1_000_000 * 1_000) as i64,
    }
}

/// Waits for a signal, unless `ready` already.
pub fn wait_for_signal(ready: impl Fn() -> bool) {
    // SAFETY: the sets are written before they are used; the handlers only change what they may.
    unsafe {
        let mut blocked = core::mem::zeroed();
        let mut before = core::mem::zeroed();
        libc::sigemptyset(&mut blocked);
        libc::sigaddset(&mut blocked, libc::SIGALRM);
        libc::sigaddset(&mut blocked, libc::SIGIO);
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, &mut before);
        while !ready() {
            libc::sigsuspend(&before);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &before, core::ptr::null_mut());
    }
}

/// Gives the handlers of signals a stack of their own.
///
/// # Errors
/// There is no memory.
pub fn signal_stack() -> Result<(), String> {
    let end = crate::memory::kernel_stack()?;
    let size = crate::memory::STACK;
    let stack = libc::stack_t { ss_sp: (end - size) as *mut _, ss_flags: 0, ss_size: size };
    // SAFETY: the memory is mapped for this, and stays.
    if unsafe { libc::sigaltstack(&stack, core::ptr::null_mut()) } != 0 {
        return Err(failed("there is no stack for signals"));
    }
    Ok(())
}

/// A signal handler.
pub type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut core::ffi::c_void);

/// Has `handler` called for `signal`, on the signals' stack, with those of `blocked` held off.
///
/// # Errors
/// Linux refuses.
pub fn handle(
    signal: c_int,
    handler: Handler,
    blocked: impl Iterator<Item = c_int>,
) -> Result<(), String> {
    // SAFETY: all of the action is set; the handler keeps to what a handler may do.
    let result = unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
        libc::sigemptyset(&mut action.sa_mask);
        blocked.for_each(|signal| {
            libc::sigaddset(&mut action.sa_mask, signal);
        });
        libc::sigaction(signal, &action, core::ptr::null_mut())
    };
    if result == 0 { Ok(()) } else { Err(failed("a signal cannot be handled")) }
}

/// Learns what the gate has to know of the CPU.
///
/// # Errors
/// The CPU is too old.
pub fn check_cpu() -> Result<(), String> {
    use crate::gate::{EXTENDED_STATE_SIZE, HAS_WRFSBASE, THREAD_POINTER};
    use core::arch::x86_64::{__cpuid, __cpuid_count};
    use core::sync::atomic::Ordering;
    const OSXSAVE: u32 = 1 << 27;
    const EXTENDED_STATE: u32 = 0xd;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return Err("this CPU has no XSAVE, which the kernel needs".to_owned());
    }
    let size = __cpuid_count(EXTENDED_STATE, 0).ebx as usize;
    EXTENDED_STATE_SIZE.store(size, Ordering::Relaxed);
    const WRFSBASE: u64 = 1 << 1;
    // SAFETY: it only reads what Linux has told the program.
    let features = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    HAS_WRFSBASE.store((features & WRFSBASE != 0).into(), Ordering::Relaxed);
    let pointer: usize;
    // SAFETY: the first word at the thread pointer is its own address (System V ABI, x86-64 TLS).
    unsafe { core::arch::asm!("mov {}, fs:[0]", out(reg) pointer, options(nostack, readonly)) };
    THREAD_POINTER.store(pointer, Ordering::Relaxed);
    Ok(())
}

/// The program's code and constants, which all processes may read: from its start to the first
/// address that was writable when it was loaded.
pub fn constants() -> Span {
    unsafe extern "C" fn find(
        info: *mut libc::dl_phdr_info,
        _: usize,
        result: *mut core::ffi::c_void,
    ) -> c_int {
        // SAFETY: the loader gives a valid record, and `result` is the span below. The program
        // itself comes first.
        unsafe {
            let (base, headers) = ((*info).dlpi_addr as usize, (*info).dlpi_phdr);
            let headers = core::slice::from_raw_parts(headers, (*info).dlpi_phnum.into());
            let segments = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
            let start = segments().map(|it| base + it.p_vaddr as usize).min();
            let end = segments()
                .filter(|it| it.p_flags & libc::PF_W != 0)
                .map(|it| base + it.p_vaddr as usize)
                .min();
            if let (Some(start), Some(end)) = (start, end) {
                *result.cast::<Span>() = Span { start, end };
            }
        }
        1
    }
    let mut span = Span::EMPTY;
    // SAFETY: the function fits, and the span lives during the call.
    unsafe { libc::dl_iterate_phdr(Some(find), (&raw mut span).cast()) };
    span
}
