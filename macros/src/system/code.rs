// SPDX-License-Identifier: MIT OR Apache-2.0
//! The inputs of the macros in `crossgate/src/expansion`: each gets the slots that it needs, by name.

mod common;
mod tables;

use super::firmware::{Firmware, Heap, Object, Pool, Process};
use super::rights::Rights;
use crate::pieces::{code_at, invocation, list, number, slots, tokens, word};
use common::{check, services, truth};
use proc_macro::{Literal, Span, TokenStream, TokenTree as Token};

pub fn code(firmware: &Firmware, rights: &Rights) -> TokenStream {
    let mut code = invocation("__names", names(firmware));
    code.extend(invocation("__processes", processes(firmware, rights)));
    code.extend(invocation("__stacks", stacks(firmware)));
    code.extend(invocation("__heaps", heaps(firmware)));
    code.extend(invocation("__tables", tables::tables(firmware, rights)));
    code
}

/// Returns the handles, and the items of each kind that are counted.
fn names(firmware: &Firmware) -> TokenStream {
    let objects = firmware.objects().map(|(_, object)| slots([("type", tokens(&object.ty))]));
    let services = services(firmware).map(|(place, _, object, service)| {
        slots([
            ("name", word(&service.name)),
            ("number", number(place)),
            ("type", tokens(&object.ty)),
            ("interface", tokens(&service.interface)),
        ])
    });
    let notifications = firmware
        .notifications()
        .enumerate()
        .map(|(place, it)| slots([("name", word(&it.name)), ("number", number(place))]));
    let stacks = firmware.threads().map(|(_, thread)| slots([("bytes", tokens(&thread.stack))]));
    let heaps = firmware.heaps().map(|(_, heap)| {
        slots([("bytes", tokens(&super::values::checked("heap_size", heap.bytes.clone())))])
    });
    let mmio = firmware
        .processes
        .iter()
        .flat_map(|process| process.mmio.iter().map(move |range| (process, range)))
        .enumerate()
        .map(|(place, (process, range))| {
            slots([
                ("process", word(&process.name)),
                ("written", text(&range.range)),
                ("shared", truth(range.is_shared)),
                ("mmio", checked_mmio(&range.range)),
                ("check", check("check_mmio", "__MMIO", place, &range.range)),
            ])
        });
    slots([
        ("objects", list(objects)),
        ("services", list(services)),
        ("notifications", list(notifications)),
        ("stacks", list(stacks)),
        ("heaps", list(heaps)),
        ("mmio", list(mmio)),
    ])
}

fn checked_mmio(range: &[Token]) -> TokenStream {
    tokens(&super::values::checked("mmio", range.to_vec()))
}

/// Returns the objects of the processes, and the functions of their threads.
fn processes(firmware: &Firmware, rights: &Rights) -> TokenStream {
    let (mut first_notification, mut first_thread) = (0, 0);
    let processes =
        firmware.processes.iter().zip(&rights.of_processes).map(|(process, mentions)| {
            let slots = slots([
                ("name", word(&process.name)),
                ("mentions", mentions.iter().flat_map(|it| it.requirement()).collect()),
                ("notifications", own_notifications(process, first_notification)),
                ("objects", list(process.objects.iter().map(object))),
                ("pools", list(process.pools.iter().map(|it| pool(it, first_thread)))),
                (
                    "threads",
                    list(process.threads.iter().map(|thread| {
                        slots([("name", word(&thread.name)), ("entry", tokens(&thread.entry))])
                    })),
                ),
            ]);
            first_notification += process.notifications.len();
            first_thread += process.threads.len();
            slots
        });
    slots([("processes", list(processes))])
}

/// Returns the notifications of a process, with their numbers in the firmware and in the process.
fn own_notifications(process: &Process, first: usize) -> TokenStream {
    list(process.notifications.iter().enumerate().map(|(own, notification)| {
        slots([
            ("name", word(&notification.name)),
            ("number", number(first + own)),
            ("own", number(own)),
        ])
    }))
}

fn object(object: &Object) -> TokenStream {
    slots([
        ("name", word(&object.name)),
        ("type", tokens(&object.ty)),
        ("value", tokens(&object.value)),
    ])
}

/// Returns a pool of a process whose first thread has this number.
fn pool(pool: &Pool, first_thread: usize) -> TokenStream {
    let workers = pool.workers.iter().map(|worker| {
        slots([
            ("thread", number(first_thread + worker.thread)),
            ("finished", word(&worker.finished)),
        ])
    });
    slots([("name", word(&pool.name)), ("workers", list(workers))])
}

/// Returns the threads of each process, for the statics of their stacks. (The constants of the wiring contain the
/// sizes.)
fn stacks(firmware: &Firmware) -> TokenStream {
    let mut next = 0..;
    let processes = firmware.processes.iter().map(|process| {
        let threads = process.threads.iter().zip(&mut next);
        let threads = threads.map(|(thread, place)| {
            slots([("name", word(&thread.name)), ("number", number(place))])
        });
        slots([("name", word(&process.name)), ("threads", list(threads))])
    });
    slots([("processes", list(processes))])
}

/// Returns the text of an expression as a literal, for messages. Paths look as in the source.
fn text(expression: &[Token]) -> TokenStream {
    let text = tokens(expression).to_string().replace(" :: ", "::");
    code_at(&format!("{text:?}"), Span::call_site())
}

/// Returns the heaps of processes. (The constants of the wiring contain their sizes.)
fn heaps(firmware: &Firmware) -> TokenStream {
    let heaps = firmware.heaps().enumerate().map(|(place, (process, heap))| {
        slots([
            ("process", word(&process.name)),
            ("number", number(place)),
            ("crate", code_at("::crossgate_alloc", heap.item)),
            ("exhausted", Token::from(Literal::string(&exhausted(process, heap))).into()),
        ])
    });
    slots([("heaps", list(heaps))])
}

/// Returns the text that the record of a crash contains in place of a file name if the heap of a process is exhausted.
/// In place of the line number, the record contains the number of bytes that were requested.
fn exhausted(process: &Process, heap: &Heap) -> String {
    let bytes: TokenStream = tokens(&heap.bytes);
    format!("heap exhausted: `heap = {bytes}` in the wiring of `{}`, bytes asked for", process.name)
}
