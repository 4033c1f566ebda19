// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use core::cell::RefCell;
use ed25519_dalek::{Signer, SigningKey};
use embassy_boot::{BootLoader, BootLoaderConfig};
use embassy_embedded_hal::flash::partition::BlockingPartition;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_storage::nor_flash::ReadNorFlash;
use simulated_chips::SimulatedFlash;
use std::vec;
use std::vec::Vec;

const PAGE: u32 = 256;
/// The sizes in bytes of the three parts of the flash, in this order: the image in use, the new image, and the state.
const IN_USE: u32 = 2 * PAGE;
const NEW: u32 = 3 * PAGE;
const ALL: u32 = IN_USE + NEW + PAGE;

type Flash = SimulatedFlash<{ ALL as usize }, 4, { PAGE as usize }>;
type Shared = Mutex<NoopRawMutex, RefCell<Flash>>;
type Part<'a> = BlockingPartition<'a, NoopRawMutex, Flash>;

/// A microcontroller. It consists of a flash whose power may fail.
struct Device(Shared);

impl Device {
    /// Creates a device with an image.
    fn new(image: &[u8]) -> Device {
        let device = Device(Mutex::new(RefCell::new(Flash::new())));
        device.image_in_use().write(0, image).unwrap();
        device
    }

    fn image_in_use(&self) -> Part<'_> {
        Part::new(&self.0, 0, IN_USE)
    }

    fn new_image(&self) -> Part<'_> {
        Part::new(&self.0, IN_USE, NEW)
    }

    fn state(&self) -> Part<'_> {
        Part::new(&self.0, IN_USE + NEW, PAGE)
    }

    /// Starts the firmware, as the boot loader does, and returns its image.
    fn start(&self) -> Option<Vec<u8>> {
        let (active, dfu, state) = (self.image_in_use(), self.new_image(), self.state());
        let mut loader = BootLoader::new(BootLoaderConfig { active, dfu, state });
        loader.prepare_boot(&mut [0; 64]).ok()?;
        let mut image = vec![0; IN_USE as usize];
        self.image_in_use().read(0, &mut image).ok()?;
        Some(image)
    }

    fn boot_state(&self) -> BootState<Part<'_>> {
        BootState::new(self.state())
    }

    fn updates(&self) -> Updates<Part<'_>, Part<'_>> {
        self.updates_of(Versions::All)
    }

    fn updates_of(&self, versions: Versions) -> Updates<Part<'_>, Part<'_>> {
        let key = secret().verifying_key().to_bytes();
        Updates::new(self.new_image(), self.state(), key, versions)
    }

    /// Sends an image, in pieces of different lengths.
    fn update(&self, image: &[u8]) -> Result<(), Fault> {
        let mut updates = self.updates();
        send(&mut updates, image)?;
        accept(&mut updates, &signature(image))
    }

    fn with_flash<T>(&self, act: impl FnOnce(&mut Flash) -> T) -> T {
        self.0.lock(|flash| act(&mut flash.borrow_mut()))
    }
}

