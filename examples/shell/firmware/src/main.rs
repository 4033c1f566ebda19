//! A lamp that blinks, a process that is clumsy, and a shell on the first serial line to look at them.
#![cfg_attr(target_os = "none", no_std, no_main)]

use board::{Lamp, Uart};
use crossgate::Exclusive;
use light::{Bulb, Light};

crossgate::system! {
    static SYSTEM;

    process light {
        mmio board::LAMPS;
        object bulb (stack = 512): Exclusive<Bulb<Lamp>> = Bulb::new(Lamp::new(0)) => [LIGHT: dyn Light];
    }

    process pulse {
        thread blinker (priority = 3, stack = 1024) = pulse::main(LIGHT);
    }

    process clumsy {
        thread walker (priority = 2, stack = 512) = clumsy::main();
    }

    process shell {
        mmio board::UART0;
        inspects;
        notification TYPED;
        notification FAULTED;
        faults FAULTED;
        interrupt board::interrupt::UART0_RX => TYPED;
        thread main (priority = 1, stack = 4096) = shell::run(
            Uart::new(board::UART0, 115_200).with_receive_interrupt(),
            &SYSTEM,
            TYPED,
            FAULTED,
        );
    }
}

board::start!(SYSTEM);
