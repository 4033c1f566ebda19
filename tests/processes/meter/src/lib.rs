// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client that knows only the interface of its servers. It never learns to which server it is wired.
#![no_std]
#![forbid(unsafe_code)]

use crossgate::{CallError, Handle, Lease, LeaseMut, Signal, interface, thread};

/// Something that measures.
#[interface]
pub trait Sensor {
    /// Sets the steps in which to measure, and returns the steps in which it will.
    fn set_step(&mut self, step: u32) -> Result<u32, u32>;
    /// Writes the samples since the last call, as many as fit. Returns their number.
    fn samples(&self, to: LeaseMut<'_, [u16]>) -> u32;
    /// Tells the sensor its error.
    fn calibrate(&mut self, offsets: Lease<'_, [u16]>) -> u32;
}

/// The place where the reading of a meter is kept.
#[interface]
pub trait Display {
    /// Shows a sum.
    fn show(&self, sum: u32);
}

/// Reads the sensor once, and shows the sum of its samples.
pub fn main(sensor: Handle<dyn Sensor>, display: Handle<dyn Display>, done: Signal) -> ! {
    // A failure is shown as a sum that no samples have.
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
