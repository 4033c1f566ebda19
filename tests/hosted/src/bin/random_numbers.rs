// SPDX-License-Identifier: MIT OR Apache-2.0
//! Linux' random numbers reach a client: one process owns the generator, the service passes its numbers on, and the
//! client uses them by a crate that takes any generator of `rand_core`.

use board::{TRNG, Trng};
use crossgate::{Exclusive, Handle};
use crossgate_entropy::{Entropy, Random, RandomHandle};
use rand_core::{Rng, UnwrapErr};
use system_tests::report::{expect_that, pass};

crossgate::system! {
    static SYSTEM;
    process entropy {
        mmio TRNG;
        object entropy (stack = 4096): Exclusive<Entropy<Trng, 2>> = Entropy::new(Trng::new(TRNG), 8) =>
            [FIRST: dyn Random<0>, SECOND: dyn Random<1>];
    }
    process client { thread main (priority = 5, stack = 16384) = client(FIRST, SECOND); }
}
board::start!(SYSTEM);

fn client(first: Handle<dyn Random<0>>, second: Handle<dyn Random<1>>) -> ! {
    let mut first = UnwrapErr(RandomHandle::new(first));
    let mut second = UnwrapErr(RandomHandle::new(second));
    let mut ones = 0;
    for _ in 0..256 {
        let (word, other) = (first.next_u64(), second.next_u64());
        expect_that("two streams", word != other);
        ones += word.count_ones();
    }
    // 8192 of 16,384 are expected; this is ten standard deviations around that.
    expect_that("half of the bits are set", (7552..=8832).contains(&ones));
    pass()
}
