// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second core of `false_server`: a hostile process at the end of the line that serves.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(target_os = "none"))]
fn main() {
    println!("run this by `cargo test -p system-tests-two-cores`");
}

#[cfg(target_os = "none")]
mod firmware {
    use board::{BELLS, LINE, Line};
    use core::sync::atomic::Ordering::SeqCst;
    use core::time::Duration;
    use crossgate::{thread, time};
    use crossgate_mailbox::{Line as _, WORDS};
    use system_tests::random::Random;

    crossgate::system! {
        static SYSTEM;
        process attacker {
            mmio LINE;
            mmio BELLS;
            thread main (priority = 5, stack = 2048) = attack();
        }
    }
    board::start!(SYSTEM);

    /// Answers right in form or at random, for two seconds.
    fn attack() -> ! {
        let end = Line::new();
        let memory = end.memory();
        let mut random = Random(11);
        while time::now().as_micros() < 2_000_000 {
            memory[1].store(memory[0].load(SeqCst), SeqCst);
            match random.below(4) {
                0 => {
                    let word = random.below(WORDS as u32) as usize;
                    memory[word].store(random.number(), SeqCst);
                }
                1 => time::sleep(Duration::from_micros(u64::from(random.below(900)))),
                _ => {
                    let place = 8 + 16 * random.below(2) as usize;
                    for word in [9, 10, 11] {
                        memory[place + word].store(random.below(2) * random.below(16), SeqCst);
                    }
                    memory[place + 8].store(memory[place].load(SeqCst), SeqCst);
                }
            }
            end.ring();
            time::sleep(Duration::from_micros(50));
        }
        thread::exit()
    }
}
