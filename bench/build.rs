// SPDX-License-Identifier: MIT OR Apache-2.0
//! Has the statics of each process put on pages of their own when the host is the board.

fn main() {
    crossgate_link::hosted::build();
}
