// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tests of the module `testing`: the parts of the kernel that a test can use, and the reasons why a test fails.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use crossgate::fault::{Cause, Faults};
use crossgate::notification::TimedOut;
use crossgate::testing::Wiring;
use crossgate::{
    CallError, Handle, Lease, LeaseMut, Notification, interface, server, supervise, time,
};
use std::sync::{Arc, Mutex};

const MILLISECOND: Duration = Duration::from_millis(1);

#[interface]
trait Printer {
    /// Prints pages. Each page takes one millisecond.
    fn print(&mut self, name: char, pages: u32);
}

struct Slow(Arc<Mutex<String>>);
impl Printer for Slow {
    fn print(&mut self, name: char, pages: u32) {
        time::sleep(pages * MILLISECOND);
        self.0.lock().unwrap().push(name);
    }
}

#[test]
fn one_call_at_a_time_and_the_most_urgent_next() {
    let (wiring, printed) = (Wiring::new(), Arc::default());
    let printer = wiring.process("printer").serve::<dyn Printer, _>(Slow(Arc::clone(&printed)));
    let client = |name, priority| {
        wiring.process("office").thread(priority, move || {
            time::sleep(u32::from(priority) * MILLISECOND);
            printer.print(name, 10)
        })
    };
    let clients = [client('a', 2), client('b', 3), client('d', 9), client('c', 4)];
    wiring.run(|| assert_eq!(clients.map(|client| client.join()), [Ok(()); 4]));
    assert_eq!(*printed.lock().unwrap(), "adcb", "not in the order in which they came");
}

#[test]
fn the_holder_of_an_object_inherits_the_priority_of_who_waits() {
    let (wiring, printed) = (Wiring::new(), Arc::default());
    let printer = wiring.process("printer").serve::<dyn Printer, _>(Slow(Arc::clone(&printed)));
    let order = Arc::clone(&printed);
    let office = wiring.process("office");
    let low = office.thread(2, move || printer.print('l', 5));
    let middle = office.thread(3, move || {
        time::sleep(5 * MILLISECOND);
        order.lock().unwrap().push('m');
    });
    let high = office.thread(4, move || {
        time::sleep(MILLISECOND);
        printer.print('h', 0)
    });
    wiring.run(|| {
        assert_eq!((low.join(), high.join()), (Ok(()), Ok(())));
        middle.join();
    });
    // All threads become ready at the same time.
    assert_eq!(*printed.lock().unwrap(), "lhm");
}

#[interface]
trait Door {
    fn pass(&self) -> Result<(), TimedOut>;
    fn ponder(&self);
}

struct Guarded(Notification);
impl Door for Guarded {
    fn pass(&self) -> Result<(), TimedOut> {
        self.0.wait_within_call()
    }
    fn ponder(&self) {
        while time::now().as_micros() < 1_000_000 {}
    }
}

#[test]
fn a_deadline_ends_a_wait_and_then_the_server() {
    let wiring = Wiring::new();
    let castle = wiring.process("castle").may_crash();
    let door = castle.object(Guarded(castle.notification()));
    let door: Handle<dyn Door> = castle.serve_concurrent(door);
    wiring.run(|| {
        let passed = time::with_deadline(5 * MILLISECOND, || door.pass());
        assert_eq!(passed, Ok(Err(TimedOut)));
        assert!((5000..7000).contains(&time::now().as_micros()));
        let pondered = time::with_deadline(5 * MILLISECOND, || door.ponder());
        assert_eq!(pondered, Err(CallError::DeadlineExceeded));
        assert!((20_000..25_000).contains(&time::now().as_micros()), "after a grace period");
        let passed = time::with_deadline(5 * MILLISECOND, || door.pass());
        assert_eq!(passed, Ok(Err(TimedOut)), "it has restarted");
        let noted = Faults::new().map(|fault| (fault.process, fault.cause)).collect::<Vec<_>>();
        assert_eq!(noted, [(castle.index(), Cause::Deadline)]);
    });
}

