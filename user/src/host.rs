//! A kernel for unit tests on a host.
//!
//! It checks what the real one checks (handles, methods, rights, depth, re-entrance, leases), then
//! calls the method as a function. Every test thread has a kernel of its own.

use crate::arch::Reply;
use crate::{Handle, Notification, ServedBy, Shape};
use crossgate_abi::table::{Method, NO_LOCK, Process, RawReply, Service, System};
use crossgate_abi::{
    CallError, Kind, MAX_CALL_DEPTH, MAX_NOTIFICATIONS, MAX_OWN_NOTIFICATIONS, MAX_PROCESSES,
    Status, WHOLE_BLOCK, Word,
};
use std::any::TypeId;
use std::boxed::Box;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::vec::Vec;

#[derive(Default)]
struct Kernel {
    services: Vec<Service>,
    /// For each gate the index of its service.
    gates: Vec<usize>,
    process: u8,
    /// The objects that calls in flight are in, and the processes that made them.
    entered: Vec<(*mut (), u8)>,
    /// The innermost call was refused.
    refused: bool,
    /// For each service the processes that got a handle of it.
    granted: Vec<u32>,
    private: Vec<(usize, usize)>,
    /// How many lives of each process have ended.
    ended: [u32; MAX_PROCESSES],
    names: Vec<&'static str>,
}

/// The owner of what [`serve`] publishes.
const FAKE: u8 = 31;

std::thread_local! {
    static KERNEL: RefCell<Kernel> = RefCell::default();
    static TURN: RefCell<Option<MutexGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// Publishes an object (a fake, or the real server) to the calling test, which may call it.
///
/// ```
/// use crossgate::{CallError, Handle, host, interface};
///
/// #[interface]
/// pub trait Temperature {
///     fn get(&self) -> i32;
/// }
/// // The code under test.
/// fn is_hot(sensor: Handle<dyn Temperature>) -> bool {
///     sensor.get().is_ok_and(|tenths| tenths > 250)
/// }
///
/// struct Fake(i32);
/// impl Temperature for Fake {
///     fn get(&self) -> i32 { self.0 }
/// }
/// assert!(is_hot(host::serve(Fake(251))));
///
/// // A server that panics is a server that faulted.
/// struct Broken;
/// impl Temperature for Broken {
///     fn get(&self) -> i32 { panic!("no sensor") }
/// }
/// assert!(!is_hot(host::serve(Broken)));
/// ```
pub fn serve<I: ?Sized + ServedBy<T>, T: 'static>(object: T) -> Handle<I> {
    let object = Box::into_raw(Box::new(object));
    KERNEL.with_borrow_mut(|kernel| {
        let service = Service {
            object: object.cast(),
            methods: Box::leak(methods::<I, T>()),
            callers: u32::MAX,
            name: "fake",
            interface: TypeId::of::<I>,
            stack: 0,
            gate: kernel.gates.len() as u16,
            owner: FAKE,
            lock: 0,
        };
        let index = kernel.services.len();
        kernel.gates.extend(service.methods.iter().map(|_| index));
        kernel.services.push(service);
        kernel.granted.push(0);
        Handle::__of_gate(service.gate.into())
    })
}

fn methods<I: ?Sized + ServedBy<T>, T>() -> Box<[Method]> {
    let both = I::SHAPES.iter().zip(I::ENTRIES);
    both.map(|(shape, entry)| shape.entered_at(*entry)).collect()
}

/// Takes over the services of a wiring. Its objects are statics, so tests that boot wait for each
/// other.
pub fn boot(system: &System) {
    static ONE: Mutex<()> = Mutex::new(());
    TURN.with_borrow_mut(|turn| {
        if turn.is_none() {
            *turn = Some(ONE.lock().unwrap_or_else(PoisonError::into_inner));
        }
    });
    KERNEL.with_borrow_mut(|kernel| {
        kernel.services = system.services.to_vec();
        kernel.gates = system.gates.iter().map(|gate| gate.service.into()).collect();
        kernel.granted = std::vec![0; kernel.services.len()];
        kernel.names = system.processes.iter().map(|process| process.name).collect();
    });
    for (state, wiring) in states().iter_mut().zip(system.notifications) {
        state.counting = wiring.counting;
    }
}

/// The life of a process (its index in the wiring) ends, and its next one begins.
///
/// # Panics
/// If there can't be such a process.
pub fn end_life(process: usize) {
    KERNEL.with_borrow_mut(|kernel| kernel.ended[process] += 1);
}

/// What follows is done by a thread of this process (its index in the wiring).
pub fn run_as(process: usize) {
    KERNEL.with_borrow_mut(|kernel| kernel.process = process as u8);
}

