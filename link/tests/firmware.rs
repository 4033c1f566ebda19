//! Small firmwares, linked.

mod support;

use crossgate_link::map::MemoryMap;
use support::Firmware;

const SENSOR: &str = "
use core::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(0);
static LIMIT: AtomicU32 = AtomicU32::new(7);
pub fn work() { COUNT.fetch_add(LIMIT.load(Ordering::Relaxed), Ordering::Relaxed); }
";

#[test]
fn a_process_gets_the_statics_of_its_crate() {
    let mut firmware = Firmware::new().library("sensor", SENSOR);
    firmware.processes = vec!["sensor"];
    firmware.threads = vec![("sensor", "sampler", 1024, "sensor::work()")];
    let map = MemoryMap::from_elf(&firmware.link().unwrap()).unwrap();
    assert_eq!(map.processes[0].used, 8);
    println!("{map:x?}");
}