#[interface]
trait Archive {
    fn keep(&self, data: Lease<'_, [u8]>) -> u32;
    fn fill(&self, data: LeaseMut<'_, [u8]>);
}

/// Tries to lend more memory than it was lent.
struct Greedy(Handle<dyn Archive>);
impl Archive for Greedy {
    fn keep(&self, data: Lease<'_, [u8]>) -> u32 {
        let start = data.slice(0, 0).map_or(0, |_| data.len());
        start as u32
    }
    fn fill(&self, mut data: LeaseMut<'_, [u8]>) {
        let lent = self.0.fill(&mut data);
        assert_eq!(lent, Ok(()), "what it was lent");
    }
}
struct Zeros;
impl Archive for Zeros {
    fn keep(&self, data: Lease<'_, [u8]>) -> u32 {
        data.len() as u32
    }
    fn fill(&self, mut data: LeaseMut<'_, [u8]>) {
        data.fill(0);
    }
}

#[test]
fn the_kernel_checks_what_is_lent() {
    use crossgate::LeaseBuf;
    use crossgate::testing::call_raw;
    let wiring = Wiring::new();
    let zeros = wiring.serve::<dyn Archive, _>(Zeros);
    let gate = zeros.__gate();
    let greedy = wiring.serve::<dyn Archive, _>(Greedy(zeros));
    wiring.run(|| {
        let mut buffer = LeaseBuf::<64>::new();
        buffer.fill(7);
        greedy.fill(buffer.first_mut(64)).unwrap();
        assert_eq!(buffer[..], [0; 64]);
        let start = buffer.as_mut_ptr().expose_provenance();
        let lend = |start, length| call_raw(gate, 1, [start, length, 0, 0]).map(|_| ());
        assert_eq!(lend(start, 64), Ok(()));
        assert_eq!(lend(start + 32, 32), Ok(()));
        assert_eq!(lend(start + 1, 32), Err(CallError::BadLease), "no region opens just that");
        let heap = Box::new([0_u8; 64]);
        let private = heap.as_ptr().expose_provenance();
        assert_eq!(lend(private, 32), Err(CallError::BadLease), "it may not be lent");
        let text = "constants can be read by all, and are written by nobody".as_ptr();
        let constant = text.expose_provenance();
        assert_eq!(call_raw(gate, 0, [constant, 5, 0, 0]), Ok([5, 0]));
        assert_eq!(lend(constant, 5), Err(CallError::BadLease));
    });
}

#[interface]
trait Desk {
    fn who(&self) -> Option<u32>;
    fn wait(&self) -> bool;
}
/// Stores the waiting client, and counts the lost clients.
struct Clerk(Notification, Mutex<Option<server::Client>>);
impl Desk for Clerk {
    fn who(&self) -> Option<u32> {
        self.1.lock().unwrap().map(|client| u32::from(client.is_gone()))
    }
    fn wait(&self) -> bool {
        *self.1.lock().unwrap() = server::client();
        self.0.wait_within_call().is_ok()
    }
}

#[test]
fn a_client_that_restarts_begins_another_life() {
    let wiring = Wiring::new();
    let office = wiring.process("office");
    let lost = office.counting_notification();
    let clerk = office.object(Clerk(office.notification(), Mutex::new(None)));
    let desk: Handle<dyn Desk> = office.lost_clients(Some(lost)).serve_concurrent(clerk);
    let (begun, client) = (Arc::new(AtomicU32::new(0)), wiring.process("client"));
    let counted = Arc::clone(&begun);
    client.thread(3, move || {
        counted.fetch_add(1, Ordering::Relaxed);
        if counted.load(Ordering::Relaxed) == 1 {
            let _ = desk.wait();
        }
        time::sleep(Duration::MAX);
    });
    wiring.run(|| {
        assert_eq!((desk.who(), office.enter(|| lost.try_wait())), (Ok(Some(0)), false));
        supervise::restart(client.index()).unwrap();
        time::sleep(MILLISECOND);
        assert_eq!((desk.who(), office.enter(|| lost.try_wait())), (Ok(Some(1)), true));
        assert_eq!(begun.load(Ordering::Relaxed), 2);
        assert_eq!(client.enter(|| desk.who()), Ok(Some(1)));
    });
}

#[test]
fn only_those_may_call_that_are_permitted() {
    let wiring = Wiring::new();
    let zeros = wiring.serve::<dyn Archive, _>(Zeros);
    let [friend, stranger] = ["friend", "stranger"].map(|name| wiring.process(name));
    wiring.permit(zeros, [friend]);
    wiring.run(|| {
        assert_eq!(friend.enter(|| zeros.keep(b"text")), Ok(4));
        assert_eq!(stranger.enter(|| zeros.keep(b"text")), Err(CallError::NotPermitted));
        assert_eq!(zeros.keep(b"text"), Err(CallError::NotPermitted));
    });
}

#[interface]
trait Chain {
    fn go_on(&self) -> bool;
}
struct Link(Option<Handle<dyn Chain>>, Arc<AtomicU32>);
impl Chain for Link {
    fn go_on(&self) -> bool {
        struct Counted<'a>(&'a AtomicU32);
        impl Drop for Counted<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let _counted = Counted(&self.1);
        match self.0 {
            Some(next) => next.go_on().is_ok(),
            None => {
                time::sleep(10 * MILLISECOND);
                true
            }
        }
    }
}

/// Tests that a thread with several calls in flight skips all processes that went down.
#[test]
fn who_goes_down_in_the_middle_of_a_chain_is_led_past() {
    let wiring = Wiring::new();
    let left = Arc::new(AtomicU32::new(0));
    let [first, second, third] = ["first", "second", "third"].map(|name| wiring.process(name));
    let end = third.serve::<dyn Chain, _>(Link(None, Arc::clone(&left)));
    let middle = second.serve::<dyn Chain, _>(Link(Some(end), Arc::clone(&left)));
    let chain = first.serve::<dyn Chain, _>(Link(Some(middle), Arc::clone(&left)));
    let client = wiring.process("client").thread(3, move || chain.go_on());
    wiring.run(|| {
        time::sleep(MILLISECOND);
        supervise::stop(first.index()).unwrap();
        supervise::stop(second.index()).unwrap();
        assert!(!client.has_ended(), "the third process does what it was asked");
        assert_eq!(client.join(), Err(CallError::ServerFaulted));
        assert_eq!((time::now().as_micros(), left.load(Ordering::Relaxed)), (10_000, 3));
        assert_eq!(end.go_on(), Ok(true), "it is well");
    });
}

struct Broken;
impl Archive for Broken {
    fn keep(&self, _: Lease<'_, [u8]>) -> u32 {
        panic!("no room")
    }
    fn fill(&self, _: LeaseMut<'_, [u8]>) {}
}

#[test]
#[should_panic(expected = "process `shelf` crashed: no room")]
fn a_crash_fails_the_test_and_names_the_process() {
    let wiring = Wiring::new();
    let shelf = wiring.process("shelf").serve::<dyn Archive, _>(Broken);
    wiring.run(|| {
        let _ = shelf.keep(b"");
    });
}

#[test]
#[should_panic(expected = "process `client` crashed: assertion `left == right` failed")]
fn so_does_an_assertion_in_another_thread() {
    let wiring = Wiring::new();
    let never = wiring.test().notification();
    wiring.process("client").thread(2, || assert_eq!(1 + 1, 3));
    wiring.run(|| never.wait());
}

#[test]
#[should_panic(expected = "the test waits for ever")]
fn a_test_that_waits_for_ever_fails() {
    let wiring = Wiring::new();
    let never = wiring.test().notification();
    wiring.process("other").thread(2, || time::sleep(100 * MILLISECOND));
    wiring.run(|| never.wait());
}

#[test]
#[should_panic(expected = "by no thread of a test")]
fn a_call_outside_of_a_test_fails() {
    let wiring = Wiring::new();
    let _ = wiring.serve::<dyn Archive, _>(Zeros).keep(b"");
}

#[test]
fn a_test_is_the_same_each_time() {
    let run = || {
        let (wiring, printed) = (Wiring::new(), Arc::default());
        let printer = wiring.serve::<dyn Printer, _>(Slow(Arc::clone(&printed)));
        for (index, name) in ('a'..'k').enumerate() {
            wiring.process("office").thread(1 + index as u8 % 3, move || {
                for round in 1..20 {
                    time::sleep(round % 4 * MILLISECOND);
                    printer.print(name, (index as u32 + round) % 3).unwrap();
                }
            });
        }
        wiring.run(|| time::sleep(150 * MILLISECOND));
        printed.lock().unwrap().clone()
    };
    let first = run();
    assert!(first.len() > 100);
    assert!((0..5).all(|_| run() == first));
}
