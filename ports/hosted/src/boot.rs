// SPDX-License-Identifier: MIT OR Apache-2.0
//! The start of the kernel: from `main` to the first thread.

use crate::blocking::block_system_calls;
use crate::clock::Clock;
use crate::device::bus::DeviceBus;
use crate::domain::Domain;
use crate::linux::{files, program, signals};
use crate::machine::{self, Machine, install, with_kernel};
use crate::memory::{self, Region};
use crate::options::{self, Options};
use crate::pages::STACK;
use crate::protection::{KernelMemory, Opening, Protection};
use crate::start::idle;
use crate::way::{Answer, Start, Way};
use crate::words::KERNEL_STACK_END;
use crate::{cpu, exit, handler, handling, heap, inside, lending, signal, step};
use core::sync::atomic::Ordering;
use crossgate_abi::Set;
use crossgate_abi::inspect::dump;
use crossgate_abi::table::{ProcessRow, Supervisor, System, ThreadRow};
use crossgate_kernel::budget::{Account, Budgets, Turn};
use crossgate_kernel::note::{Crashes, Inspection};
use crossgate_kernel::optional::{Optional, is_needed};
use crossgate_kernel::power::Power;
use crossgate_kernel::time::NEVER;
use crossgate_kernel::usage::Usage;
use crossgate_kernel::{Kernel, Storage, lock::Lock, notification::Notification, process};
use crossgate_protection::Span;

/// Runs the firmware of this wiring.
pub fn run(wiring: &'static System) -> ! {
    run_after(wiring, &mut |_| {})
}

/// Runs the firmware of this wiring. Before the kernel is created and the first thread runs, calls `look` with the
/// machine.
///
/// The linker wrapper recognizes a program that runs firmware by this name.
#[unsafe(export_name = "__crossgate_run")]
pub fn run_after(wiring: &'static System, look: &mut dyn FnMut(&mut Machine)) -> ! {
    let options = options::parse(std::env::args_os());
    match prepare(wiring, &options, look) {
        Ok(way) => exit::first(way),
        Err(why) => program::fatal(format_args!("{why}")),
    }
}

fn prepare(
    wiring: &'static System,
    options: &Options,
    look: &mut dyn FnMut(&mut Machine),
) -> Result<Way, String> {
    cpu::check()?;
    if options.seed.is_some() {
        step::check()?;
    }
    heap::begin()?;
    let regions = memory::map(wiring)?;
    let system = &*Box::leak(Box::new(place(wiring, &regions)?));
    inside::tell(system);
    let heap = heap::seal();
    files::make_standard_streams();
    let kernel_stack = memory::kernel_stack()?;
    KERNEL_STACK_END.store(kernel_stack.end, Ordering::Relaxed);
    let (signal_stack, handlers) = (memory::kernel_stack()?, memory::kernel_stack()?);
    signals::set_stack(signal_stack)?;
    let closed = [heap, kernel_stack, handlers];
    let protection = Protection::choose(
        options.protection,
        &KernelMemory { closed, open: signal_stack },
        &regions,
        stacks(system, &regions),
    )?;
    // A device may signal as soon as it is connected.
    let handler = handling::handler(protection.has_keys());
    signal::install(signal_stack.end, handlers.end, handler)?;
    lending::choose(options.lending);
    let clock = if options.is_virtual() { Clock::counted(options.seed)? } else { Clock::real()? };
    let mut machine = Machine {
        clock,
        timer: NEVER,
        devices: DeviceBus::new(options)?,
        semihosting: options.semihosting,
        system,
        wiring,
        protection,
        regions,
        opening: Opening::NOTHING,
        next_domain: Domain::EMPTY,
        start: Start::default(),
        answer: Answer::default(),
        faulted: None,
    };
    look(&mut machine);
    let kernel = Box::leak(Box::new(Kernel::new(system, storage(system), machine)));
    kernel.start(program::constants());
    inside::tell_places(kernel);
    install(kernel);
    if options.block_system_calls {
        block_system_calls()?;
    }
    Ok(with_kernel(handler::first))
}

