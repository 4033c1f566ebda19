// SPDX-License-Identifier: MIT OR Apache-2.0
//! A process accesses memory of others: as a thread at home, as a caller, and as a server that runs in a thread of
//! another process. Each attempt stops only the attacker, at that instruction.
#![cfg_attr(target_os = "none", no_std, no_main)]

use core::sync::atomic::{AtomicU32, Ordering};
use crossgate::{CallError, Concurrent, Handle, Notification, Signal, interface};
use crossgate_abi::Cause;
use system_tests::probe;
use system_tests::report::{broken, expect, expect_that, pass};
use system_tests::victim::{Safe, Vault};
use system_tests::watch::Watch;

/// A server that accesses memory that its clients choose.
#[interface]
trait Reach {
    fn load(&self, address: usize) -> u32;
    fn store(&self, address: usize, word: u32);
}

struct Hostile;

impl Reach for Hostile {
    fn load(&self, address: usize) -> u32 {
        probe::load(address)
    }
    fn store(&self, address: usize, word: u32) {
        probe::store(address, word);
    }
}

/// Private memory of a process that calls hostile servers.
struct Diary {
    page: AtomicU32,
}

const PAGE: u32 = 0xd1a6_0001;

/// An address that is neither flash, nor RAM of the board, nor a device.
const NOTHING: usize = 0x6000_0000;

crossgate::system! {
    static SYSTEM;
    process witness {
        on_fault = stop;
        notification FAULTED;
        notification CLIENT_DONE;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = witness(FAULTED, CLIENT_DONE, VAULT);
    }
    process victim { on_fault = stop; object safe: Concurrent<Safe> = Safe::new() => [VAULT: dyn Vault]; }

    process reads_static { on_fault = stop; thread attack (priority = 5, stack = 1024) = read_static(VAULT); }
    process writes_static { on_fault = stop; thread attack (priority = 5, stack = 1024) = write_static(VAULT); }
    process reads_stack { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(stack_of_others()); }
    process writes_stack { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(stack_of_others()); }
    process writes_flash { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(flash()); }
    process reads_device { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(board::UART0.start); }
    process writes_device { on_fault = stop; thread attack (priority = 5, stack = 1024) = write(board::UART0.start); }
    process reads_neighbour {
        on_fault = stop;
        mmio board::UART0;
        thread attack (priority = 5, stack = 1024) = read(board::UART1.start);
    }
    process reads_nothing { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(NOTHING); }
    process reads_null_past_flash { on_fault = stop; thread attack (priority = 5, stack = 1024) = read(usize::MAX - 3); }

    process static_reader { on_fault = stop; object static_reader_object: Concurrent<Hostile> = Hostile => [STATIC_READER: dyn Reach]; }
    process static_writer { on_fault = stop; object static_writer_object: Concurrent<Hostile> = Hostile => [STATIC_WRITER: dyn Reach]; }
    process frame_reader { on_fault = stop; object frame_reader_object: Concurrent<Hostile> = Hostile => [FRAME_READER: dyn Reach]; }
    process frame_writer { on_fault = stop; object frame_writer_object: Concurrent<Hostile> = Hostile => [FRAME_WRITER: dyn Reach]; }
    process client {
        on_fault = stop;
        object diary: Concurrent<Diary> = Diary { page: AtomicU32::new(PAGE) } => [];
        thread main (priority = 4, stack = 2048) = client(
            &diary,
            [STATIC_READER, STATIC_WRITER, FRAME_READER, FRAME_WRITER],
            CLIENT_DONE,
        );
    }
}
board::start!(SYSTEM);

fn stack_of_others() -> usize {
    probe::stack_of(&SYSTEM, "main", 9).end - 4
}

fn flash() -> usize {
    (&raw const SYSTEM).addr()
}

/// Reads, as a caller, a static of a process that the attacker may call.
fn read_static(vault: Handle<dyn Vault>) -> ! {
    read(vault.address().unwrap_or(0))
}

fn write_static(vault: Handle<dyn Vault>) -> ! {
    write(vault.address().unwrap_or(0))
}

fn read(address: usize) -> ! {
    let word = probe::load(address);
    core::hint::black_box(word);
    broken("has read memory that is not its own")
}

fn write(address: usize) -> ! {
    probe::store(address, 0xbad0_bad0);
    broken("has written memory that is not its own")
}

/// Lets hostile servers run in this thread. They attack a static of the process, and a variable in the thread's stack
/// frame.
fn client(
    diary: &Diary,
    [reader, writer, frame_reader, frame_writer]: [Handle<dyn Reach>; 4],
    done: Signal,
) -> ! {
    let page = (&raw const diary.page).addr();
    let frame = AtomicU32::new(PAGE);
    let variable = (&raw const frame).addr();
    expect("a server reads its caller's static", reader.load(page), Err(CallError::ServerFaulted));
    expect(
        "a server writes its caller's static",
        writer.store(page, 0),
        Err(CallError::ServerFaulted),
    );
    expect(
        "a server reads its caller's frame",
        frame_reader.load(variable),
        Err(CallError::ServerFaulted),
    );
    expect(
        "a server writes its caller's frame",
        frame_writer.store(variable, 0),
        Err(CallError::ServerFaulted),
    );
    expect("the static of the caller", diary.page.load(Ordering::Relaxed), PAGE);
    expect("the frame of the caller", frame.load(Ordering::Relaxed), PAGE);
    expect("the server is stopped", reader.load(page), Err(CallError::ServerDown));
    expect("signal", done.signal(), Ok(()));
    crossgate::thread::exit()
}

fn witness(faulted: Notification, client_done: Notification, vault: Handle<dyn Vault>) -> ! {
    let mut watch = Watch::new(&SYSTEM, faulted);
    let secret = vault.address().unwrap_or(0);
    let goes_on = || {
        expect_that("the victim continues", vault.visit().is_ok());
        expect("the victim's secret is intact", vault.is_intact(), Ok(true));
    };
    for (process, address) in [
        ("reads_static", secret),
        ("writes_static", secret),
        ("reads_stack", stack_of_others()),
        ("writes_stack", stack_of_others()),
        ("writes_flash", flash()),
        ("reads_device", board::UART0.start),
        ("writes_device", board::UART0.start),
        ("reads_neighbour", board::UART1.start),
        ("reads_nothing", NOTHING),
        ("reads_null_past_flash", usize::MAX - 3),
    ] {
        let record = watch.expect_at(process, Cause::Access, address);
        expect("calls in flight", record.depth, 0);
        goes_on();
    }
    let statics = probe::memory_of(&SYSTEM, "client");
    let stack = probe::stack_of(&SYSTEM, "main", 4);
    for (process, memory) in [
        ("static_reader", &statics),
        ("static_writer", &statics),
        ("frame_reader", &stack),
        ("frame_writer", &stack),
    ] {
        let record = watch.expect(process, Cause::Access);
        expect("calls in flight", record.depth, 1);
        expect_that("the address is in the client's memory", memory.contains(&record.address));
        goes_on();
    }
    client_done.wait();
    watch.expect_no_more();
    pass()
}
