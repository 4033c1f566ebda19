//! What the kernel wants of Linux.

use crossgate_protection::Span;
use std::ffi::c_int;
use std::fmt::{self, Write};
use std::fs::File;
use std::io::Error;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::sync::OnceLock;

/// The last error of a call of Linux, and what it was for.
pub fn failed(what: &str) -> String {
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
    // SAFETY: only memory of processes comes here, which no Rust object of the kernel is in.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), protection(open)) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// What `mprotect` is told for memory that is open for reading and writing, or closed.
pub fn protection(open: bool) -> c_int {
    if open { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_NONE }
}

/// Has memory never written again.
pub fn make_constant(span: Span) {
    // SAFETY: who has it only reads it.
    let result = unsafe { libc::mprotect(span.start as *mut _, span.length(), libc::PROT_READ) };
    if result != 0 {
        cannot_protect(-Error::last_os_error().raw_os_error().unwrap_or(0));
    }
}

/// Ends the program after `mprotect` has failed: without protection nothing may run.
pub extern "C" fn cannot_protect(result: c_int) -> ! {
    fatal(format_args!("memory cannot be protected: {}", Error::from_raw_os_error(-result)))
}

/// Ends the program: the kernel cannot go on.
pub fn fatal(why: fmt::Arguments) -> ! {
    tell(format_args!("crossgate: {why}"));
    end(FATAL)
}

/// How the terminal was set, since it is set otherwise.
static TERMINAL: OnceLock<libc::termios> = OnceLock::new();

/// Has the terminal of the standard input send each key as it is typed, without showing it, up to the
/// [end] of the program. Ctrl-C still interrupts; what would stop the program, and leave the terminal so, is a
/// key like others. Tells whether that is so now.
pub fn send_each_key() -> bool {
    let mut settings = core::mem::MaybeUninit::<libc::termios>::uninit();
    // SAFETY: it writes the settings, or fails.
    let mut settings = unsafe {
        if libc::tcgetattr(libc::STDIN_FILENO, settings.as_mut_ptr()) != 0 {
            return false;
        }
        settings.assume_init()
    };
    TERMINAL.get_or_init(|| settings);
    settings.c_lflag &= !(libc::ICANON | libc::ECHO | libc::IEXTEN);
    settings.c_iflag &= !(libc::IXON | libc::ICRNL);
    (settings.c_cc[libc::VMIN], settings.c_cc[libc::VTIME]) = (1, 0);
    for key in [libc::VSUSP, libc::VQUIT] {
        settings.c_cc[key] = libc::_POSIX_VDISABLE;
    }
    // SAFETY: the settings are read only.
    unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, &settings) == 0 }
}

/// Ends the program.
pub fn end(status: c_int) -> ! {
    if let Some(settings) = TERMINAL.get() {
        // `top` hides the cursor.
        write_error(b"\x1b[?25h");
        // SAFETY: the settings are read only.
        unsafe { libc::tcsetattr(libc::STDIN_FILENO, libc::TCSANOW, settings) };
    }
    // SAFETY: nothing of the program goes on. (What the libraries do at an exit, a process may have begun.)
    unsafe { libc::_exit(status) }
}

/// Writes a byte to the standard error.
pub fn say(byte: u8) {
    write_error(&[byte]);
}

/// Writes a line to the standard error. It allocates nothing.
pub fn tell(line: fmt::Arguments) {
    let mut out = StandardError { text: [0; 256], length: 0 };
    let _ = writeln!(out, "{line}");
    out.flush();
}

/// Text on its way to the standard error.
struct StandardError {
    text: [u8; 256],
    length: usize,
}

impl StandardError {
    fn flush(&mut self) {
        write_error(&self.text[..self.length]);
        self.length = 0;
    }
}

impl fmt::Write for StandardError {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            if self.length == self.text.len() {
                self.flush();
            }
            self.text[self.length] = byte;
            self.length += 1;
        }
        Ok(())
    }
}

/// Writes to the standard error, without the lock of the Rust library, which a process may have kept.
fn write_error(text: &[u8]) {
    // If it is closed there is nobody to tell.
    // SAFETY: the text is only read.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
}

/// Has the Rust library make what it makes when it is first used. If a process came to use it first, that
/// would be an allocation, and who came next would wait for ever for it to end.
pub fn make_standard_streams() {
    let _ = (std::io::stdin(), std::io::stdout());
}

