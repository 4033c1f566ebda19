// SPDX-License-Identifier: MIT OR Apache-2.0
//! The wirings of the tests, and the addresses of their memory.

use super::*;

pub const FLASH: Span = Span { start: 0x1000, end: 0x9000 };
pub const STACK_SIZE: Word = 0x1000;

/// The set of the first notification of a process.
pub const FIRST_OWN: Word = table::ProcessRow::notification(0) as Word;
/// The set of the second notification of a process.
pub const SECOND_OWN: Word = table::ProcessRow::notification(1) as Word;

/// Returns the start of the stack of a thread.
pub const fn stack(thread: usize) -> Word {
    0x10_0000 + thread * 0x1_0000
}

/// Returns the start of the memory of a process: the first 0x100 bytes are shared.
pub const fn memory(process: usize) -> Word {
    0x20_0000 + process * 0x1_0000
}

/// The entry of each method.
pub extern "C-unwind" fn thunk(_: *mut (), _: Word, _: Word, _: Word, _: Word) -> table::RawReply {
    unreachable!("the core never runs a method itself")
}

/// The entry of each thread.
pub extern "C" fn main() -> ! {
    unreachable!("the core never runs a thread itself")
}

/// A builder of a wiring.
#[derive(Default)]
pub struct Wiring {
    services: Vec<table::Service>,
    threads: Vec<table::ThreadRow>,
    notifications: Vec<table::NotificationRow>,
    interrupts: Vec<table::Interrupt>,
    supervisor: Option<table::Supervisor>,
    locks: usize,
    restarts: Option<u8>,
    deadlines: Set<ProcessId>,
    inspectors: Set<ProcessId>,
    deep_sleep: Option<Set<ProcessId>>,
    dumpers: Set<ProcessId>,
    pooled: Set<ThreadId>,
    lost_clients: Vec<table::LostClients>,
    budgets: Vec<table::Budget>,
    time_slice: u32,
    cpu_time: bool,
}

impl Wiring {
    /// Adds a service of the process `owner` that `callers` may call.
    pub fn service(mut self, owner: usize, callers: u32, arguments: Shape) -> Self {
        let methods = vec![table::Method::new(thunk, arguments, Shape::values(2))].leak();
        self.services.push(table::Service {
            object: (0x5000 + self.services.len()) as *mut (),
            methods,
            callers: Set::of_bits(callers),
            name: "service",
            interface: core::any::TypeId::of::<()>,
            stack: 256,
            gate: self.services.len() as u16,
            owner: ProcessId::new(owner),
            lock: NO_LOCK,
        });
        self
    }

    /// Gives the last service results of this shape.
    pub fn gives(mut self, results: Shape) -> Self {
        let service = self.services.last_mut().unwrap();
        let arguments = service.methods[0].arguments;
        service.methods = vec![table::Method::new(thunk, arguments, results)].leak();
        self
    }

    /// Makes the last service admit one call at a time.
    pub fn exclusive(mut self) -> Self {
        self.services.last_mut().unwrap().lock = LockId::new(self.locks);
        self.locks += 1;
        self
    }

    /// Adds a thread; the first one is number 1.
    pub fn thread(mut self, process: usize, priority: u8) -> Self {
        if self.threads.is_empty() {
            self.threads.push(thread(0, 0, 0));
        }
        self.threads.push(thread(self.threads.len(), process, priority));
        self
    }

    /// Adds a notification of `owner`. All notifications of a process have to be added one after the other.
    pub fn notification(mut self, owner: usize, signallers: u32, counting: bool) -> Self {
        self.notifications.push(table::NotificationRow {
            name: "notification",
            owner: ProcessId::new(owner),
            signallers: Set::of_bits(signallers),
            counting,
            first_interrupt: 0,
        });
        self
    }

    /// Binds an interrupt line. The lines of earlier notifications have to be bound first.
    pub fn interrupt(mut self, line: u16, notification: usize) -> Self {
        let owner = self.notifications[notification].owner;
        let notification = NotificationId::new(notification);
        self.interrupts.push(table::Interrupt { line, notification, owner });
        self
    }

    /// Lets these processes set deadlines.
    pub fn deadlines(mut self, processes: u32) -> Self {
        self.deadlines = Set::of_bits(processes);
        self
    }

