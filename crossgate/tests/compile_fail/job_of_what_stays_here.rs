//! The values that a job captures may go to another thread, and stay there for any time.
use crossgate::testing::Wiring;
use std::rc::Rc;

fn main() {
    let workers = Wiring::new().test().pool(1, 1);
    let local = Rc::new(1);
    let _ = workers.spawn(move || *local);
    let borrowed = 5;
    let _ = workers.spawn(|| borrowed + 1);
}
