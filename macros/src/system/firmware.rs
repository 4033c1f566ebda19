// SPDX-License-Identifier: MIT OR Apache-2.0
//! The meaning of a wiring.
//!
//! Processes, services, notifications, threads and device registers have numbers: their positions among all of their
//! kind, in the order in which they are written.

use crate::pieces::Error;
use proc_macro::{Ident, Span, TokenTree as Token};

/// The whole wiring.
pub struct Firmware {
    pub attributes: Vec<Token>,
    pub visibility: Vec<Token>,
    /// The name of its tables.
    pub name: Ident,
    pub time_slice: Option<Vec<Token>>,
    pub cpu_time: bool,
    pub deep_sleep: bool,
    pub processes: Vec<Process>,
}

/// The items of one process.
pub struct Process {
    pub name: Ident,
    pub mmio: Vec<Mmio>,
    pub notifications: Vec<Notification>,
    pub interrupts: Vec<Interrupt>,
    pub supervisor: Vec<Supervisor>,
    /// The notification of each `lost_clients`, if it has one.
    pub lost_clients: Vec<Option<Ident>>,
    pub on_fault: Option<Vec<Token>>,
    pub deadlines: bool,
    pub inspects: bool,
    pub crash_dumps: bool,
    pub stay_awake: bool,
    pub budget: Option<Budget>,
    pub heap: Option<Heap>,
    pub objects: Vec<Object>,
    pub threads: Vec<Thread>,
    pub pools: Vec<Pool>,
    /// Objects, notifications and pools, in the order in which they are written: no two of them in a process have the
    /// same name.
    pub own_names: Vec<Ident>,
    /// Services and notifications, in the order in which they are written: no two of them in a firmware have the same
    /// name.
    pub public_names: Vec<Ident>,
    /// The notifications that items of the process name. They have to belong to the process.
    pub bound: Vec<Ident>,
}

/// `mmio REGISTERS;`
pub struct Mmio {
    /// The start of the item.
    pub item: Span,
    pub range: Vec<Token>,
    pub is_shared: bool,
}

/// `notification NAME;`
pub struct Notification {
    pub name: Ident,
    pub is_counting: bool,
}

/// `interrupt LINE => NAME;`
pub struct Interrupt {
    pub line: Vec<Token>,
    pub bound: Ident,
}

/// `supervisor NAME;`
pub struct Supervisor {
    /// The start of the item.
    pub item: Span,
    pub told: Ident,
}

/// `heap = bytes;`
pub struct Heap {
    /// The start of the item.
    pub item: Span,
    pub bytes: Vec<Token>,
}

/// `2 ms / 10 ms`
pub struct Budget {
    pub place: Span,
    pub budget: Vec<Token>,
}

/// `object name (stack = bytes): Type = value => [...];`
pub struct Object {
    pub name: Ident,
    pub stack: Vec<Token>,
    pub ty: Vec<Token>,
    pub value: Vec<Token>,
    pub services: Vec<Service>,
}

/// `SERVICE: dyn Interface`
pub struct Service {
    pub name: Ident,
    pub interface: Vec<Token>,
}

/// `thread name (priority = 3, stack = bytes) = entry(...);`, or a thread of a pool.
pub struct Thread {
    pub name: Ident,
    pub priority: Vec<Token>,
    pub stack: Vec<Token>,
    pub budget: Option<Budget>,
    pub entry: Vec<Token>,
    /// Its place in the source.
    pub place: Span,
}

/// `pool name (count = 3, ...);`
pub struct Pool {
    pub name: Ident,
    pub workers: Vec<Worker>,
}

/// A thread of a pool.
pub struct Worker {
    /// Its position among the threads of the process.
    pub thread: usize,
    /// The notification that is signalled when its job ends.
    pub finished: Ident,
}

impl Process {
    pub fn new(name: Ident) -> Process {
        Process {
            name,
            mmio: vec![],
            notifications: vec![],
            interrupts: vec![],
            supervisor: vec![],
            lost_clients: vec![],
            on_fault: None,
            deadlines: false,
            inspects: false,
            crash_dumps: false,
            stay_awake: false,
            budget: None,
            heap: None,
            objects: vec![],
            threads: vec![],
            pools: vec![],
            own_names: vec![],
            public_names: vec![],
            bound: vec![],
        }
    }

    pub fn add_notification(&mut self, name: Ident, is_counting: bool) {
        self.own_names.push(name.clone());
        self.public_names.push(name.clone());
        self.notifications.push(Notification { name, is_counting });
    }
}

impl Firmware {
    /// Returns all notifications; the position of each is its number.
    pub fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.processes.iter().flat_map(|process| &process.notifications)
    }

    /// Returns all objects, each with the number of its process.
    pub fn objects(&self) -> impl Iterator<Item = (usize, &Object)> {
        let numbered = self.processes.iter().enumerate();
        numbered.flat_map(|(number, process)| process.objects.iter().map(move |it| (number, it)))
    }

    /// Returns all threads except for the idle one, each with the number of its process.
    pub fn threads(&self) -> impl Iterator<Item = (usize, &Thread)> {
        let numbered = self.processes.iter().enumerate();
        numbered.flat_map(|(number, process)| process.threads.iter().map(move |it| (number, it)))
    }

    /// Returns the heaps, each with its process.
    pub fn heaps(&self) -> impl Iterator<Item = (&Process, &Heap)> {
        self.processes.iter().filter_map(|process| Some((process, process.heap.as_ref()?)))
    }

    /// Returns the number of a notification.
    pub fn number_of(&self, notification: &Ident) -> usize {
        let name = notification.to_string();
        let place = self.notifications().position(|it| it.name.to_string() == name);
        place.expect("a bound notification is one of the process")
    }
}

/// Stores a value in `place`. Refuses a second value.
pub fn only_one<T>(place: &mut Option<T>, value: T, span: Span, text: &str) -> Result<(), Error> {
    match place.replace(value) {
        Some(_) => Err(Error::new(span, text)),
        None => Ok(()),
    }
}
