//! Arithmetic and checks behind `system!`, done by the compiler.

use crate::interface::{MethodShape, broken_limit};
use crate::object::Publish;
use crate::{Handle, Interface};
use core::any::TypeId;
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use crossgate_abi::message::{Number, fail, is_same};
use crossgate_abi::table::{
    Budget, Budgets, Gate, Method, NO_LOCK, OnFault, RawReply, Service, Window,
};
use crossgate_abi::{
    BudgetId, LockId, PRIORITIES, ProcessId, ServiceId, Set, Shape, ThreadId, Word,
};
use crossgate_protection::armv7m;

pub use crate::object::{Array, ServiceObject};

/// The bytes of stack that a service's methods get if the wiring doesn't say.
pub const DEFAULT_SERVICE_STACK: usize = 256;

/// The smallest stack of a thread in bytes.
const SMALLEST_STACK: usize = 256;

/// The most services that a firmware can have: a gate has eight bits for them.
const MAX_SERVICES: usize = 256;
/// The most methods that they can have together: a service has 16 bits for its first gate, that behind the last too
/// if it has no methods.
const MAX_GATES: usize = (1 << 16) - 1;

/// The limits of a call. `what` is `` `Interface::method` ``.
#[track_caller]
pub const fn check_method(what: &str, arguments: Shape, results: Shape) {
    let why = broken_limit(arguments, results);
    if !why.is_empty() {
        fail(&[what, why]);
    }
}

/// How many services there are.
#[must_use]
#[track_caller]
pub const fn service_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > MAX_SERVICES {
        fail(&["a firmware has at most 256 services, not ", Number::decimal(count).text()]);
    }
    count
}

/// How many locks there are.
#[must_use]
#[track_caller]
pub const fn lock_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > NO_LOCK.index() {
        fail(&[
            "a firmware has at most 255 exclusive objects, not ",
            Number::decimal(count).text(),
        ]);
    }
    count
}

/// The set of one: bit `index`. Past the last bit it is empty; a firmware has no more.
#[must_use]
pub const fn bit(index: usize) -> u32 {
    1_u32.unbounded_shl(index as u32)
}

/// A range of device registers.
#[must_use]
#[track_caller]
pub const fn window(window: Window) -> Window {
    let Window { start, size } = window;
    if size < armv7m::SMALLEST_REGION || size > 1 << 31 || !size.is_power_of_two() {
        fail(&[
            "the size of an `mmio` window is a power of two, 32 bytes to 2 GiB, not ",
            Number::decimal(size).text(),
        ]);
    }
    if start > u32::MAX as usize || !start.is_multiple_of(size) {
        fail(&[
            "an `mmio` window starts at a multiple of its size, below 4 GiB, not at ",
            Number::hexadecimal(start).text(),
        ]);
    }
    window
}

/// Refuses window `index` if it overlaps one before it, unless the wiring says of both that they are
/// shared. Of each it has the process, whether it is shared, and where it is.
#[track_caller]
pub const fn check_window(windows: &[(&str, bool, Window)], index: usize) {
    let (process, is_shared, window) = &windows[index];
    let mut other = 0;
    while other < index {
        let (other_process, other_is_shared, of_other) = &windows[other];
        // The end may be that of the address space.
        let overlap = window.start <= of_other.start + (of_other.size - 1)
            && of_other.start <= window.start + (window.size - 1);
        if overlap && is_same(process, other_process) {
            fail(&["process `", process, "` owns the same device registers twice"]);
        }
        if overlap && !(*is_shared && *other_is_shared) {
            fail(&[
                "processes `",
                other_process,
                "` and `",
                process,
                "` own the same device registers; if that is meant, both say `shared mmio`",
            ]);
        }
        other += 1;
    }
}

/// Refuses interrupt `index` if its line is that of one before it. Of each it has the line, and the
/// notification that it is bound to.
#[track_caller]
pub const fn check_line(lines: &[(u16, &str)], index: usize) {
    let (line, bound) = lines[index];
    let mut other = 0;
    while other < index {
        let (other_line, other_bound) = lines[other];
        if line == other_line {
            fail(&[
                "interrupt line ",
                Number::decimal(line as usize).text(),
                " is bound to `",
                other_bound,
                "` already, so it can't signal `",
                bound,
                "`: an interrupt has one notification",
            ]);
        }
        other += 1;
    }
}