/// Says that a value lies in private memory of the caller: it is lent as a copy, as on a microcontroller, and
/// a slice of more than 4096 bytes fails with [`CallError::BadLease`]. (A host can't tell memory apart.)
pub fn mark_private<T: ?Sized>(value: &T) {
    let start = (&raw const *value).addr();
    KERNEL.with_borrow_mut(|kernel| kernel.private.push((start, start + size_of_val(value))));
}

/// A notification for code under test. All threads of a test program share the 32 notifications, so
/// give every test an `index` (below 32) of its own.
///
/// ```
/// let button = crossgate::host::notification(0);
/// std::thread::spawn(move || button.signal());
/// button.wait();
/// ```
#[must_use]
pub const fn notification(index: usize) -> Notification {
    assert!(index < MAX_OWN_NOTIFICATIONS, "a process has at most 32 notifications");
    Notification::__new(index, index)
}

/// A call by its bare words, as a hostile caller would make it.
///
/// # Errors
/// What the kernel or the server's stub says.
pub fn call_raw(gate: usize, method: usize, words: [Word; 4]) -> Result<[Word; 2], CallError> {
    let reply = call(crossgate_abi::number::call(gate, method), words);
    CallError::from_status(Status(reply.status)).map_or(Ok(reply.words), Err)
}

/// The thread that would run when no other can.
#[doc(hidden)]
pub extern "C" fn idle() -> ! {
    unreachable!("a host runs no threads of the wiring")
}

impl Kernel {
    /// Checks a call and says what to do for it.
    fn admit(&self, selector: Word, words: &[Word; 4]) -> Result<(Service, Method), CallError> {
        let index = self.service_of(selector).ok_or(CallError::NoSuchService)?;
        let service = self.services[index];
        let method = service.methods[selector - usize::from(service.gate)];
        if (service.callers | self.granted[index]) >> self.process & 1 == 0 {
            return Err(CallError::NotPermitted);
        }
        if self.entered.len() >= MAX_CALL_DEPTH {
            return Err(CallError::TooDeep);
        }
        if service.lock != NO_LOCK
            && self.entered.iter().any(|&(object, _)| object == service.object)
        {
            return Err(CallError::Deadlock);
        }
        for index in 0..3 {
            if matches!(method.arguments.kind(index), Kind::Read | Kind::Write) {
                self.check_lease(words[index], words[index + 1])?;
            }
        }
        Ok((service, method))
    }

    /// The index of the service that has this gate.
    fn service_of(&self, gate: Word) -> Option<usize> {
        self.gates.get(gate).copied()
    }

    /// Lets `receiver` call the services whose handles are among these words, if `giver` may.
    fn pass(
        &mut self,
        shape: Shape,
        words: &[Word],
        giver: u8,
        receiver: u8,
    ) -> Result<(), CallError> {
        for place in shape.handles(words) {
            let index = self.service_of(words[place]).ok_or(CallError::NotPermitted)?;
            let service = self.services[index];
            let may =
                service.owner == giver || (service.callers | self.granted[index]) >> giver & 1 != 0;
            if !may {
                return Err(CallError::NotPermitted);
            }
            self.granted[index] |= 1 << receiver;
        }
        Ok(())
    }

    fn check_lease(&self, address: Word, length: Word) -> Result<(), CallError> {
        if length == 0 {
            return Ok(());
        }
        let end = address.checked_add(length & !WHOLE_BLOCK).ok_or(CallError::BadLease)?;
        let is_private = self.private.iter().any(|&(from, to)| address < to && from < end);
        if is_private { Err(CallError::BadLease) } else { Ok(()) }
    }
}

pub(crate) fn call(selector: Word, mut words: [Word; 4]) -> Reply {
    let admitted = KERNEL.with_borrow_mut(|kernel| {
        let (service, method) = kernel.admit(selector, &words)?;
        kernel.pass(method.arguments, &words, kernel.process, service.owner)?;
        let caller = core::mem::replace(&mut kernel.process, service.owner);
        let refused = core::mem::take(&mut kernel.refused);
        kernel.entered.push((service.object, caller));
        Ok((service, method, (caller, refused)))
    });
    let (service, method, (caller, caller_refused)) = match admitted {
        Ok(admitted) => admitted,
        Err(error) => return failure(error),
    };
    clear_unused(&mut words, method.arguments);
    let [a, b, c, d] = words;
    // SAFETY: the method belongs to the object, which lives for ever, and the words were checked.
    let reply =
        catch_unwind(AssertUnwindSafe(|| unsafe { (method.entry)(service.object, a, b, c, d) }));
    KERNEL.with_borrow_mut(|kernel| {
        kernel.process = caller;
        kernel.entered.pop();
        let refused = core::mem::replace(&mut kernel.refused, caller_refused);
        match reply {
            Err(_) => failure(CallError::ServerFaulted),
            Ok(_) if refused => failure(CallError::Refused),
            Ok(RawReply { status: 0, words }) => {
                match kernel.pass(method.results, &words, service.owner, caller) {
                    Ok(()) => Reply { status: 0, words },
                    Err(_) => failure(CallError::BadReply),
                }
            }
            Ok(RawReply { status, words }) => Reply { status, words },
        }
    })
}