    /// Lets these processes inspect the others.
    /// Lets the CPU sleep deeply, unless one of these processes keeps it from doing so.
    pub fn deep_sleep(mut self, processes: u32) -> Self {
        self.deep_sleep = Some(Set::of_bits(processes));
        self
    }

    pub fn inspectors(mut self, processes: u32) -> Self {
        self.inspectors = Set::of_bits(processes);
        self
    }

    /// Lets these processes read crash dumps.
    pub fn dumpers(mut self, processes: u32) -> Self {
        self.dumpers = Set::of_bits(processes);
        self
    }

    /// Makes these threads belong to pools: bit t is thread t.
    pub fn pooled(mut self, threads: u32) -> Self {
        self.pooled = Set::of_bits(threads);
        self
    }

    /// Lets a process ask for the lives of `clients`, and signals `notification`, if there is one, when such a life
    /// ends.
    pub fn lost_clients(
        mut self,
        process: usize,
        notification: Option<usize>,
        clients: u32,
    ) -> Self {
        self.lost_clients.push(table::LostClients {
            process: ProcessId::new(process),
            notification: notification.map(NotificationId::new),
            clients: Set::of_bits(clients),
        });
        self
    }

    /// Lets these threads run for some time of each period, in µs.
    pub fn budget(mut self, process: usize, threads: u32, time: u32, period: u32) -> Self {
        let (threads, process) = (Set::of_bits(threads), ProcessId::new(process));
        self.budgets.push(table::Budget { time, period, threads, process });
        self
    }

    /// Sets the time slice of each priority, in µs.
    pub fn time_slice(mut self, time: u32) -> Self {
        self.time_slice = time;
        self
    }

    /// Counts how long threads and processes run.
    pub fn cpu_time(mut self) -> Self {
        self.cpu_time = true;
        self
    }

    /// Lets processes restart, up to `limit` times in a row.
    pub fn restarts(mut self, limit: u8) -> Self {
        self.restarts = Some(limit);
        self
    }

    pub fn supervisor(mut self, process: usize, notification: usize) -> Self {
        let notification = NotificationId::new(notification);
        let process = ProcessId::new(process);
        self.supervisor = Some(table::Supervisor { process, notification });
        self
    }

