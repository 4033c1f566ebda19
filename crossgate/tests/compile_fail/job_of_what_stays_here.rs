//! What a job takes along may go to another thread, and stays there as long as it likes.
use crossgate::testing::Wiring;
use std::rc::Rc;

fn main() {
    let workers = Wiring::new().test().pool(1, 1);
    let local = Rc::new(1);
    let _ = workers.spawn(move || *local);
    let borrowed = 5;
    let _ = workers.spawn(|| borrowed + 1);
}
