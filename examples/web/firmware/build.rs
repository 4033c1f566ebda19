// SPDX-License-Identifier: MIT OR Apache-2.0
//! Puts the statics of each process on pages of their own when the host is the board.

fn main() {
    crossgate_link::hosted::build();
}
