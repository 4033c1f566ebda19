// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client, and what it knows of its servers: an interface. Which server it is wired to, it never learns.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::{CallError, Handle, Lease, LeaseMut, Signal, interface, thread};

/// Something that measures.
#[interface]
pub trait Sensor {
    /// Says in what steps to measure, and tells in which it will.
    fn set_step(&mut self, step: u32) -> Result<u32, u32>;
    /// The samples since the last time, as many as fit. Returns how many there are.
    fn samples(&self, to: LeaseMut<'_, [u16]>) -> u32;
    /// Says how far off it is.
    fn calibrate(&mut self, offsets: Lease<'_, [u16]>) -> u32;
}

/// Where the reading of a meter is kept.
#[interface]
pub trait Display {
    /// Shows a sum.
    fn show(&self, sum: u32);
}

/// Reads the sensor once, and shows what it sums up to.
pub fn main(sensor: Handle<dyn Sensor>, display: Handle<dyn Display>, done: Signal) -> ! {
    // What fails is shown as a sum that nobody has.
    let sum = reading(sensor).unwrap_or(u32::MAX);
    let _ = display.show(sum);
    let _ = done.signal();
    thread::exit()
}

fn reading(sensor: Handle<dyn Sensor>) -> Result<u32, CallError> {
    let step = sensor.set_step(4)?.unwrap_or_else(|nearest| nearest);
    sensor.calibrate(&[1, 2, 3])?;
    let mut samples = [0; 12];
    let count = sensor.samples(&mut samples)? as usize;
    let sum: u32 = samples.iter().take(count).map(|&sample| u32::from(sample)).sum();
    Ok(sum * step)
}