fn send<N: NorFlash, S: NorFlash>(updates: &mut Updates<N, S>, image: &[u8]) -> Result<(), Fault> {
    updates.begin_for(None, image.len() as u32)?;
    let mut rest = image;
    for length in (1..).step_by(13) {
        let (piece, others) = rest.split_at(length.min(rest.len()));
        let mut begun = updates.take_begun(None)?;
        begun.write(piece, &mut updates.new_image)?;
        updates.begun = Some(begun);
        rest = others;
        if rest.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Accepts what was sent.
fn accept<N: NorFlash, S: NorFlash>(
    updates: &mut Updates<N, S>,
    signature: &[u8; 64],
) -> Result<(), Fault> {
    let begun = updates.take_begun(None)?;
    updates.accept(begun, signature)
}

fn secret() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn signature(image: &[u8]) -> [u8; 64] {
    secret().sign(&Sha512::digest(image)).to_bytes()
}

/// Returns an image that fills its partition.
fn image(seed: u8) -> Vec<u8> {
    (0..IN_USE).map(|place| (place as u8).wrapping_mul(31) ^ (place >> 8) as u8 ^ seed).collect()
}

#[test]
fn what_starts_is_a_whole_image_whenever_the_power_fails() {
    let (old, new) = (image(1), image(2));
    /// Updates the device without a confirmation, so that the update is swapped back. Then updates the device again,
    /// with a confirmation.
    fn live(device: &Device, old: &[u8], new: &[u8]) -> Option<()> {
        device.update(new).ok()?;
        assert_eq!(device.start()?, new, "the update starts");
        assert_eq!(device.start()?, old, "it was not confirmed");
        device.update(new).ok()?;
        assert_eq!(device.start()?, new, "the update starts");
        device.boot_state().confirm().ok()?;
        assert_eq!(device.start()?, new, "it was confirmed");
        Some(())
    }
    let mut cuts = 0;
    for step in 0.. {
        let device = Device::new(&old);
        device.with_flash(|flash| flash.cut_power_after(step));
        if live(&device, &old, &new).is_some() {
            break;
        }
        cuts += 1;
        device.with_flash(Flash::switch_on);
        let first = device.start().unwrap();
        assert!(first == old || first == new, "step {step}: a part of an image starts");
        let second = device.start().unwrap();
        assert!(second == old || second == new, "step {step}: a part of an image starts");
        let image = device.boot_state().image().unwrap();
        assert!(matches!(image, Image::Confirmed | Image::Restored), "step {step}: {image:?}");
        assert_eq!(device.start().unwrap(), second, "step {step}: it changes by itself");
        device.update(&new).unwrap();
        assert_eq!(device.start().unwrap(), new, "step {step}: updates still work");
    }
    assert!(cuts > 1_000, "{cuts}");
}

#[test]
fn an_update_runs_on_trial_until_it_is_confirmed() {
    let (old, new) = (image(1), image(2));
    let device = Device::new(&old);
    let state = || device.boot_state().image();
    assert_eq!(state(), Ok(Image::Confirmed));
    device.update(&new).unwrap();
    assert_eq!(state(), Ok(Image::Waiting));
    device.boot_state().confirm().unwrap();
    assert_eq!(state(), Ok(Image::Waiting), "to confirm the image before does not stop the update");
    assert_eq!(device.updates().begin_for(None, 1), Err(Fault::Undecided), "nothing replaces it");
    assert_eq!(device.start().unwrap(), new);
    assert_eq!(state(), Ok(Image::Trial));
    assert_eq!(
        device.updates().begin_for(None, 1),
        Err(Fault::Undecided),
        "the image before is still needed"
    );
    assert_eq!(device.start().unwrap(), old);
    assert_eq!(state(), Ok(Image::Restored));
    device.update(&new).unwrap();
    assert_eq!(device.start().unwrap(), new);
    device.boot_state().confirm().unwrap();
    assert_eq!(state(), Ok(Image::Confirmed));
    assert_eq!(device.start().unwrap(), new);
}

#[test]
fn nothing_but_the_signed_image_is_accepted() {
    let (old, new) = (image(1), image(2));
    let device = Device::new(&old);
    let mut updates = device.updates();
    let good = signature(&new);
    let others = SigningKey::from_bytes(&[8; 32]).sign(&Sha512::digest(&new)).to_bytes();
    for bad in [[0; 64], [0xff; 64], others, signature(&old)] {
        send(&mut updates, &new).unwrap();
        assert_eq!(accept(&mut updates, &bad), Err(Fault::BadSignature));
        assert_eq!(accept(&mut updates, &good), Err(Fault::NotBegun), "the image is given up");
    }
    for place in [0, 1, new.len() / 2, new.len() - 1] {
        let mut changed = new.clone();
        changed[place] ^= 0x10;
        send(&mut updates, &changed).unwrap();
        assert_eq!(accept(&mut updates, &good), Err(Fault::BadSignature));
    }
    send(&mut updates, &new[..new.len() - 1]).unwrap();
    assert_eq!(accept(&mut updates, &good), Err(Fault::BadSignature));
    updates.begin_for(None, IN_USE).unwrap();
    assert_eq!(accept(&mut updates, &good), Err(Fault::TooShort));
    assert_eq!(updates.begin_for(None, IN_USE + 1), Err(Fault::TooLong));
    assert_eq!(updates.begin_for(None, u32::MAX), Err(Fault::TooLong));
    assert_eq!(device.start().unwrap(), old);
    device.update(&new).unwrap();
    assert_eq!(device.start().unwrap(), new);
}

#[test]
fn a_short_image_need_not_be_whole_words() {
    let device = Device::new(&image(1));
    for length in [0, 1, 3] {
        assert_eq!(device.update(&image(3)[..length]), Err(Fault::TooShort), "it has no version");
    }
    for length in [4, 5, 7, 63, 64, 65, 67, 255, 256, 257] {
        let short = &image(3)[..length];
        device.update(short).unwrap();
        assert_eq!(&device.start().unwrap()[..length], short);
        device.boot_state().confirm().unwrap();
    }
}

#[test]
fn an_old_version_is_refused_unless_the_wiring_allows_it() {
    let device = Device::new(&image(1));
    let of_version = |version: u32, length: usize| {
        let mut image = image(3);
        image.truncate(length);
        image[length - 4..].copy_from_slice(&version.to_le_bytes());
        image
    };
    // With these lengths, the version is in one chunk, is in two chunks, or is the whole image.
    for length in [4, 64, 65, 66, 67, 68, IN_USE as usize] {
        for (version, lowest, expected) in [
            (6, 7, Err(Fault::OldVersion)),
            (0, 1, Err(Fault::OldVersion)),
            (0x0100, 0x0201, Err(Fault::OldVersion)),
            (0xff, 0x0100_0000, Err(Fault::OldVersion)),
            (u32::MAX - 2, u32::MAX - 1, Err(Fault::OldVersion)),
            (u32::MAX, 0, Err(Fault::OldVersion)),
            (7, 7, Ok(())),
            (0x0100_0000, 0xff, Ok(())),
            (u32::MAX - 1, u32::MAX - 1, Ok(())),
        ] {
            let image = of_version(version, length);
            let mut updates = device.updates_of(Versions::NotBelow(lowest));
            send(&mut updates, &image).unwrap();
            assert_eq!(
                accept(&mut updates, &[0; 64]),
                Err(Fault::BadSignature),
                "that comes first"
            );
            send(&mut updates, &image).unwrap();
            assert_eq!(
                accept(&mut updates, &signature(&image)),
                expected,
                "{version} for {lowest}"
            );
            assert_eq!(accept(&mut updates, &signature(&image)), Err(Fault::NotBegun));
            if expected.is_ok() {
                assert_eq!(device.start().unwrap()[..length], image);
                device.boot_state().confirm().unwrap();
            }
        }
    }
    device.update(&of_version(0, 64)).unwrap();
}