pub(crate) fn refuse() -> Reply {
    KERNEL.with_borrow_mut(|kernel| {
        kernel.refused = !kernel.entered.is_empty();
        if kernel.refused {
            Reply { status: 0, words: [0; 2] }
        } else {
            failure(CallError::NotPermitted)
        }
    })
}

pub(crate) fn caller() -> Reply {
    KERNEL.with_borrow(|kernel| match kernel.entered.last() {
        Some(&(_, caller)) => {
            let life = kernel.ended[usize::from(caller)] as Word + 1;
            Reply { status: 0, words: [caller.into(), life] }
        }
        None => failure(CallError::NotPermitted),
    })
}

/// A [pool](crate::pool) of `N` threads, which are threads of the host. They can't be ended: a job that is to end is
/// when it is done.
#[must_use]
pub fn pool<const N: usize>() -> crate::pool::Pool {
    use crate::pool::{Pool, Worker};
    // Those that no wiring has.
    static NEXT: AtomicUsize = AtomicUsize::new(MAX_NOTIFICATIONS);
    let notification = || {
        let index = NEXT.fetch_sub(1, Ordering::Relaxed) - 1;
        Notification::__new(index, 0)
    };
    let workers: Vec<_> = (0..N).map(|thread| Worker::__new(thread, notification())).collect();
    Pool::__new(workers.leak())
}

pub(crate) fn life(process: Word) -> Reply {
    KERNEL.with_borrow(|kernel| match kernel.ended.get(process) {
        Some(&ended) => Reply { status: 0, words: [ended as Word + 1, 0] },
        None => Reply { status: Status::NO_SUCH_RECORD.0, words: [0; 2] },
    })
}

pub(crate) fn name_of(process: usize) -> Option<&'static str> {
    KERNEL.with_borrow(|kernel| kernel.names.get(process).copied())
}

pub(crate) fn revoke(gate: usize) -> Reply {
    KERNEL.with_borrow_mut(|kernel| match kernel.service_of(gate) {
        Some(index) if kernel.services[index].owner == kernel.process => {
            kernel.granted[index] = 0;
            Reply { status: 0, words: [0; 2] }
        }
        _ => failure(CallError::NotPermitted),
    })
}

fn clear_unused(words: &mut [Word; 4], arguments: Shape) {
    words.iter_mut().skip(arguments.words.into()).for_each(|word| *word = 0);
}

fn failure(error: CallError) -> Reply {
    Reply { status: Status::from(error).0, words: [0; 2] }
}

pub(crate) fn interface_of(gate: usize) -> Option<TypeId> {
    KERNEL.with_borrow(|kernel| {
        let service = kernel.services[kernel.service_of(gate)?];
        (usize::from(service.gate) == gate).then(|| (service.interface)())
    })
}

/// The time since the first use, in µs.
pub(crate) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}

/// What is known of a notification.
#[derive(Clone, Copy)]
struct State {
    /// How many signals nobody has waited for yet.
    signals: u32,
    counting: bool,
}

static STATES: Mutex<[State; MAX_NOTIFICATIONS]> =
    Mutex::new([State { signals: 0, counting: false }; MAX_NOTIFICATIONS]);
static SIGNALLED: Condvar = Condvar::new();

fn states() -> MutexGuard<'static, [State; MAX_NOTIFICATIONS]> {
    STATES.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn signal(index: Word) -> Reply {
    match states().get_mut(index) {
        Some(State { signals, counting: true }) => *signals += 1,
        Some(state) => state.signals = 1,
        None => return failure(CallError::NotPermitted),
    }
    SIGNALLED.notify_all();
    Reply { status: 0, words: [0; 2] }
}

/// Waits for any of a set of notifications of a process, the first of which has this index.
pub(crate) fn wait(first: Word, set: u32, timeout: u64) -> Reply {
    let came = |states: &[State; MAX_NOTIFICATIONS]| {
        let own = states.iter().enumerate().skip(first).take(MAX_OWN_NOTIFICATIONS).enumerate();
        let mut members = own.filter(|&(number, _)| set & Process::notification(number) != 0);
        members.find(|(_, (_, state))| state.signals != 0).map(|(_, (index, _))| index)
    };
    // 35 years are for ever; what is much longer overflows the clocks of some hosts.
    let timeout = Duration::from_micros(timeout.min(1 << 50));
    let waited = SIGNALLED.wait_timeout_while(states(), timeout, |states| came(states).is_none());
    let mut states = waited.unwrap_or_else(PoisonError::into_inner).0;
    match came(&states) {
        Some(index) => {
            states[index].signals -= 1;
            Reply { status: 0, words: [index, 0] }
        }
        None => Reply { status: Status::TIMED_OUT.0, words: [0; 2] },
    }
}
