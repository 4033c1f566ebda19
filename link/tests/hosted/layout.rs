//! Where things are.

use crate::support::{Firmware, SENSOR, WORK, program};

#[test]
fn each_process_has_its_statics_on_pages_of_its_own() {
    let fan = "use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
        static SPEED: AtomicU8 = AtomicU8::new(3);
        pub fn work() -> u32 { SPEED.fetch_add(1, Relaxed); SPEED.load(Relaxed).into() }";
    let mut firmware = Firmware::new("pages").library("sensor", SENSOR).library("fan", fan);
    firmware.processes.push(("fan", "fan::work()"));
    let program = program(&firmware);
    println!("{:?}", program.statics_of("sensor"));
    println!("{:?}", program.statics_of("fan"));
    println!("{:?}", program.told());
    println!("{}", WORK);
    panic!();
}
