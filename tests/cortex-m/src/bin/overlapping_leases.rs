// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two leases of one call may overlap. The callee then has the rights to each byte that one of the leases gives, and no
//! other. (On ARMv8-M an access to a byte in two regions is a fault.)
#![cfg_attr(target_os = "none", no_std, no_main)]

system_tests_cortex_m::main_elsewhere!();

#[cfg(target_os = "none")]
mod firmware {
    use core::sync::atomic::{AtomicUsize, Ordering};
    use core::time::Duration;
    use crossgate::{
        CallError, Concurrent, Handle, Lease, LeaseMut, Notification, interface, time,
    };
    use crossgate_abi::{Cause, Status};
    use system_tests::report::{expect, expect_that, pass};
    use system_tests::restarts::restart;
    use system_tests::watch::Watch;
    use system_tests::{probe, raw};

    #[interface]
    trait Bytes {
        /// Sets an address for the other methods.
        fn aim(&self, address: usize);
        /// Reads all lent bytes, and then at the address.
        fn read(&self, one: Lease<'_, [u8]>, other: Lease<'_, [u8]>) -> u32;
        /// Reads all of `from`, changes all of `to`, and then writes at the address.
        fn change(&self, from: Lease<'_, [u8]>, to: LeaseMut<'_, [u8]>) -> u32;
    }
    const CHANGE: usize = 2;

    struct Server {
        address: AtomicUsize,
    }

    fn sum(bytes: &Lease<'_, [u8]>) -> u32 {
        (0..bytes.len()).map(|index| u32::from(bytes.get(index).unwrap_or(0))).sum()
    }

    impl Bytes for Server {
        fn aim(&self, address: usize) {
            self.address.store(address, Ordering::Relaxed);
        }
        fn read(&self, one: Lease<'_, [u8]>, other: Lease<'_, [u8]>) -> u32 {
            let address = self.address.load(Ordering::Relaxed);
            if address != 0 {
                core::hint::black_box(probe::load(address));
            }
            sum(&one) + sum(&other)
        }
        fn change(&self, from: Lease<'_, [u8]>, mut to: LeaseMut<'_, [u8]>) -> u32 {
            let sum = sum(&from);
            for index in 0..to.len() {
                to.set(index, 2);
            }
            let address = self.address.load(Ordering::Relaxed);
            if address != 0 {
                probe::store(address, 0x0303_0303);
            }
            sum
        }
    }

    crossgate::system! {
        static SYSTEM;
        process witness {
            notification FAULTED;
            supervisor FAULTED;
            thread main (priority = 9, stack = 2048) = witness(FAULTED);
        }
        process server { on_fault = stop; object bytes: Concurrent<Server> = Server { address: AtomicUsize::new(0) } => [BYTES: dyn Bytes]; }
        process client { thread main (priority = 5, stack = 4096) = client(BYTES); }
    }
    board::start!(SYSTEM);

    const LENGTH: usize = 256;
    #[repr(align(256))]
    struct Buffer([u8; LENGTH]);

    /// Two ranges of the buffer, in bytes. All numbers are multiples of 32.
    type Pair = [(usize, usize); 2];
    const PAIRS: [Pair; 8] = [
        [(0, 64), (0, 64)],
        [(0, 128), (32, 64)],
        [(32, 64), (0, 128)],
        [(0, 128), (64, 160)],
        [(64, 160), (0, 128)],
        [(0, 64), (64, 128)],
        [(64, 128), (0, 64)],
        [(0, 256), (224, 256)],
    ];

    /// Sets an address, as soon as the server runs again.
    fn aim(server: Handle<dyn Bytes>, address: usize) {
        while server.aim(address).is_err() {
            time::sleep(Duration::from_millis(1));
        }
    }

    fn client(server: Handle<dyn Bytes>) -> ! {
        let service = raw::service(&SYSTEM, "BYTES");
        let mut crashes = 0;
        let mut buffer = Buffer([1; LENGTH]);
        let start = buffer.0.as_ptr().addr();
        for [one, other] in PAIRS {
            buffer.0.fill(1);
            let sum = (one.1 - one.0 + other.1 - other.0) as u32;
            aim(server, 0);
            let read = server.read(&buffer.0[one.0..one.1], &buffer.0[other.0..other.1]);
            expect("both are read", read, Ok(sum));

            // Safe code can't lend the same memory for writing and for reading at the same time.
            let words = || [start + one.0, one.1 - one.0, start + other.0, other.1 - other.0];
            expect("both are used", raw::call(service, CHANGE, words()).status, Status::OK);
            let seen = core::hint::black_box(&mut buffer);
            let is_right = |(index, byte): (usize, &u8)| {
                *byte == if (other.0..other.1).contains(&index) { 2 } else { 1 }
            };
            expect_that(
                "what was lent for writing is written",
                seen.0.iter().enumerate().all(is_right),
            );

            // Each granule may be written only if the second lease contains it.
            for granule in (0..LENGTH).step_by(32) {
                let may = (other.0..other.1).contains(&granule);
                for word in [granule, granule + 28] {
                    aim(server, start + word);
                    let status = raw::call(service, CHANGE, words()).status;
                    let faulted = CallError::ServerFaulted.into();
                    expect("a write there", status, if may { Status::OK } else { faulted });
                    crashes += u32::from(!may);
                }
                let may_read = may || (one.0..one.1).contains(&granule);
                aim(server, start + granule);
                let read = server.read(&buffer.0[one.0..one.1], &buffer.0[other.0..other.1]);
                expect("a read there", read.is_ok(), may_read);
            }
        }
        expect_that("writes were stopped", crashes > 0);
        pass()
    }

    fn witness(faulted: Notification) -> ! {
        let mut watch = Watch::new(&SYSTEM, faulted);
        loop {
            watch.expect("server", Cause::Access);
            restart(&SYSTEM, "server");
        }
    }
}
