// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wiring of a test while it is built, and its conversion to tables.

use super::thread::Body;
use super::world::TEST;
use crate::Notification;
use crate::wiring::{DEFAULT_SERVICE_STACK, passes_handles};
use core::any::TypeId;
use core::fmt;
use crossgate_abi::table::{
    Gate, LostClients, Method, NO_LOCK, NotificationRow, OnFault, ProcessMemory, ProcessRow,
    RawReply, Service, Supervisor, System, ThreadRow,
};
use crossgate_abi::{
    LockId, MAX_NOTIFICATIONS, MAX_PROCESSES, MAX_THREADS, NotificationId, PRIORITIES, ProcessId,
    ServiceId, Set, Shape, ThreadId, Word,
};
use std::boxed::Box;
use std::vec::Vec;

/// The number of notifications that a process can have.
const OWN_NOTIFICATIONS: usize = 16;
/// The largest possible number of services: a gate has eight bits for them.
const MAX_SERVICES: usize = 256;

/// The number of the notification of the test's process that reports a fault.
const FAULTED: usize = 0;
/// The number of the notification of the test's process that reports the end of a thread.
pub const ENDED: usize = 1;
/// The priority of the test's own thread.
const TEST_PRIORITY: u8 = 1;

#[derive(Clone, Copy)]
struct Process {
    name: &'static str,
    /// The index of the process' first notification, and the number of its notifications.
    notifications: Option<(usize, usize)>,
}

struct Thread {
    process: ProcessId,
    priority: u8,
    is_pooled: bool,
}

#[derive(Clone, Copy)]
struct Signalled {
    name: &'static str,
    owner: ProcessId,
    signallers: Set<ProcessId>,
    counting: bool,
}

/// A wiring that is being built.
pub struct Draft {
    processes: Vec<Process>,
    services: Vec<Service>,
    notifications: Vec<Signalled>,
    /// All threads except for the idle thread and the test's own thread.
    threads: Vec<Thread>,
    /// The bodies of the threads, until they run.
    pub bodies: Vec<Body>,
    lost_clients: Vec<LostClients>,
    locks: usize,
    gates: usize,
    /// The process of the test.
    pub test: usize,
    /// The processes that may crash.
    pub may_crash: u32,
    /// True if objects of the wiring are statics of a firmware.
    pub has_statics: bool,
    pub has_run: bool,
}

impl Draft {
    pub fn new() -> Draft {
        Draft::with_test(Draft {
            processes: Vec::new(),
            services: Vec::new(),
            notifications: Vec::new(),
            threads: Vec::new(),
            bodies: Vec::new(),
            lost_clients: Vec::new(),
            locks: 0,
            gates: 0,
            test: 0,
            may_crash: 0,
            has_statics: false,
            has_run: false,
        })
    }

    pub fn of(system: &System) -> Draft {
        let processes = system.processes.iter().map(|process| Process {
            name: process.name,
            notifications: match process.notifications.count_ones() as usize {
                0 => None,
                count => Some((process.first_notification.index(), count)),
            },
        });
        let notifications = system.notifications.iter().map(|it| Signalled {
            name: it.name,
            owner: it.owner,
            signallers: it.signallers,
            counting: it.counting,
        });
        Draft::with_test(Draft {
            processes: processes.collect(),
            services: system.services.to_vec(),
            notifications: notifications.collect(),
            lost_clients: system.lost_clients.to_vec(),
            locks: system.locks,
            gates: system.gates.len(),
            has_statics: true,
            ..Draft::new()
        })
    }

    fn with_test(mut self) -> Draft {
        self.test = self.new_process("test");
        assert_eq!(self.own_notification(self.test, false), FAULTED);
        assert_eq!(self.own_notification(self.test, false), ENDED);
        self
    }

    pub fn process(&mut self, name: &'static str) -> usize {
        let known = self.processes.iter().position(|process| process.name == name);
        known.unwrap_or_else(|| self.new_process(name))
    }

    pub fn new_process(&mut self, name: &'static str) -> usize {
        assert!(self.processes.len() < MAX_PROCESSES, "a firmware has at most 32 processes");
        self.processes.push(Process { name, notifications: None });
        self.processes.len() - 1
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.processes.iter().map(|process| process.name)
    }

