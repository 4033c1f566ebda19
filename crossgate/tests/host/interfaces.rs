// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interfaces that the clients and servers of these tests have in common.

use crossgate::{Handle, Lease, LeaseMut, Plain, Wire, interface};

#[interface]
pub trait Temperature {
    fn configure(&self, interval: u32, scale: i16);
    fn get(&self) -> i32;
}

#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Eco,
    Normal = 3,
    Boost = 7,
}

#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    pub milliseconds: u16,
}

#[interface]
pub trait Fan {
    fn set_power(&mut self, on: bool);
    fn set_mode(&mut self, mode: Mode) -> Result<u32, Busy>;
}

#[derive(Wire, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    NotFound,
    OutOfRange,
    Failed,
}

#[interface]
pub trait File {
    fn read(&mut self, at: u32, data: LeaseMut<'_, [u8]>) -> Result<u32, FileError>;
    fn write(&mut self, data: Lease<'_, [u8]>) -> Result<u32, FileError>;
}

#[interface]
pub trait FileSystem {
    fn open(&self, name: [u8; 8]) -> Result<Handle<dyn File>, FileError>;
    fn copy(&self, from: Handle<dyn File>, to: Handle<dyn File>) -> Result<u32, FileError>;
    fn find(&self, near: Option<Handle<dyn File>>) -> Option<Handle<dyn File>>;
}

#[interface]
pub trait Queue<T: Wire> {
    fn push(&mut self, value: T) -> bool;
    fn pop(&mut self) -> Option<T>;
}

#[derive(Plain, Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Frame {
    pub id: u16,
    pub length: u16,
    pub at: u32,
}

#[interface]
pub trait Bus {
    fn send(&mut self, frame: Lease<'_, Frame>, body: Lease<'_, [u16]>);
    fn receive(&mut self, frame: LeaseMut<'_, Frame>) -> bool;
}