/// Has `SIGIO` sent when something arrives. Not all files can; others are always ready.
pub fn signal_input(file: &File) {
    let file = file.as_raw_fd();
    // SAFETY: this changes how the file is used, which is ours.
    unsafe {
        libc::fcntl(file, libc::F_SETOWN, libc::getpid());
        let flags = libc::fcntl(file, libc::F_GETFL);
        libc::fcntl(file, libc::F_SETFL, flags | libc::O_ASYNC);
    }
}

/// Whether reading would not wait.
pub fn is_readable(file: &File) -> bool {
    let mut poll = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: it is one record.
    unsafe { libc::poll(&mut poll, 1, 0) > 0 }
}

/// The standard input.
///
/// # Errors
/// It is closed.
pub fn standard_input() -> Result<File, Error> {
    // Opened anew, so that our settings do not stay with a terminal. A socket can't be.
    File::open("/proc/self/fd/0")
        .or_else(|_| Ok(std::io::stdin().as_fd().try_clone_to_owned()?.into()))
}

/// The standard output.
///
/// # Errors
/// It is closed.
pub fn standard_output() -> Result<File, Error> {
    Ok(std::io::stdout().as_fd().try_clone_to_owned()?.into())
}

/// A new terminal, and the name of its other end.
///
/// # Errors
/// There is none left.
pub fn terminal() -> Result<(File, String), Error> {
    // SAFETY: it opens a file, which is checked.
    let terminal = unsafe { libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC) };
    if terminal < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: it was opened just now, and nobody else has it.
    let terminal = unsafe { OwnedFd::from_raw_fd(terminal) };
    let mut name = [0; 64];
    // SAFETY: the terminal is open, and the name fits into the buffer or is an error.
    let result = unsafe {
        let terminal = terminal.as_raw_fd();
        libc::grantpt(terminal)
            | libc::unlockpt(terminal)
            | libc::ptsname_r(terminal, name.as_mut_ptr().cast(), name.len())
    };
    if result != 0 {
        return Err(Error::last_os_error());
    }
    let end = name.iter().position(|&byte| byte == 0).unwrap_or(name.len());
    Ok((terminal.into(), String::from_utf8_lossy(&name[..end]).into_owned()))
}

/// The exit status of a kernel that cannot go on.
const FATAL: c_int = 70;
/// The exit status instead of a reset: who started the program may start it again (`EX_TEMPFAIL` of sysexits.h).
pub const RESET: c_int = 75;

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
        let setting = libc::itimerspec { it_value: timespec(first), it_interval: timespec(0) };
        // SAFETY: the timer exists as long as the program.
        unsafe {
            libc::timer_settime(self.0, libc::TIMER_ABSTIME, &setting, core::ptr::null_mut());
        }
    }
}

/// Sends `SIGVTALRM` whenever the program has used so many µs of the CPU.
///
/// # Errors
/// Linux refuses.
pub fn tick(interval: u64) -> Result<(), String> {
    let interval = libc::timeval { tv_sec: 0, tv_usec: interval as i64 };
    let setting = libc::itimerval { it_interval: interval, it_value: interval };
    // SAFETY: the setting is read only.
    let result = unsafe { libc::setitimer(libc::ITIMER_VIRTUAL, &setting, core::ptr::null_mut()) };
    if result == 0 { Ok(()) } else { Err(failed("there is no timer")) }
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
        for signal in crate::signal::interrupts() {
            libc::sigaddset(&mut blocked, signal);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, &mut before);
        while !ready() {
            libc::sigsuspend(&before);
        }
        libc::sigprocmask(libc::SIG_SETMASK, &before, core::ptr::null_mut());
    }
}

/// Gives the handlers of signals a stack of their own. Tells where it is.
///
/// # Errors
/// There is no memory.
pub fn signal_stack() -> Result<Span, String> {
    let span = crate::memory::kernel_stack()?;
    // Else a thread whose stack pointer is on that stack is taken for a handler, and interrupted there.
    const WHATEVER_THE_STACK_POINTER: c_int = 1 << 31; // SS_AUTODISARM
    let stack = libc::stack_t {
        ss_sp: span.start as *mut _,
        ss_flags: WHATEVER_THE_STACK_POINTER,
        ss_size: span.length(),
    };
    // SAFETY: the memory is mapped for this, and stays.
    if unsafe { libc::sigaltstack(&stack, core::ptr::null_mut()) } != 0 {
        return Err(failed("there is no stack for signals"));
    }
    Ok(span)
}

