// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cable of the Ethernet controller leads to a UDP socket of the host. The other end of the socket sends back each
//! frame except one, which it drops.
#![cfg(target_os = "linux")]

use std::net::UdpSocket;
use std::process::Command;
use std::thread;

/// The number of the frame that is dropped.
const LOST: usize = 9;

#[test]
fn frames_go_over_the_hosts_network() {
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    let own = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let cable = format!("--ethernet=udp:{own},{}", other.local_addr().unwrap());
    thread::spawn(move || {
        let mut frame = [0; 2048];
        for number in 0.. {
            let (length, from) = other.recv_from(&mut frame).unwrap();
            assert!((14..=1514).contains(&length) && from == own);
            if number != LOST {
                other.send_to(&frame[..length], own).unwrap();
            }
        }
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_ethernet_controller"));
    let output = command.args(["--semihosting", "--serial1=null", &cable]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
