//! Has the statics of each process put on pages of their own when the host is the board.

fn main() {
    crossgate_link::hosted::build();
}