/// The priority of a thread.
#[must_use]
#[track_caller]
pub const fn priority(priority: usize) -> u8 {
    if priority < 1 || priority >= PRIORITIES {
        fail(&[
            "the priority of a thread is 1 (least urgent) to 31, not ",
            Number::decimal(priority).text(),
        ]);
    }
    priority as u8
}

/// The unit of a time in the wiring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microseconds = 1,
    Milliseconds = 1_000,
    Seconds = 1_000_000,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Unit::Microseconds => " us",
            Unit::Milliseconds => " ms",
            Unit::Seconds => " s",
        }
    }

    /// So many, in µs.
    const fn microseconds(self, amount: usize) -> u64 {
        (amount as u64).saturating_mul(self as u64)
    }
}

/// The shortest budget and time slice, in µs: the kernel needs some of them to notice that one is over.
const SHORTEST: u64 = 100;
/// The longest period and time slice, in µs: so many fit the kernel's words.
const LONGEST: u64 = 3_600_000_000;

/// How long a thread runs before the next of its priority does, in µs.
#[must_use]
#[track_caller]
pub const fn time_slice(amount: usize, unit: Unit) -> u32 {
    let time = unit.microseconds(amount);
    if time < SHORTEST || time > LONGEST {
        let amount = Number::decimal(amount);
        fail(&["a `time_slice` is 100 us to 3600 s, not ", amount.text(), unit.name()]);
    }
    time as u32
}

/// A time, and the period in which a thread may run so long, in µs.
#[must_use]
#[track_caller]
pub const fn budget(time: usize, unit: Unit, period: usize, period_unit: Unit) -> (u32, u32) {
    let (microseconds, of) = (unit.microseconds(time), period_unit.microseconds(period));
    let (time, period) = (Number::decimal(time), Number::decimal(period));
    if of > LONGEST {
        fail(&[
            "the period of a `budget` is at most 3600 s, not ",
            period.text(),
            period_unit.name(),
        ]);
    }
    if microseconds < SHORTEST {
        fail(&["a `budget` is at least 100 us, not ", time.text(), unit.name()]);
    }
    if microseconds > of {
        fail(&[
            "a `budget` of ",
            time.text(),
            unit.name(),
            " is more than its period of ",
            period.text(),
            period_unit.name(),
            ": nothing runs for longer than time passes",
        ]);
    }
    (microseconds as u32, of as u32)
}

/// A budget that the threads of a process share. `homes` tells the process of each thread but the idle one.
#[must_use]
pub const fn budget_of_process((time, period): (u32, u32), homes: &[u8], process: u8) -> Budget {
    let (mut threads, mut thread) = (0, 0);
    while thread < homes.len() {
        if homes[thread] == process {
            threads |= bit(thread + 1);
        }
        thread += 1;
    }
    Budget {
        time,
        period,
        threads: Set::of_bits(threads),
        process: ProcessId::new(process as usize),
    }
}

/// The budget of a thread.
#[must_use]
pub const fn budget_of_thread((time, period): (u32, u32), homes: &[u8], thread: usize) -> Budget {
    let threads = Set::of(ThreadId::new(thread + 1));
    Budget { time, period, threads, process: ProcessId::new(homes[thread] as usize) }
}

/// The budgets of each of so many threads, the idle one included.
#[must_use]
pub const fn budgets_of_threads<const THREADS: usize>(
    budgets: &[Budget],
) -> [Set<BudgetId>; THREADS] {
    let mut of_threads = [Set::EMPTY; THREADS];
    let mut thread = 0;
    while thread < THREADS {
        let mut budget = 0;
        while budget < budgets.len() {
            if budgets[budget].threads.contains(ThreadId::new(thread)) {
                of_threads[thread].insert(BudgetId::new(budget));
            }
            budget += 1;
        }
        thread += 1;
    }
    of_threads
}

