//! A firmware has at most 32 budgets.
use crossgate::system;

pub fn run() -> ! {
    crossgate::thread::exit()
}

system! {
    static SYSTEM;
    process p0 {
        budget = 1 ms / 10 ms;
        thread t0 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t1 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t2 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t3 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t4 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t5 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t6 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t7 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t8 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t9 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t10 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t11 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t12 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t13 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t14 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t15 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
    }
    process p1 {
        budget = 1 ms / 10 ms;
        thread t0 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t1 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t2 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t3 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t4 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t5 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t6 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t7 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t8 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t9 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t10 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t11 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t12 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t13 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
        thread t14 (priority = 2, stack = 256, budget = 1 ms / 10 ms) = run();
    }
}

fn main() {}