    pub fn new_lock(&mut self) -> LockId {
        assert!(self.locks < NO_LOCK.index(), "a firmware has at most 255 exclusive objects");
        self.locks += 1;
        LockId::new(self.locks - 1)
    }

    /// Adds a service. Returns its first gate.
    pub fn publish(
        &mut self,
        owner: usize,
        object: *mut (),
        methods: &'static [Method],
        interface: fn() -> TypeId,
        lock: LockId,
    ) -> usize {
        assert!(self.services.len() < MAX_SERVICES, "a firmware has at most 256 services");
        let gate = self.gates;
        self.gates += methods.len();
        self.services.push(Service {
            object,
            methods,
            callers: Set::ALL,
            name: self.processes[owner].name,
            interface,
            stack: DEFAULT_SERVICE_STACK as u16,
            gate: gate as u16,
            owner: ProcessId::new(owner),
            lock,
        });
        gate
    }

    pub fn permit(&mut self, gate: usize, callers: u32) {
        let service = self.services.iter_mut().find(|service| usize::from(service.gate) == gate);
        service.expect("a handle of this wiring").callers = Set::of_bits(callers);
    }

    pub fn notification(&mut self, process: usize, counting: bool) -> Notification {
        let number = self.own_notification(process, counting);
        let first = self.processes[process].notifications.map_or(0, |(first, _)| first);
        Notification::__new(first + number, number)
    }

    pub fn notification_of_test(&self, number: usize) -> Notification {
        let first = self.processes[self.test].notifications.map_or(0, |(first, _)| first);
        Notification::__new(first + number, number)
    }

    /// Adds a notification to a process. Returns its number among those of the process. (The notifications of a process
    /// have consecutive indices, so the first notification reserves room for all of them.)
    fn own_notification(&mut self, process: usize, counting: bool) -> usize {
        let place = self.notifications.len();
        let (first, count) = *self.processes[process].notifications.get_or_insert_with(|| {
            let end = place + OWN_NOTIFICATIONS;
            assert!(end <= MAX_NOTIFICATIONS, "at most 15 processes of a test have notifications");
            let owner = ProcessId::new(process);
            let room = Signalled { name: "notification", owner, signallers: Set::ALL, counting };
            self.notifications.resize(end, room);
            (place, 0)
        });
        assert!(
            count < OWN_NOTIFICATIONS && !self.belongs_to_firmware(first),
            "a process of a test has at most 16 notifications, and a process of a firmware those of its wiring"
        );
        self.processes[process].notifications = Some((first, count + 1));
        self.notifications[first + count].counting = counting;
        count
    }

    fn belongs_to_firmware(&self, notification: usize) -> bool {
        self.notifications.get(notification).is_none_or(|it| it.signallers != Set::ALL)
    }

    pub fn lost_clients(&mut self, process: usize, lost: Option<Notification>) {
        self.lost_clients.push(LostClients {
            process: ProcessId::new(process),
            notification: lost.map(|lost| NotificationId::new(lost.index().into())),
            clients: Set::ALL,
        });
    }

    /// Returns the index of the thread that is added next.
    pub fn next_thread(&self) -> usize {
        TEST + 1 + self.threads.len()
    }

    pub fn thread(
        &mut self,
        process: usize,
        priority: u8,
        is_pooled: bool,
        body: impl FnMut() + Send + 'static,
    ) {
        assert!(self.next_thread() < MAX_THREADS, "a test has at most 30 threads besides its own");
        assert!(
            (1..PRIORITIES).contains(&priority.into()),
            "a thread has a priority of 1 to 31, not {priority}"
        );
        self.threads.push(Thread { process: ProcessId::new(process), priority, is_pooled });
        self.bodies.push(Box::new(body));
    }

    /// Returns the gate through which the test enters a process.
    pub fn visit(&self, process: usize) -> usize {
        assert!(self.has_room_for_visits(), "with so many services no process can be entered");
        self.gates + process
    }

    fn has_room_for_visits(&self) -> bool {
        self.services.len() + self.processes.len() <= MAX_SERVICES
    }

