//! A lease is visible to the calling thread only.
use crossgate::Lease;

fn send<T: Send>(_: T) {}

pub fn server(data: Lease<'_, [u8]>) {
    send(data);
}

fn main() {}
