// SPDX-License-Identifier: MIT OR Apache-2.0
//! Updates of the firmware, by a process for updates. It accepts only a signed image that is not older than the
//! firmware, also after a restart in the middle of an update. At the next start, the boot loader takes an image back
//! that nothing has confirmed. The process that sends images may not confirm them, the process that confirms may not
//! send any, and neither reaches the flash. A second process that may send images can do nothing to an update of the
//! first, until the first is restarted.
#![cfg_attr(target_os = "none", no_std, no_main)]

use crossgate::{CallError, Exclusive, Handle, LeaseBuf, Notification, Signal, interface, thread};
use crossgate_partition::{Partition, PartitionHandle, Partitions};
use crossgate_update::{BootState, Confirm, Fault, Image, Update, Updates, Versions};
use ed25519_dalek::{Signer, SigningKey};
use embassy_boot::{BootLoader, BootLoaderConfig};
use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
use sha2::{Digest, Sha512};
use simulated_chips::SimulatedFlash;
use system_tests::raw;
use system_tests::report::{expect, pass};
use system_tests::restarts::restart;
use system_tests::watch::allow_no_fault;

const PAGE: usize = 256;
/// The size of an image in bytes. The place for a new image has one page more, and so has the state of the boot loader.
const IMAGE: usize = 3 * PAGE;
/// The version of the running firmware.
const VERSION: u32 = 1;
const SECRET: [u8; 32] = [7; 32];
/// The public key (RFC 8032, 5.1.5).
const PUBLIC: [u8; 32] = [
    0xea, 0x4a, 0x6c, 0x63, 0xe2, 0x9c, 0x52, 0x0a, 0xbe, 0xf5, 0x50, 0x7b, 0x13, 0x2e, 0xc5, 0xf9,
    0x95, 0x47, 0x76, 0xae, 0xbe, 0xbe, 0x7b, 0x92, 0x42, 0x1e, 0xea, 0x69, 0x14, 0x46, 0xd2, 0x2c,
];

type Flash = SimulatedFlash<{ 8 * PAGE }, 4, PAGE>;
type InUse = PartitionHandle<0, 4, PAGE>;
type New = PartitionHandle<1, 4, PAGE>;
type State = PartitionHandle<2, 4, PAGE>;

/// The boot loader, in a process, because the memory of the emulator's flash does not outlive a reset.
#[interface]
trait Loader {
    /// Puts an image into place, as the maker of the device does.
    fn install(&mut self, number: u8);
    /// Does the work of the boot loader at a start. Returns the number of the image that starts; nothing if the image
    /// is not whole.
    fn start(&mut self) -> Option<u32>;
}

struct Boot {
    in_use: InUse,
    new: New,
    state: State,
}

impl Loader for Boot {
    fn install(&mut self, number: u8) {
        expect("install", self.in_use.write(0, &image(number)), Ok(()));
    }

    fn start(&mut self) -> Option<u32> {
        let Boot { in_use, new, state } = *self;
        let config = BootLoaderConfig { active: in_use, dfu: new, state };
        BootLoader::new(config).prepare_boot(&mut [0; 64]).ok()?;
        let mut read = [0; IMAGE];
        self.in_use.read(0, &mut read).ok()?;
        let number = read[0];
        (read == image(number)).then_some(number.into())
    }
}

crossgate::system! {
    static SYSTEM;
    process flash {
        object partitions (stack = 1024): Exclusive<Partitions<Flash, 3>> = Partitions::new(
            Flash::new(),
            [(0, 3 * PAGE as u32), (3 * PAGE as u32, 4 * PAGE as u32), (7 * PAGE as u32, PAGE as u32)],
        ) => [IN_USE: dyn Partition<0, 4, PAGE>, NEW: dyn Partition<1, 4, PAGE>, STATE: dyn Partition<2, 4, PAGE>];
    }
    process updater {
        lost_clients;
        object updates (stack = 12288): Exclusive<Updates<New, State>> =
            Updates::new(New::new(NEW), State::new(STATE), PUBLIC, Versions::NotBelow(VERSION)) => [UPDATE: dyn Update];
        object trial (stack = 1536): Exclusive<BootState<State>> =
            BootState::new(State::new(STATE)) => [CONFIRM: dyn Confirm];
    }
    process loader {
        object loader (stack = 3072): Exclusive<Boot> =
            Boot { in_use: InUse::new(IN_USE), new: New::new(NEW), state: State::new(STATE) } => [LOADER: dyn Loader];
    }
    process keeper {
        notification WORKS;
        thread main (priority = 3, stack = 4096) = keep(CONFIRM, WORKS);
    }
    process witness {
        notification FAULTED;
        notification RESTART;
        supervisor FAULTED;
        thread main (priority = 9, stack = 2048) = allow_no_fault(&SYSTEM, FAULTED);
        thread restarts (priority = 8, stack = 2048) = restart_updates(RESTART);
    }
    process cable {
        notification LOOK;
        thread main (priority = 4, stack = 15360) = interfere(UPDATE, LOOK, RESTART);
    }
    process radio {
        thread main (priority = 2, stack = 24576) = update(UPDATE, LOADER, LOOK, (RESTART, WORKS));
    }
}
board::start!(SYSTEM);

fn image(number: u8) -> [u8; IMAGE] {
    let mut image: [u8; IMAGE] = core::array::from_fn(|place| (place as u8) ^ number);
    image[0] = number;
    // The version of an image is its number.
    image[IMAGE - 4..].copy_from_slice(&u32::from(number).to_le_bytes());
    image
}

fn signature(image: &[u8; IMAGE]) -> [u8; 64] {
    SigningKey::from_bytes(&SECRET).sign(&Sha512::digest(image)).to_bytes()
}

