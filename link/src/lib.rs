//! The linker of a Crossgate firmware.

mod arguments;
mod image;
mod inputs;
mod layout;
mod link;
pub mod map;
mod ownership;
mod script;
mod verify;

pub use arguments::Arguments;
pub use layout::Span;
pub use link::link;