/// What bounds how long threads run, or counts it, if something does.
#[must_use]
pub const fn if_any(budgets: &'static Budgets) -> Option<&'static Budgets> {
    if budgets.are_some() || budgets.cpu_time { Some(budgets) } else { None }
}

/// A process that begins anew, unless it crashed more often than `limit` in a row.
#[must_use]
#[track_caller]
pub const fn restart(limit: usize) -> OnFault {
    if limit < 1 || limit > 255 {
        fail(&[
            "the `limit` of restarts in a row is 1 to 255, not ",
            Number::decimal(limit).text(),
        ]);
    }
    OnFault::Restart { limit: limit as u8 }
}

/// The stack that a service's methods need.
#[must_use]
#[track_caller]
pub const fn service_stack(bytes: usize) -> u16 {
    if bytes > u16::MAX as usize {
        fail(&["the stack of a service is 0 to 65535 bytes, not ", Number::decimal(bytes).text()]);
    }
    bytes as u16
}

/// The stack of a thread, rounded up to what a memory protection unit can divide: at least 256
/// bytes, and what the coarsest unit that there is, that of ARMv7-M, can do.
#[must_use]
#[track_caller]
pub const fn stack_size(bytes: usize) -> usize {
    if bytes < 1 || bytes > 1 << 24 {
        fail(&["the stack of a thread is 1 byte to 16 MiB, not ", Number::decimal(bytes).text()]);
    }
    armv7m::stack(if bytes < SMALLEST_STACK { SMALLEST_STACK } else { bytes }).size
}

/// The memory of a stack. The linker aligns it.
#[repr(C, align(8))]
pub struct Stack<const N: usize>(UnsafeCell<MaybeUninit<[u8; N]>>);

// SAFETY: nothing in Rust refers to what is in it.
unsafe impl<const N: usize> Sync for Stack<N> {}

impl<const N: usize> Stack<N> {
    /// A stack.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Self {
        Stack(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Its lowest address.
    #[must_use]
    pub const fn start(&'static self) -> *const u8 {
        self.0.get().cast::<u8>()
    }
}

/// The sum of the counts before `end`: where the things of item `end` start.
#[must_use]
pub const fn sum(counts: &[usize], end: usize) -> usize {
    let (mut sum, mut index) = (0, 0);
    while index < end {
        sum += counts[index];
        index += 1;
    }
    sum
}

/// The handle (or handles) of the service whose first object has this first gate.
#[must_use]
pub const fn handle<H: Copy>(index: usize) -> H {
    const { assert!(size_of::<H>() == size_of::<Handle<()>>()) }
    // SAFETY: it is used for `ServiceObject::Handle` only, which is transparent over `RawHandle`, as
    // is `Handle`.
    unsafe { core::mem::transmute_copy(&Handle::<()>::__of_gate(index)) }
}

/// What the wiring says of one service.
pub struct Publication {
    pub name: &'static str,
    /// Index of its (first) object in the table.
    pub index: usize,
    /// The first gate of its (first) object.
    pub gate: usize,
    pub owner: usize,
    /// The number of the lock of its (first) object.
    pub lock: usize,
    pub stack: u16,
    pub callers: u32,
    pub methods: &'static [Method],
}

/// What a server enters for a method that it has no entry for: never in a table.
const unsafe extern "C-unwind" fn no_entry(
    _: *mut (),
    _: Word,
    _: Word,
    _: Word,
    _: Word,
) -> RawReply {
    panic!("a method without an entry")
}

/// The methods of a service, of which there are `N`: what they are, the interface says; where they are
/// entered, the server.
#[must_use]
#[track_caller]
pub const fn methods<I: ?Sized + Interface, O: Publish<I>, const N: usize>() -> [Method; N] {
    let (shapes, entries) = (I::SHAPES, O::ENTRIES);
    if shapes.len() != N || entries.len() != N {
        fail(&[I::NAME, ": its server has not exactly one entry for each method"]);
    }
    let nothing = MethodShape::new("", Shape::NONE, Shape::NONE);
    let mut methods = [nothing.entered_at(no_entry); N];
    let mut method = 0;
    while method < N {
        methods[method] = shapes[method].entered_at(entries[method]);
        method += 1;
    }
    methods
}

/// Enters a service, once per object, into the table.
pub const fn publish<I: ?Sized + Interface, O: ServiceObject>(
    objects: &'static O,
    wiring: &Publication,
    table: &mut [Service],
) {
    let first = (&raw const *objects).cast::<u8>();
    let mut object = 0;
    while object < O::COUNT {
        let size = size_of::<O>() / O::COUNT;
        table[wiring.index + object] = Service {
            // SAFETY: the type is `COUNT` objects in a row.
            object: unsafe { first.add(object * size) }.cast_mut().cast(),
            methods: wiring.methods,
            callers: Set::of_bits(wiring.callers),
            name: wiring.name,
            interface: TypeId::of::<I>,
            stack: wiring.stack,
            gate: (wiring.gate + object * wiring.methods.len()) as u16,
            owner: ProcessId::new(wiring.owner),
            lock: if O::LOCKS != 0 { LockId::new(wiring.lock + object) } else { NO_LOCK },
        };
        object += 1;
    }
}

/// How many gates there are.
#[must_use]
#[track_caller]
pub const fn gate_count(counts: &[usize]) -> usize {
    let count = sum(counts, counts.len());
    if count > MAX_GATES {
        let count = Number::decimal(count);
        fail(&["the services of a firmware have at most 65535 methods, not ", count.text()]);
    }
    count
}

/// The gates of all services. If it is counted how long processes run, the core has to see each call.
#[must_use]
pub const fn gates<const N: usize>(services: &[Service], is_counted: bool) -> [Gate; N] {
    const NO_GATE: Gate = Gate {
        callers: Set::EMPTY,
        owner: ProcessId::FIRST,
        service: ServiceId::FIRST,
        room: Gate::CARE,
        entry: no_entry,
        object: core::ptr::null_mut(),
    };
    let mut gates = [NO_GATE; N];
    let (mut number, mut gate) = (0, 0);
    while number < services.len() {
        let service = &services[number];
        let mut method = 0;
        while method < service.methods.len() {
            gates[gate] = Gate::new(ServiceId::new(number), service, &service.methods[method]);
            if is_counted {
                gates[gate].room = Gate::CARE;
            }
            (gate, method) = (gate + 1, method + 1);
        }
        number += 1;
    }
    gates
}

/// The only one, if there is one.
#[must_use]
pub const fn first<T: Copy>(all: &[T]) -> Option<T> {
    if let [first] = all { Some(*first) } else { None }
}

/// The processes that may call one, itself left out. (If handles are passed on, these may be any.)
#[must_use]
pub const fn clients(services: &[Service], process: u8) -> Set<ProcessId> {
    let (mut clients, mut service) = (0, 0);
    while service < services.len() {
        if services[service].owner.number() == process {
            clients |= services[service].callers.bits();
        }
        service += 1;
    }
    if passes_handles(services) && clients != 0 {
        clients = u32::MAX;
    }
    Set::of_bits(clients & !bit(process as usize))
}

/// Whether some method takes or gives a handle.
#[must_use]
pub const fn passes_handles(services: &[Service]) -> bool {
    let mut service = 0;
    while service < services.len() {
        let methods = services[service].methods;
        let mut method = 0;
        while method < methods.len() {
            if methods[method].arguments.has_handles() {
                return true;
            }
            method += 1;
        }
        service += 1;
    }
    false
}

/// An entry of the table that is not filled in yet.
pub const EMPTY: Service = Service {
    object: core::ptr::null_mut(),
    methods: &[],
    callers: Set::EMPTY,
    name: "",
    interface: TypeId::of::<()>,
    stack: 0,
    gate: 0,
    owner: ProcessId::FIRST,
    lock: NO_LOCK,
};

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::format;
    use std::panic::{UnwindSafe, catch_unwind};
    use std::string::String;

    /// What the compiler would say.
    fn refused<T>(check: impl FnOnce() -> T + UnwindSafe) -> Option<String> {
        catch_unwind(check).err().map(|text| *text.downcast::<String>().unwrap())
    }

    /// `check` takes `least` and `most`, but not what is one less or one more; it tells these, and the limits.
    fn limits<T>(check: fn(usize) -> T, least: usize, most: usize, told: &str) {
        for allowed in [least, least + 1, most - 1, most] {
            assert_eq!(refused(|| check(allowed)), None);
        }
        let past = [least.checked_sub(1), most.checked_add(1), Some(usize::MAX)];
        for number in past.into_iter().flatten() {
            let text = refused(|| check(number)).unwrap();
            assert!(text.contains(told) && text.ends_with(&format!(", not {number}")), "{text}");
        }
    }

    #[test]
    fn numbers_at_their_limits() {
        limits(priority, 1, 31, "1 (least urgent) to 31");
        limits(restart, 1, 255, "1 to 255");
        limits(service_stack, 0, 65535, "0 to 65535 bytes");
        limits(stack_size, 1, 1 << 24, "1 byte to 16 MiB");
        limits(|count| service_count(&[0, count]), 0, 256, "at most 256 services");
        limits(|count| lock_count(&[0, count]), 0, 255, "at most 255 exclusive objects");
        limits(|count| gate_count(&[0, count]), 0, 65535, "at most 65535 methods");
    }

    #[test]
    fn times_at_their_limits() {
        const HOUR: usize = 3_600;
        for (amount, unit, microseconds) in [
            (100, Unit::Microseconds, 100),
            (5, Unit::Milliseconds, 5_000),
            (HOUR, Unit::Seconds, 3_600_000_000),
            (HOUR * 1_000_000, Unit::Microseconds, 3_600_000_000),
        ] {
            assert_eq!(time_slice(amount, unit), microseconds);
            assert_eq!(budget(amount, unit, amount, unit), (microseconds, microseconds));
        }
        for (amount, unit, text) in [
            (99, Unit::Microseconds, ", not 99 us"),
            (0, Unit::Milliseconds, ", not 0 ms"),
            (HOUR + 1, Unit::Seconds, ", not 3601 s"),
            (usize::MAX, Unit::Seconds, " s"),
        ] {
            let said = refused(|| time_slice(amount, unit)).unwrap();
            assert!(
                said.starts_with("a `time_slice` is 100 us to 3600 s") && said.ends_with(text),
                "{said}"
            );
            let said = refused(|| budget(amount, unit, amount, unit)).unwrap();
            assert!(
                said.contains(" at least 100 us") || said.contains(" at most 3600 s"),
                "{said}"
            );
            assert!(said.ends_with(text), "{said}");
        }
        let said = refused(|| budget(1_001, Unit::Microseconds, 1, Unit::Milliseconds)).unwrap();
        assert!(
            said.starts_with("a `budget` of 1001 us is more than its period of 1 ms"),
            "{said}"
        );
    }

    #[test]
    fn a_budget_is_that_of_its_threads() {
        let homes = [0, 1, 0, 2];
        let of = |process| budget_of_process((1, 2), &homes, process);
        assert_eq!(
            [of(0), of(1), of(2), of(3)].map(|it| it.threads.bits()),
            [0b1010, 0b100, 0b1_0000, 0]
        );
        let budget = budget_of_thread((1, 2), &homes, 3);
        assert_eq!((budget.threads.bits(), budget.process.index()), (0b1_0000, 2));
        let of_threads = budgets_of_threads::<5>(&[of(0), budget]);
        assert_eq!(
            of_threads.map(|set| set.bits() & 0b10 != 0),
            [false, false, false, false, true]
        );
        let first = [0, 1, 2, 3, 4].map(|thread| of(0).threads.contains(ThreadId::new(thread)));
        assert_eq!(of_threads.map(|set| set.bits() & 0b01 != 0), first);
    }

    #[test]
    fn windows_at_their_limits() {
        let said = |start, size| refused(|| window(Window { start, size })).unwrap_or_default();
        for log2_size in 5..32 {
            let size = 1 << log2_size;
            for start in [0, size, (1 << 32) - size] {
                assert_eq!(said(start, size), "");
            }
            let odd = said(size + size / 2, size);
            assert!(odd.ends_with(&format!("not at {:#x}", size + size / 2)), "{odd}");
            assert!(said(1 << 32, size).ends_with("below 4 GiB, not at 0x100000000"));
        }
        for size in [0, 1, 16, 31, 33, (1 << 31) + 1, 1 << 32, usize::MAX] {
            assert!(said(0, size).ends_with(&format!("32 bytes to 2 GiB, not {size}")));
        }
    }

    #[test]
    fn a_line_has_one_notification() {
        let lines = [(0, "A"), (1, "A"), (65535, "B"), (0, "C")];
        let said = |index| refused(move || check_line(&lines, index)).unwrap_or_default();
        assert_eq!([said(0), said(1), said(2)], ["", "", ""]);
        let expected = "interrupt line 0 is bound to `A` already, so it can't signal `C`";
        assert!(said(3).starts_with(expected), "{}", said(3));
    }

    #[test]
    fn stacks_are_divisible() {
        for (declared, size) in
            [(1, 256), (256, 256), (257, 320), (600, 640), (1024, 1024), (1025, 1280)]
        {
            assert_eq!(stack_size(declared), size);
        }
    }
}
