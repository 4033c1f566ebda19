//! A pool has as many threads as a number says, and a stack and a priority for each.
use crossgate::pool::Pool;
use crossgate::system;

pub fn run(_: Pool) -> ! {
    crossgate::thread::exit()
}

mod no_count {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (stack = 512, priority = 2);
        }
    }
}

mod computed_count {
    use super::*;
    const COUNT: usize = 2;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = COUNT, stack = 512, priority = 2);
        }
    }
}

mod nobody {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = 0, stack = 512, priority = 2);
        }
    }
}

mod more_than_a_firmware_has {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = 31, stack = 512, priority = 2);
            thread main (priority = 1, stack = 512) = run(workers);
        }
    }
}

mod priority_past_its_limit {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = 1, stack = 512, priority = 32);
        }
    }
}

mod name_twice {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = 1, stack = 512, priority = 2);
            thread workers_1 (priority = 1, stack = 512) = run(workers);
        }
    }
}

mod of_another_process {
    use super::*;
    system! {
        static SYSTEM;
        process control {
            pool workers (count = 1, stack = 512, priority = 2);
        }
        process other {
            thread main (priority = 1, stack = 512) = run(workers);
        }
    }
}

fn main() {}