/// Returns the wiring with the addresses of memory in this program.
fn place(wiring: &System, regions: &[Region]) -> Result<System, String> {
    let processes = wiring.processes.iter().zip(regions).map(|(process, region)| ProcessRow {
        name: process.name,
        memory: region.memory,
        mmio: process.mmio,
        notifications: process.notifications,
        on_fault: process.on_fault,
        first_notification: process.first_notification,
        pieces: process.pieces,
    });
    let mut has_first_thread = Set::EMPTY;
    let mut threads = Vec::new();
    for (index, thread) in wiring.threads.iter().enumerate() {
        let process = thread.process.index();
        let size = memory::stack_size(thread.stack_size);
        let stack = match regions.get(process).and_then(|region| region.stack) {
            Some(stack)
                if index != 0 && !has_first_thread.contains(thread.process) && size == STACK =>
            {
                has_first_thread.insert(thread.process);
                stack
            }
            _ => memory::stack(size)?,
        };
        threads.push(ThreadRow {
            name: thread.name,
            entry: if index == 0 { idle } else { thread.entry },
            stack: core::ptr::without_provenance(stack.start),
            stack_size: stack.length(),
            process: thread.process,
            priority: thread.priority,
        });
    }
    Ok(System {
        processes: processes.collect::<Vec<_>>().leak(),
        services: wiring.services,
        gates: wiring.gates,
        threads: threads.leak(),
        notifications: wiring.notifications,
        interrupts: wiring.interrupts,
        lines: wiring.lines,
        locks: wiring.locks,
        deadlines: wiring.deadlines,
        inspectors: wiring.inspectors,
        dumpers: wiring.dumpers,
        pooled: wiring.pooled,
        lost_clients: wiring.lost_clients,
        passes_handles: wiring.passes_handles,
        supervisor: wiring
            .supervisor
            .as_ref()
            .map(|row| Supervisor { process: row.process, notification: row.notification }),
        budgets: wiring.budgets,
        deep_sleep: wiring.deep_sleep,
    })
}

/// Returns the stacks of all threads, without the parts that are in the regions of processes. The stack of the idle
/// thread is last.
fn stacks(system: &System, regions: &[Region]) -> impl Iterator<Item = Span> {
    let threads = system.threads.iter().skip(1).chain(system.threads.first());
    threads.map(|thread| memory::private(thread.stack_range().into(), regions))
}

/// Returns the kernel's memory.
fn storage(system: &System) -> Storage<Machine> {
    let others = system.threads.len().saturating_sub(1);
    let threads = (0..others).map(|_| Some(&mut *Box::leak(Box::new(machine::Thread::EMPTY))));
    let slots: Vec<machine::Slot> = core::iter::once(None).chain(threads).collect();
    let granted = if system.passes_handles { system.services.len() } else { 0 };
    let told = if system.lost_clients.is_empty() { 0 } else { system.processes.len() };
    Storage {
        idle: Box::leak(Box::new(machine::Thread::EMPTY)),
        threads: slots.leak(),
        locks: vec![Lock::FREE; system.locks].leak(),
        notifications: vec![Notification::QUIET; system.notifications.len()].leak(),
        granted: vec![Set::EMPTY; granted].leak(),
        processes: vec![process::Process::NEW; system.processes.len()].leak(),
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
            let ended = vec![0; told].leak();
            let power = system.deep_sleep.map(|_| &mut *Box::leak(Box::new(Power::new(system))));
            let optional = Optional::new(system, ended, inspection(system), power);
            &mut *Box::leak(Box::new(optional))
        }),
    }
}

/// Returns the records for processes that may inspect.
fn inspection(system: &System) -> Option<&'static mut Inspection> {
    system.is_inspected().then(|| {
        let crashes = vec![Crashes::NONE; system.processes.len()].leak();
        let dump =
            (!system.dumpers.is_empty()).then(|| &mut *Box::leak(Box::new([0; dump::WORDS])));
        &mut *Box::leak(Box::new(Inspection::new(crashes, dump)))
    })
}