/// Sends a part of an image.
fn send(update: Handle<dyn Update>, part: &[u8]) -> Result<(), Fault> {
    let mut buffer = LeaseBuf::<64>::new();
    for piece in part.chunks(50) {
        buffer[..piece.len()].copy_from_slice(piece);
        let written = update.write(buffer.first(piece.len()));
        let Ok(written) = written else { return Err(Fault::NotBegun) };
        written?;
    }
    Ok(())
}

fn finish(
    update: Handle<dyn Update>,
    signature: &[u8; 64],
) -> Result<Result<(), Fault>, CallError> {
    let mut buffer = LeaseBuf::<64>::new();
    buffer.copy_from_slice(signature);
    update.finish(&buffer)
}

fn begin_and_send(update: Handle<dyn Update>, image: &[u8; IMAGE]) {
    expect("begin", update.begin(IMAGE as u32), Ok(Ok(())));
    expect("send", send(update, image), Ok(()));
}

/// Restarts the process of the updates when it is told to, and then the process that has begun an update.
fn restart_updates(told: Notification) -> ! {
    for process in ["updater", "cable"] {
        told.wait();
        restart(&SYSTEM, process);
    }
    thread::exit()
}

/// Tries to end or to use the update that another client has begun. Then begins an update itself, during which its
/// process is restarted.
fn interfere(update: Handle<dyn Update>, look: Notification, restart: Signal) -> ! {
    look.wait();
    expect("an update of its own", update.begin(4), Ok(Err(Fault::Busy)));
    expect("bytes of its own", send(update, &[0]), Err(Fault::NotBegun));
    expect("the end", finish(update, &[0; 64]), Ok(Err(Fault::NotBegun)));
    let short = LeaseBuf::<32>::new();
    expect("the end", update.finish(&short), Ok(Err(Fault::NotBegun)));
    look.wait();
    expect("begin", update.begin(4), Ok(Ok(())));
    look.wait();
    expect("signal", restart.signal(), Ok(()));
    look.wait();
    thread::exit()
}

fn update(
    update: Handle<dyn Update>,
    loader: Handle<dyn Loader>,
    look: Signal,
    (restart, works): (Signal, Signal),
) -> ! {
    let new = image(2);
    let good = signature(&new);
    expect("install", loader.install(1), Ok(()));
    expect("a start", loader.start(), Ok(Some(1)));

    // The process restarts in the middle of an update.
    expect("begin", update.begin(IMAGE as u32), Ok(Ok(())));
    expect("send", send(update, &new[..500]), Ok(()));
    expect("signal", restart.signal(), Ok(()));
    expect("the rest", send(update, &new[500..]), Err(Fault::NotBegun));
    expect("no update", finish(update, &good), Ok(Err(Fault::NotBegun)));
    expect("a start", loader.start(), Ok(Some(1)));

    // Another client acts now. (It is more urgent, so it has finished when the signal returns.)
    begin_and_send(update, &new);
    expect("signal", look.signal(), Ok(()));
    expect(
        "a wrong signature",
        finish(update, &signature(&image(1))),
        Ok(Err(Fault::BadSignature)),
    );
    expect("signal", look.signal(), Ok(()));
    expect(
        "an update while the other client has one",
        update.begin(IMAGE as u32),
        Ok(Err(Fault::Busy)),
    );
    expect(
        "the end of an update of the other client",
        finish(update, &good),
        Ok(Err(Fault::NotBegun)),
    );
    expect("signal", look.signal(), Ok(()));

    // An image that is not signed is refused.
    for bad in [[0; 64], signature(&image(1))] {
        begin_and_send(update, &new);
        expect("a wrong signature", finish(update, &bad), Ok(Err(Fault::BadSignature)));
        expect("a start", loader.start(), Ok(Some(1)));
    }
    // So is a signed image that is older than the running firmware.
    begin_and_send(update, &image(0));
    expect("an old image", finish(update, &signature(&image(0))), Ok(Err(Fault::OldVersion)));
    expect("a start", loader.start(), Ok(Some(1)));
    expect("too long", update.begin(IMAGE as u32 + 1), Ok(Err(Fault::TooLong)));
    expect("begin", update.begin(10), Ok(Ok(())));
    expect("more bytes than announced", send(update, &new), Err(Fault::TooLong));

    // A signed image that nothing confirms is taken back.
    begin_and_send(update, &new);
    expect("a good signature", finish(update, &good), Ok(Ok(())));
    expect("another", update.begin(1), Ok(Err(Fault::Undecided)));
    expect("a start", loader.start(), Ok(Some(2)));
    expect("a start", loader.start(), Ok(Some(1)));

    // Now the image is confirmed.
    begin_and_send(update, &new);
    expect("a good signature", finish(update, &good), Ok(Ok(())));
    expect("a start", loader.start(), Ok(Some(2)));
    expect("signal", works.signal(), Ok(()));
    expect("a start", loader.start(), Ok(Some(2)));

    for service in ["CONFIRM", "NEW", "STATE", "IN_USE"] {
        let reply = raw::call(raw::service(&SYSTEM, service), 0, [0; 4]);
        expect("a call without the right", reply.error(), Some(CallError::NotPermitted));
    }
    pass()
}

/// Confirms the image when it is told that the image works.
fn keep(confirm: Handle<dyn Confirm>, works: Notification) -> ! {
    works.wait();
    expect("the image", confirm.image(), Ok(Ok(Image::Trial)));
    expect("confirm", confirm.confirm(), Ok(Ok(())));
    expect("the image", confirm.image(), Ok(Ok(Image::Confirmed)));
    let reply = raw::call(raw::service(&SYSTEM, "UPDATE"), 0, [0; 4]);
    expect("a call without the right", reply.error(), Some(CallError::NotPermitted));
    thread::exit()
}
