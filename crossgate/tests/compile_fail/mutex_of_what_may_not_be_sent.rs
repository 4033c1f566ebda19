//! A mutex lends its value to any thread.
use crossgate::sync::Mutex;

pub struct Device(*mut u32);

pub static DEVICE: Mutex<Device> = Mutex::new(Device(core::ptr::null_mut()));

fn main() {}