    /// Returns the tables of the wiring. `stacks` has the stacks of all threads, including the idle thread.
    pub fn tables(&self, stacks: &[(Word, usize)], shared: [Word; 2]) -> &'static System {
        let mut services = self.services.clone();
        if self.has_room_for_visits() {
            services.extend((0..self.processes.len()).map(|process| Service {
                object: core::ptr::null_mut(),
                methods: VISIT,
                callers: Set::ALL,
                name: "visit",
                interface: TypeId::of::<()>,
                stack: DEFAULT_SERVICE_STACK as u16,
                gate: self.visit(process) as u16,
                owner: ProcessId::new(process),
                lock: NO_LOCK,
            }));
        }
        let gates = services.iter().enumerate().flat_map(|(index, service)| {
            service
                .methods
                .iter()
                .map(move |method| Gate::new(ServiceId::new(index), service, method))
        });
        let threads = self.threads.iter().enumerate();
        let pooled = threads.filter(|(_, thread)| thread.is_pooled);
        let pooled = pooled.map(|(index, _)| Set::of(ThreadId::new(TEST + 1 + index)));
        let pooled = pooled.fold(Set::EMPTY, |all, thread| all | thread);
        Box::leak(Box::new(System {
            processes: self.process_rows(shared),
            gates: gates.collect::<Vec<_>>().leak(),
            passes_handles: passes_handles(&services),
            services: services.leak(),
            threads: self.thread_rows(stacks),
            notifications: self.notification_rows(),
            interrupts: &[],
            lines: &[],
            locks: self.locks,
            deadlines: Set::ALL,
            inspectors: Set::ALL,
            dumpers: Set::EMPTY,
            pooled,
            lost_clients: self.lost_clients.clone().leak(),
            supervisor: Some(Supervisor {
                process: ProcessId::new(self.test),
                notification: NotificationId::new(
                    self.notification_of_test(FAULTED).index().into(),
                ),
            }),
            budgets: None,
            deep_sleep: Some(Set::ALL),
        }))
    }

    fn process_rows(&self, [shared_start, shared_end]: [Word; 2]) -> &'static [ProcessRow] {
        // All memory counts as memory of each process.
        let memory = ProcessMemory {
            start: 0,
            end: Word::MAX,
            shared_start,
            shared_end,
            image: 0,
            data_end: 0,
            kept_start: 0,
        };
        let grants = if passes_handles(&self.services) { self.services.len() } else { 0 };
        let rows = self.processes.iter().enumerate().map(|(index, process)| {
            let (first, count) = process.notifications.unwrap_or((0, 0));
            let restarts = self.may_crash >> index & 1 != 0 && index != self.test;
            ProcessRow {
                name: process.name,
                memory: Box::leak(Box::new(memory)),
                mmio: &[],
                notifications: !u32::MAX.unbounded_shr(count as u32),
                on_fault: if restarts { OnFault::DEFAULT } else { OnFault::Stop },
                first_notification: NotificationId::new(first),
                pieces: ProcessRow::pieces(0, grants),
            }
        });
        rows.collect::<Vec<_>>().leak()
    }

    fn thread_rows(&self, stacks: &[(Word, usize)]) -> &'static [ThreadRow] {
        let idle = ("idle", ProcessId::FIRST, 0);
        let test = ("test", ProcessId::new(self.test), TEST_PRIORITY);
        let others = self.threads.iter().map(|thread| ("thread", thread.process, thread.priority));
        let all = [idle, test].into_iter().chain(others);
        let rows = all.zip(stacks).map(|((name, process, priority), &(start, size))| ThreadRow {
            name,
            entry: super::machine::entry,
            stack: core::ptr::without_provenance(start),
            stack_size: size,
            process,
            priority,
        });
        rows.collect::<Vec<_>>().leak()
    }

    fn notification_rows(&self) -> &'static [NotificationRow] {
        let rows = self.notifications.iter().map(|it| NotificationRow {
            name: it.name,
            signallers: it.signallers,
            owner: it.owner,
            counting: it.counting,
            first_interrupt: 0,
        });
        rows.collect::<Vec<_>>().leak()
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

/// The methods of the service by which the test enters a process.
const VISIT: &[Method] = &[Method::new(visit, Shape::values(1), Shape::NONE)];

unsafe extern "C-unwind" fn visit(_: *mut (), body: Word, _: Word, _: Word, _: Word) -> RawReply {
    let body = core::ptr::with_exposed_provenance_mut::<&mut dyn FnMut()>(body);
    // SAFETY: `enter` has made this call, and waits until it returns. (No other code knows this gate, because it comes
    // after all gates that have a handle.)
    unsafe { (*body)() };
    RawReply { status: 0, words: [0; 2] }
}