    /// Returns a kernel with four running processes. Its worker has no work left, and the other threads are ready to
    /// start.
    pub fn boot(mut self) -> Driver {
        let mut methods = self.services.iter().flat_map(|service| service.methods);
        let passes_handles = methods.any(|method| method.arguments.has_handles());
        let owned = |index| {
            let all = self.notifications.iter().enumerate();
            all.filter(move |(_, it)| it.owner.index() == index).map(|(number, _)| number)
        };
        let processes: Vec<_> = (0..4)
            .map(|index| table::ProcessRow {
                name: "process",
                memory: Box::leak(Box::new(ProcessMemory {
                    start: memory(index),
                    end: memory(index) + 0x1000,
                    shared_start: memory(index),
                    shared_end: memory(index) + 0x100,
                    image: 0,
                    data_end: 0,
                    kept_start: memory(index) + 0x1000,
                })),
                mmio: &[],
                on_fault: self.restarts.map_or(OnFault::Stop, |limit| OnFault::Restart { limit }),
                notifications: {
                    let first = owned(index).next().unwrap_or(0);
                    assert!(owned(index).eq(first..first + owned(index).count()));
                    !u32::MAX.unbounded_shr(owned(index).count() as u32)
                },
                first_notification: NotificationId::new(owned(index).next().unwrap_or(0)),
                pieces: {
                    let mut bound = self.interrupts.iter().map(|it| it.notification.index());
                    let is_bound = bound.any(|it| owned(index).any(|owned| owned == it));
                    let interrupts = if is_bound { self.interrupts.len() } else { 0 };
                    let grants = if passes_handles { self.services.len() } else { 0 };
                    table::ProcessRow::pieces(interrupts, grants)
                },
            })
            .collect();
        let gates: Vec<_> = self
            .services
            .iter()
            .enumerate()
            .map(|(index, service)| {
                table::Gate::new(ServiceId::new(index), service, &service.methods[0])
            })
            .collect();
        let budgets: &'static _ = Box::leak(Box::new(table::Budgets {
            of_threads: (0..=self.threads.len())
                .map(|thread| {
                    let of = self.budgets.iter().enumerate();
                    of.filter(|(_, budget)| budget.threads.contains(ThreadId::new(thread)))
                        .fold(Set::EMPTY, |set, (index, _)| set | Set::of(BudgetId::new(index)))
                })
                .collect::<Vec<_>>()
                .leak(),
            budgets: self.budgets.leak(),
            time_slice: self.time_slice,
            cpu_time: self.cpu_time,
        }));
        for (index, row) in self.notifications.iter_mut().enumerate() {
            row.first_interrupt =
                table::Interrupt::first_of(&self.interrupts, NotificationId::new(index));
        }
        let mut lines = vec![table::UNBOUND; table::Interrupt::line_count(&self.interrupts)];
        for bound in &self.interrupts {
            lines[usize::from(bound.line)] = bound.notification.number();
        }
        let system = Box::leak(Box::new(System {
            processes: processes.leak(),
            gates: gates.leak(),
            services: self.services.leak(),
            threads: self.threads.leak(),
            notifications: self.notifications.leak(),
            interrupts: self.interrupts.leak(),
            lines: lines.leak(),
            locks: self.locks,
            deadlines: self.deadlines,
            inspectors: self.inspectors,
            dumpers: self.dumpers,
            pooled: self.pooled,
            lost_clients: self.lost_clients.leak(),
            passes_handles,
            supervisor: self.supervisor,
            budgets: (budgets.are_some() || budgets.cpu_time).then_some(budgets),
            deep_sleep: self.deep_sleep,
        }));
        let mut threads = vec![None];
        threads.extend((1..system.threads.len()).map(|_| Some(Box::leak(Box::new(Thread::EMPTY)))));
        let inspection = system.is_inspected().then(|| {
            // The values of memory after power-on.
            let dump = || &mut *Box::leak(Box::new([0x5a; dump::WORDS]));
            let crashes = vec![Crashes::NONE; system.processes.len()].leak();
            let dump = (!system.dumpers.is_empty()).then(dump);
            &mut *Box::leak(Box::new(Inspection::new(crashes, dump)))
        });
        let storage = Storage {
            idle: Box::leak(Box::new(Thread::EMPTY)),
            threads: threads.leak(),
            locks: vec![Lock::FREE; system.locks].leak(),
            notifications: vec![Notification::QUIET; system.notifications.len()].leak(),
            granted: vec![Set::EMPTY; if passes_handles { system.services.len() } else { 0 }]
                .leak(),
            processes: vec![Process::NEW; system.processes.len()].leak(),
            budgets: system.budgets.map(|wiring| {
                let accounts = vec![Account::NEW; wiring.budgets.len()].leak();
                let turns = vec![Turn::NEW; system.threads.len()].leak();
                let usage = wiring.cpu_time.then(|| {
                    let threads = vec![0; system.threads.len()].leak();
                    let processes = vec![0; system.processes.len()].leak();
                    &mut *Box::leak(Box::new(Usage::new(threads, processes)))
                });
                &mut *Box::leak(Box::new(Budgets::new(wiring, accounts, turns, usage)))
            }),
            optional: is_needed(system).then(|| {
                let ended = vec![0; system.processes.len()].leak();
                let power =
                    system.deep_sleep.map(|_| &mut *Box::leak(Box::new(Power::new(system))));
                &mut *Box::leak(Box::new(Optional::new(system, ended, inspection, power)))
            }),
        };
        let kernel = Kernel::new(system, storage, TestPort::default());
        let mut driver = Driver { kernel, settles: true, gave_way: false };
        driver.kernel.start(FLASH);
        for process in (0..4).map(ProcessId::new) {
            while !matches!(driver.kernel.advance(process), Progress::Running) {}
        }
        let nothing_to_do = Status::NO_SUCH_SYSTEM_CALL;
        assert_eq!(driver.ask(number::WORK, [0; 4]).reply.map(|it| it.status), Some(nothing_to_do));
        driver
    }
}

pub fn thread(index: usize, process: usize, priority: u8) -> table::ThreadRow {
    table::ThreadRow {
        name: "thread",
        entry: main,
        stack: stack(index) as *const u8,
        stack_size: STACK_SIZE,
        process: ProcessId::new(process),
        priority,
    }
}
