// SPDX-License-Identifier: MIT OR Apache-2.0
//! The tables of the kernel.

use super::super::firmware::{Firmware, Process};
use super::super::rights::Rights;
use super::super::values::policy;
use super::common::{check, services, truth};
use crate::pieces::{list, mask, number, slots, tokens, word, written};
use proc_macro::{Ident, Span, TokenStream};

pub fn tables(firmware: &Firmware, rights: &Rights) -> TokenStream {
    slots([
        ("attributes", tokens(&firmware.attributes)),
        ("visibility", tokens(&firmware.visibility)),
        ("name", word(&firmware.name)),
        ("cpu_time", truth(firmware.cpu_time)),
        ("processes", processes(firmware)),
        ("services", service_table(firmware, rights)),
        ("threads", threads(firmware)),
        ("notifications", notifications(firmware, rights)),
        ("interrupts", interrupts(firmware)),
        ("homes", list(firmware.threads().map(|(process, _)| number(process)))),
        ("budgets", budgets(firmware)),
        ("time_slice", firmware.time_slice.iter().flatten().cloned().collect()),
        ("deadlines", set(firmware, |process| process.deadlines)),
        ("inspectors", set(firmware, |process| process.inspects)),
        ("dumpers", set(firmware, |process| process.crash_dumps)),
        ("pooled", mask(pooled(firmware))),
        ("lost_clients", lost_clients(firmware)),
        ("supervisor", supervisor(firmware)),
        (
            "deep_sleep",
            if firmware.deep_sleep {
                set(firmware, |it| it.stay_awake)
            } else {
                TokenStream::new()
            },
        ),
    ])
}

/// Returns the set of the processes for which `is_in` is true.
fn set(firmware: &Firmware, is_in: impl Fn(&Process) -> bool) -> TokenStream {
    let numbered = firmware.processes.iter().enumerate();
    mask(numbered.filter(|(_, it)| is_in(it)).fold(0, |set, (number, _)| set | 1 << number))
}

/// Returns the set of the threads of pools. The idle thread is the first of all threads.
fn pooled(firmware: &Firmware) -> u32 {
    let (mut set, mut first_thread) = (0, 0);
    for process in &firmware.processes {
        for worker in process.pools.iter().flat_map(|pool| &pool.workers) {
            set |= 1 << (first_thread + worker.thread + 1);
        }
        first_thread += process.threads.len();
    }
    set
}

fn processes(firmware: &Firmware) -> TokenStream {
    let (mut range, mut first_notification) = (0.., 0);
    list(firmware.processes.iter().map(|process| {
        let mmio = process.mmio.iter().zip(&mut range).map(|(_, place)| number(place));
        let on_fault = process.on_fault.clone();
        let on_fault = on_fault.unwrap_or_else(|| policy("DEFAULT", Span::call_site()));
        let count = process.notifications.len();
        let slots = slots([
            ("name", word(&process.name)),
            ("mmio", list(mmio)),
            ("notifications", list((0..count).map(number))),
            ("first_notification", number(first_notification)),
            ("has_interrupts", truth(!process.interrupts.is_empty())),
            ("on_fault", tokens(&on_fault)),
        ]);
        first_notification += count;
        slots
    }))
}

fn service_table(firmware: &Firmware, rights: &Rights) -> TokenStream {
    list(services(firmware).map(|(place, (object_place, owner), object, service)| {
        slots([
            ("name", word(&service.name)),
            ("number", number(place)),
            ("interface", tokens(&service.interface)),
            ("written", written(&service.interface)),
            ("process", word(&firmware.processes[owner].name)),
            ("owner", number(owner)),
            ("object", word(&object.name)),
            ("place", number(object_place)),
            ("type", tokens(&object.ty)),
            ("stack", tokens(&object.stack)),
            ("callers", mask(rights.users(&service.name))),
        ])
    }))
}

fn threads(firmware: &Firmware) -> TokenStream {
    list(firmware.threads().enumerate().map(|(place, (owner, thread))| {
        slots([
            ("name", word(&thread.name)),
            ("number", number(place)),
            ("process", word(&firmware.processes[owner].name)),
            ("owner", number(owner)),
            ("priority", tokens(&thread.priority)),
        ])
    }))
}

/// Returns the notifications. A process may signal its own notifications as well.
fn notifications(firmware: &Firmware, rights: &Rights) -> TokenStream {
    let numbered = firmware.processes.iter().enumerate();
    list(numbered.flat_map(|(owner, process)| {
        process.notifications.iter().map(move |notification| {
            slots([
                ("number", number(firmware.number_of(&notification.name))),
                ("name", word(&notification.name)),
                ("owner", number(owner)),
                ("signallers", mask(1 << owner | rights.users(&notification.name))),
                ("counting", truth(notification.is_counting)),
            ])
        })
    }))
}

/// Returns the interrupts, in the order of their notifications.
fn interrupts(firmware: &Firmware) -> TokenStream {
    let numbered = firmware.processes.iter().enumerate();
    let all =
        numbered.flat_map(|(owner, process)| process.interrupts.iter().map(move |it| (owner, it)));
    let mut all: Vec<_> =
        all.map(|(owner, it)| (firmware.number_of(&it.bound), owner, it)).collect();
    all.sort_by_key(|&(notification, ..)| notification);
    list(all.into_iter().enumerate().map(|(place, (notification, owner, interrupt))| {
        slots([
            ("line", tokens(&interrupt.line)),
            ("bound", word(&interrupt.bound)),
            ("notification", number(notification)),
            ("owner", number(owner)),
            ("check", check("check_line", "__LINES", place, &interrupt.line)),
        ])
    }))
}

/// Returns the budgets: first those of processes, then those of threads.
fn budgets(firmware: &Firmware) -> TokenStream {
    let of_processes = firmware.processes.iter().map(|process| &process.budget).enumerate();
    let of_threads = firmware.threads().map(|(_, thread)| &thread.budget).enumerate();
    let of_processes = of_processes.map(|it| ("budget_of_process", it));
    let of_threads = of_threads.map(|it| ("budget_of_thread", it));
    list(of_processes.chain(of_threads).filter_map(|(kind, (whose, budget))| {
        Some(slots([
            ("kind", word(&Ident::new(kind, Span::call_site()))),
            ("budget", tokens(&budget.as_ref()?.budget)),
            ("whose", number(whose)),
        ]))
    }))
}

fn lost_clients(firmware: &Firmware) -> TokenStream {
    let numbered = firmware.processes.iter().enumerate();
    list(numbered.flat_map(|(process, items)| {
        items.lost_clients.iter().map(move |told| {
            let told = told.as_ref().map(|name| number(firmware.number_of(name)));
            slots([("process", number(process)), ("notification", told.unwrap_or_default())])
        })
    }))
}

/// Returns the supervisor. There is at most one.
fn supervisor(firmware: &Firmware) -> TokenStream {
    let numbered = firmware.processes.iter().enumerate();
    list(numbered.flat_map(|(process, items)| {
        items.supervisor.iter().map(move |supervisor| {
            let told = number(firmware.number_of(&supervisor.told));
            slots([("process", number(process)), ("notification", told)])
        })
    }))
}
