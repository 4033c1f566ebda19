// SPDX-License-Identifier: MIT OR Apache-2.0
//! On Linux, puts the statics of each process on memory pages of their own.

fn main() {
    crossgate_link::hosted::build();
}
