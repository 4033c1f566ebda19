//! Numbers of the wiring that are one below or above their limits: each message has the number and its limits, so that
//! the user sees both. (The numbers at their limits are in `host/limits.rs`.)
use crossgate::{Concurrent, Exclusive, Mmio, interface, system};

#[interface]
pub trait Temperature {
    fn get(&self) -> i32;
}
pub struct Room;
impl Temperature for Room {
    fn get(&self) -> i32 {
        200
    }
}
pub fn run() -> ! {
    crossgate::thread::exit()
}

mod priority_0 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 0, stack = 512) = run();
        }
    }
}

mod priority_32 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 32, stack = 512) = run();
        }
    }
}

mod stack_0 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 1, stack = 0) = run();
        }
    }
}

mod stack_past_16_mib {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 1, stack = (1 << 24) + 1) = run();
        }
    }
}

mod service_stack_65536 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            object room (stack = 65536): Concurrent<Room> = Room => [ROOM: dyn Temperature];
        }
    }
}

mod window_0 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 0, size: 0 };
        }
    }
}

mod window_16 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 0x4000_0000, size: 16 };
        }
    }
}

mod window_48 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 0x4000_0000, size: 48 };
        }
    }
}

mod window_4_gib {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 0, size: 1 << 32 };
        }
    }
}

mod window_not_aligned {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 0x4000_0800, size: 0x1000 };
        }
    }
}

mod window_past_4_gib {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            mmio Mmio { start: 1 << 32, size: 0x1000 };
        }
    }
}

mod limit_0 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            on_fault = restart (limit = 0);
        }
    }
}

mod limit_256 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            on_fault = restart (limit = 256);
        }
    }
}

mod budget_0 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 1, stack = 512, budget = 0 ms / 10 ms) = run();
        }
    }
}

mod budget_99_us {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 99 us / 10 ms;
        }
    }
}

mod budget_more_than_its_period {
    use super::*;
    const BUDGET: usize = 11;
    system! {
        static SYSTEM;
        process driver {
            thread main (priority = 1, stack = 512, budget = BUDGET ms / 10 ms) = run();
        }
    }
}

mod period_past_an_hour {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            budget = 1 s / 3601 s;
        }
    }
}

mod time_slice_0 {
    use super::*;
    system! {
        static SYSTEM;
        time_slice = 0 s;
        process driver {}
    }
}

mod time_slice_past_an_hour {
    use super::*;
    system! {
        static SYSTEM;
        time_slice = 3600001 ms;
        process driver {}
    }
}

mod services_257 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            object rooms: [Concurrent<Room>; 257] = [const { Concurrent::new(Room) }; 257]
                => [ROOMS: dyn Temperature];
        }
    }
}

mod exclusive_objects_256 {
    use super::*;
    system! {
        static SYSTEM;
        process driver {
            object rooms: [Exclusive<Room>; 256] = [const { Exclusive::new(Room) }; 256]
                => [ROOMS: dyn Temperature];
        }
    }
}

fn main() {}