/// Has the CPU take addresses that are not aligned. A handler begins with that: Linux leaves it the flag
/// that forbids them as the interrupted thread had it, and gives the thread its own back.
pub fn allow_any_alignment() {
    const ALIGNMENT_CHECK: u32 = 1 << 18;
    // SAFETY: it changes a flag to what Rust code expects.
    unsafe {
        core::arch::asm!(
            "pushfq",
            "and qword ptr [rsp], {}",
            "popfq",
            const !ALIGNMENT_CHECK as i32,
        );
    }
}

/// A signal handler.
pub type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut core::ffi::c_void);

/// What the system call `rt_sigaction` is told.
#[repr(C)]
struct Action {
    handler: Handler,
    flags: u64,
    restorer: unsafe extern "C" fn(),
    blocked: u64,
}

/// How a handler ends. (The C library has the same, but at an address that it does not tell.)
#[unsafe(naked)]
unsafe extern "C" fn restore() {
    core::arch::naked_asm!("mov eax, {}", "syscall", "ud2", const libc::SYS_rt_sigreturn)
}

/// How long [`restore`] is up to the end of its system call, in bytes.
const RESTORE_LENGTH: usize = 8;

/// Whether a signal is ignored, as whoever has started the program wants it.
pub fn is_ignored(signal: c_int) -> bool {
    // SAFETY: it only asks, and the answer is written into the variable.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        libc::sigaction(signal, core::ptr::null(), &mut action);
        action.sa_sigaction == libc::SIG_IGN
    }
}

/// Has `handler` called for `signal`, on the signals' stack, with those of `blocked` held off.
///
/// # Errors
/// Linux refuses.
pub fn handle(
    signal: c_int,
    handler: Handler,
    blocked: impl Iterator<Item = c_int>,
) -> Result<(), String> {
    const RESTORER: u64 = 0x0400_0000;
    let flags = (libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART) as u64 | RESTORER;
    let blocked = blocked.fold(0, |set, signal| set | 1 << (signal - 1));
    let action = Action { handler, flags, restorer: restore, blocked };
    // SAFETY: the action is as Linux wants it; the handler keeps to what a handler may do.
    let result = unsafe {
        let size = size_of_val(&action.blocked);
        libc::syscall(libc::SYS_rt_sigaction, signal, &raw const action, 0_usize, size)
    };
    if result == 0 { Ok(()) } else { Err(failed("a signal cannot be handled")) }
}

/// Has Linux refuse its system calls to user code, by a signal. Those of the kernel go on.
///
/// # Errors
/// Linux cannot do it (before version 5.11).
pub fn block_system_calls() -> Result<(), String> {
    const SET_DISPATCH: c_int = 59;
    const ON: c_int = 1;
    let selector = crate::gate::MODE.as_ptr().cast::<u8>().wrapping_add(1);
    // SAFETY: Linux only reads the selector, which lives for ever; code at these addresses, the end of
    // signal handlers, goes through.
    let result = unsafe {
        let allowed = restore as *const () as usize;
        libc::prctl(SET_DISPATCH, ON, allowed, RESTORE_LENGTH, selector)
    };
    if result == 0 { Ok(()) } else { Err(failed("system calls cannot be blocked")) }
}

/// Learns what the gate has to know of the CPU.
///
/// # Errors
/// The CPU is too old.
pub fn check_cpu() -> Result<(), String> {
    use crate::gate::{EXTENDED_STATE_SIZE, HAS_WRFSBASE, TELLS_USE, THREAD_POINTER};
    use core::arch::x86_64::{__cpuid, __cpuid_count};
    use core::sync::atomic::Ordering;
    const OSXSAVE: u32 = 1 << 27;
    const EXTENDED_STATE: u32 = 0xd;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return Err("this CPU has no XSAVE, which the kernel needs".to_owned());
    }
    let size = __cpuid_count(EXTENDED_STATE, 0).ebx as usize;
    EXTENDED_STATE_SIZE.store(size, Ordering::Relaxed);
    const XGETBV_1: u32 = 1 << 2;
    let tells_use = __cpuid_count(EXTENDED_STATE, 1).eax & XGETBV_1 != 0;
    let tells_use = tells_use && std::is_x86_feature_detected!("avx");
    TELLS_USE.store(tells_use.into(), Ordering::Relaxed);
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

/// An address of code as the program's file has it, wherever it was loaded.
pub fn in_program(address: usize) -> usize {
    address.wrapping_sub(&raw const __ehdr_start as usize)
}

unsafe extern "C" {
    /// Where the program was loaded to, from the linker.
    static __ehdr_start: u8;
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
