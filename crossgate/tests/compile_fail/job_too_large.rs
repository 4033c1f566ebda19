//! A job captures at most four words, and its result has at most four.
use crossgate::testing::Wiring;

fn main() {
    let workers = Wiring::new().test().pool(1, 1);
    let many = [1_usize; 5];
    let _ = workers.spawn(move || many.len());
    let _ = workers.spawn(|| [1_usize; 5]);
}
