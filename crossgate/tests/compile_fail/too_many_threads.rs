//! A firmware has at most 31 threads and the idle thread.
use crossgate::system;

pub fn main_loop() -> ! {
    loop {}
}
system! {
    pub static SYSTEM;
    process control {
        thread t0 (priority = 1, stack = 256) = main_loop();
        thread t1 (priority = 1, stack = 256) = main_loop();
        thread t2 (priority = 1, stack = 256) = main_loop();
        thread t3 (priority = 1, stack = 256) = main_loop();
        thread t4 (priority = 1, stack = 256) = main_loop();
        thread t5 (priority = 1, stack = 256) = main_loop();
        thread t6 (priority = 1, stack = 256) = main_loop();
        thread t7 (priority = 1, stack = 256) = main_loop();
        thread t8 (priority = 1, stack = 256) = main_loop();
        thread t9 (priority = 1, stack = 256) = main_loop();
        thread t10 (priority = 1, stack = 256) = main_loop();
        thread t11 (priority = 1, stack = 256) = main_loop();
        thread t12 (priority = 1, stack = 256) = main_loop();
        thread t13 (priority = 1, stack = 256) = main_loop();
        thread t14 (priority = 1, stack = 256) = main_loop();
        thread t15 (priority = 1, stack = 256) = main_loop();
        thread t16 (priority = 1, stack = 256) = main_loop();
        thread t17 (priority = 1, stack = 256) = main_loop();
        thread t18 (priority = 1, stack = 256) = main_loop();
        thread t19 (priority = 1, stack = 256) = main_loop();
        thread t20 (priority = 1, stack = 256) = main_loop();
        thread t21 (priority = 1, stack = 256) = main_loop();
        thread t22 (priority = 1, stack = 256) = main_loop();
        thread t23 (priority = 1, stack = 256) = main_loop();
        thread t24 (priority = 1, stack = 256) = main_loop();
        thread t25 (priority = 1, stack = 256) = main_loop();
        thread t26 (priority = 1, stack = 256) = main_loop();
        thread t27 (priority = 1, stack = 256) = main_loop();
        thread t28 (priority = 1, stack = 256) = main_loop();
        thread t29 (priority = 1, stack = 256) = main_loop();
        thread t30 (priority = 1, stack = 256) = main_loop();
        thread t31 (priority = 1, stack = 256) = main_loop();
    }
}

fn main() {}
