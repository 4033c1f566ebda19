//! Firmwares, linked.

mod cortex_m_rt;
mod layout;
mod map;
mod ownership;
mod support;
mod trust;
