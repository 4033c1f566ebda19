// SPDX-License-Identifier: MIT OR Apache-2.0
//! Updates of the firmware, which a separate process carries out.
//!
//! A client sends the new image in pieces. The service stores the image in a partition of the flash that no other
//! process can use. It accepts the image only with a valid signature. At the next start the boot loader (of
//! `embassy-boot`) swaps the new image with the image in use. The new image then runs on trial. If nothing
//! [confirms](Confirm) it before the next start, the boot loader swaps the images back. Even if the power fails at any
//! moment, the device always starts one of the two images, and this image is complete.
//!
//! ```ignore
//! process flash {
//!     mmio FLASH_CONTROLLER;
//!     object partitions (stack = 512): Exclusive<Partitions<Flash, 2>> =
//!         Partitions::new(Flash::new(FLASH_CONTROLLER), [(0x8_0000, 0x6_1000), (0x7_F000, 0x1000)]) =>
//!         [NEW_IMAGE: dyn Partition<0, 4, 4096>, BOOT_STATE: dyn Partition<1, 4, 4096>];
//! }
//! process updates {
//!     lost_clients;
//!     object updates (stack = 10240): Exclusive<Updates<PartitionHandle<0, 4, 4096>, PartitionHandle<1, 4, 4096>>> =
//!         Updates::new(PartitionHandle::new(NEW_IMAGE), PartitionHandle::new(BOOT_STATE), PUBLIC_KEY, Versions::NotBelow(VERSION)) =>
//!         [UPDATE: dyn Update];
//!     object trial (stack = 768): Exclusive<BootState<PartitionHandle<1, 4, 4096>>> =
//!         BootState::new(PartitionHandle::new(BOOT_STATE)) => [CONFIRM: dyn Confirm];
//! }
//! process radio { thread main (priority = 2, stack = 2048) = radio::main(UPDATE); }
//! process watchdog { /* ... */ thread keeper (priority = 30, stack = 1024) = keep(&guards, CONFIRM); }
//! ```
//!
//! The last four bytes of an image are its version, little-endian, and the signature covers them. The service refuses
//! an image with a version below the version of the running firmware, unless the wiring allows [all](Versions::All)
//! versions. Otherwise anybody who has an old signed image could install it, and then exploit a mistake of this old
//! firmware.
//!
//! The partition of the new image has to be at least a page larger than the partition of the image in use, because
//! `embassy-boot` requires this.
//!
//! ```
//! use crossgate::testing::Wiring;
//! use crossgate::{CallError, Handle, LeaseBuf};
//! use crossgate_update::{Fault, Update, Updates, Versions};
//! use ed25519_dalek::{Signer, SigningKey};
//! use sha2::{Digest, Sha512};
//! use simulated_chips::SimulatedFlash;
//!
//! fn send(update: Handle<dyn Update>, image: &[u8], signature: &[u8; 64]) -> Result<Result<(), Fault>, CallError> {
//!     let mut buffer = LeaseBuf::<64>::new();
//!     if let Err(fault) = update.begin(image.len() as u32)? {
//!         return Ok(Err(fault));
//!     }
//!     for piece in image.chunks(64) {
//!         buffer[..piece.len()].copy_from_slice(piece);
//!         if let Err(fault) = update.write(buffer.first(piece.len()))? {
//!             return Ok(Err(fault));
//!         }
//!     }
//!     buffer.copy_from_slice(signature);
//!     update.finish(&buffer)
//! }
//!
//! // The firmware is built with its version at the end, and the SHA-512 of the image is signed.
//! let secret = SigningKey::from_bytes(&[7; 32]);
//! let build = |version: u32| [&[0x55; 1000][..], &version.to_le_bytes()].concat();
//! let sign = |image: &[u8]| secret.sign(&Sha512::digest(image)).to_bytes();
//! let (image, old) = (build(3), build(2));
//!
//! let (new_image, state) = (SimulatedFlash::<4096, 4, 512>::new(), SimulatedFlash::<512, 4, 512>::new());
//! let wiring = Wiring::new();
//! let (key, versions) = (secret.verifying_key().to_bytes(), Versions::NotBelow(3));
//! let update: Handle<dyn Update> = wiring.serve(Updates::new(new_image, state, key, versions));
//! wiring.run(|| {
//!     assert_eq!(send(update, &image, &[0; 64]), Ok(Err(Fault::BadSignature)));
//!     assert_eq!(send(update, &old, &sign(&old)), Ok(Err(Fault::OldVersion)));
//!     assert_eq!(send(update, &image, &sign(&image)), Ok(Ok(())));
//!     assert_eq!(send(update, &image, &sign(&image)), Ok(Err(Fault::Undecided)));
//! });
//! ```
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::fmt;
use crossgate::server::{self, Client};
use crossgate::{Lease, Wire, interface};
use ed25519_dalek::{Signature, VerifyingKey};
use embassy_boot::{BlockingFirmwareState, FirmwareUpdaterError, State};
use embedded_storage::nor_flash::NorFlash;
use sha2::{Digest, Sha512};

/// The number of bytes that are written and read at a time.
const CHUNK: usize = 64;

/// The reason why an update does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Fault {
    /// This client has begun no update; or its update was lost, because the client, the process of the updates or the
    /// flash has failed. Begin again.
    NotBegun,
    /// Another client has begun an update.
    Busy,
    /// The image is longer than its partition, or longer than the length given to [`begin`](trait@Update).
    TooLong,
    /// Fewer bytes were sent than the length given to [`begin`](trait@Update), or the image is too short for a version.
    TooShort,
    /// The signature does not belong to these bytes and this key. The update is over.
    BadSignature,
    /// The signature is valid, but the image has no version, or its version is below the lowest version that the wiring
    /// allows. The update is over.
    OldVersion,
    /// An accepted image waits for the next start, or the running image is on trial. Until then the boot loader needs
    /// the partition of the new image.
    Undecided,
    /// The flash had an error, or its process has crashed. The image in use is not affected.
    Flash,
}

/// The versions that are accepted. The version of an image is in its last four bytes, little-endian. `0xffff_ffff`
/// means that the image has no version, because erased flash has this value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Versions {
    /// This version, which is the version of the running firmware, and all higher versions.
    NotBelow(u32),
    /// All versions, for a device on which old firmware may be installed again. Then anybody who has an old signed
    /// image can install it with its mistakes.
    All,
}

impl Versions {
    fn allow(self, version: u32) -> bool {
        match self {
            Versions::NotBelow(lowest) => version >= lowest && version != u32::MAX,
            Versions::All => true,
        }
    }
}

/// The state of the running image, which decides the image that the boot loader starts next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
pub enum Image {
    /// The image is confirmed, and starts again each time.
    Confirmed,
    /// An update was accepted. The new image starts next.
    Waiting,
    /// The image is an update on trial. If it is not confirmed, the image before it starts next.
    Trial,
    /// The image was in use before an update that was not confirmed. It starts again each time.
    Restored,
}

/// The interface of a process that sends a new image. An update belongs to the client that has begun it, until it is
/// over, or until the client crashes. Until then no other client can continue it, finish it or begin another. (The
/// service notices a crash of the client only if the process of the updates has `lost_clients` in the wiring.)
#[interface]
pub trait Update {
    /// Begins an update of `length` bytes. If this client has begun another update before, that update is dropped.
    fn begin(&mut self, length: u32) -> Result<(), Fault>;
    /// Adds bytes to the image.
    fn write(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Fault>;
    /// Accepts the image, if it is complete, if its version is not too old, and if these 64 bytes are an Ed25519
    /// signature (RFC 8032) of its SHA-512. The boot loader then starts the image next. The update is over, whether the
    /// image is accepted or not.
    fn finish(&mut self, signature: Lease<'_, [u8]>) -> Result<(), Fault>;
}

/// The interface of a process that checks if the running image works.
#[interface]
pub trait Confirm {
    /// Confirms the running image, so that the boot loader keeps it. (This has no effect on an accepted image that
    /// waits for its first start.)
    fn confirm(&mut self) -> Result<(), Fault>;
    /// Returns the state of the running image.
    fn image(&mut self) -> Result<Image, Fault>;
}

/// An update that was begun.
#[derive(Debug)]
struct Begun {
    /// The client that has begun the update.
    client: Option<Client>,
    length: u32,
    /// The number of bytes that are in the flash already.
    written: u32,
    /// The bytes that come next, and are not in the flash yet.
    chunk: [u8; CHUNK],
    /// The number of bytes in `chunk`.
    filled: usize,
}

/// The service object that confirms images: the state of the boot loader, in the flash `S`. It belongs to the process
/// of the updates. It needs much less of a caller's stack than [`Updates`].
#[derive(Debug)]
pub struct BootState<S>(S);

impl<S: NorFlash> BootState<S> {
    /// Creates the object of this flash.
    #[must_use]
    pub const fn new(flash: S) -> BootState<S> {
        const { assert!(S::WRITE_SIZE <= CHUNK, "a word of the state has more than 64 bytes") };
        BootState(flash)
    }

    /// Runs `operate` on the state of the boot loader.
    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut BlockingFirmwareState<'_, &mut S>) -> Result<T, FirmwareUpdaterError>,
    ) -> Result<T, Fault> {
        let mut word = [0; CHUNK];
        let word = &mut word[..S::WRITE_SIZE];
        act(&mut BlockingFirmwareState::new(&mut self.0, word)).map_err(|_| Fault::Flash)
    }

    /// Returns the state of the running image.
    fn image_in_use(&mut self) -> Result<Image, Fault> {
        Ok(match self.with(|state| state.get_state())? {
            State::Swap if self.is_swapped()? => Image::Trial,
            State::Swap => Image::Waiting,
            State::Revert => Image::Restored,
            State::Boot | State::DfuDetach => Image::Confirmed,
        })
    }

    /// Returns `true` if the boot loader has swapped the images. The boot loader writes its progress after the first
    /// two words of the state. It starts an image only after the swap is complete.
    fn is_swapped(&mut self) -> Result<bool, Fault> {
        let mut progress = [0; CHUNK];
        let progress = &mut progress[..S::WRITE_SIZE];
        self.0.read(2 * S::WRITE_SIZE as u32, progress).map_err(|_| Fault::Flash)?;
        Ok(progress.iter().all(|&byte| byte != 0xff))
    }
}

/// The service object that receives images. It belongs to the process of the updates. `N` is the flash for the new
/// image, and `S` is the flash for the state of the boot loader.
pub struct Updates<N, S> {
    new_image: N,
    state: BootState<S>,
    /// The public key for the check of signatures.
    key: [u8; 32],
    versions: Versions,
    begun: Option<Begun>,
}

impl<N, S> fmt::Debug for Updates<N, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Updates").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl<N: NorFlash, S: NorFlash> Updates<N, S> {
    /// Creates the object. `key` is the public key that belongs to the secret key of the signatures. `versions` are the
    /// versions that are accepted.
    #[must_use]
    pub const fn new(new_image: N, state: S, key: [u8; 32], versions: Versions) -> Updates<N, S> {
        const {
            assert!(CHUNK.is_multiple_of(N::WRITE_SIZE), "64 bytes are not whole writes");
            assert!(N::ERASE_SIZE.is_multiple_of(CHUNK), "64 bytes do not fill pages");
        }
        Updates { new_image, state: BootState::new(state), key, versions, begun: None }
    }

    /// Begins an update by a client.
    fn begin_for(&mut self, client: Option<Client>, length: u32) -> Result<(), Fault> {
        let of_others = self.begun.as_ref().and_then(|begun| begun.client);
        if of_others.is_some_and(|other| client != Some(other) && !other.is_gone()) {
            return Err(Fault::Busy);
        }
        self.begun = None;
        if matches!(self.state.image_in_use()?, Image::Waiting | Image::Trial) {
            return Err(Fault::Undecided);
        }
        // The boot loader needs the last page to swap the images.
        if length as usize > self.new_image.capacity().saturating_sub(N::ERASE_SIZE) {
            return Err(Fault::TooLong);
        }
        self.begun = Some(Begun { client, length, written: 0, chunk: [0; CHUNK], filled: 0 });
        Ok(())
    }

    /// Takes the update that this client has begun out of the object. The update is over unless the caller puts it
    /// back.
    fn take_begun(&mut self, client: Option<Client>) -> Result<Begun, Fault> {
        self.begun.take_if(|begun| begun.client == client).ok_or(Fault::NotBegun)
    }

    /// Accepts the image if it is complete and has this signature.
    fn accept(&mut self, mut begun: Begun, signature: &[u8; 64]) -> Result<(), Fault> {
        begun.flush(&mut self.new_image)?;
        if begun.written < begun.length || begun.length < size_of::<u32>() as u32 {
            return Err(Fault::TooShort);
        }
        if !self.versions.allow(self.signed_version(begun.length, signature)?) {
            return Err(Fault::OldVersion);
        }
        self.state.with(|state| state.mark_updated())
    }

    /// Returns the version of the image in the flash, if it has this signature. The bytes are read only once, so the
    /// version is part of the bytes that were hashed.
    fn signed_version(&mut self, length: u32, signature: &[u8; 64]) -> Result<u32, Fault> {
        let (mut hash, mut chunk) = (Sha512::new(), [0; CHUNK]);
        let mut version = [0; size_of::<u32>()];
        for start in (0..length).step_by(CHUNK) {
            let bytes = &mut chunk[..CHUNK.min((length - start) as usize)];
            self.new_image.read(start, bytes).map_err(|_| Fault::Flash)?;
            hash.update(&*bytes);
            for &byte in &*bytes {
                version.rotate_left(1);
                version[3] = byte;
            }
        }
        let key = VerifyingKey::from_bytes(&self.key).map_err(|_| Fault::BadSignature)?;
        match key.verify_strict(&hash.finalize(), &Signature::from_bytes(signature)) {
            Ok(()) => Ok(u32::from_le_bytes(version)),
            Err(_) => Err(Fault::BadSignature),
        }
    }
}

impl Begun {
    /// Returns the number of bytes that are still to come.
    fn missing(&self) -> usize {
        (self.length - self.written) as usize - self.filled
    }

    /// Adds bytes. Writes each full chunk to the flash.
    fn write<N: NorFlash>(&mut self, mut bytes: &[u8], flash: &mut N) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(CHUNK - self.filled));
            self.chunk[self.filled..][..part.len()].copy_from_slice(part);
            self.filled += part.len();
            bytes = rest;
            if self.filled == CHUNK {
                self.flush(flash)?;
            }
        }
        Ok(())
    }

    /// Writes the bytes that are left. A page is erased before its first byte is written.
    fn flush<N: NorFlash>(&mut self, flash: &mut N) -> Result<(), Fault> {
        let page = N::ERASE_SIZE as u32;
        if self.written.is_multiple_of(page) && self.filled > 0 {
            flash.erase(self.written, self.written + page).map_err(|_| Fault::Flash)?;
        }
        let whole = self.filled.next_multiple_of(N::WRITE_SIZE);
        self.chunk[self.filled..whole].fill(0xff);
        flash.write(self.written, &self.chunk[..whole]).map_err(|_| Fault::Flash)?;
        self.written += self.filled as u32;
        self.filled = 0;
        Ok(())
    }
}

impl<N: NorFlash, S: NorFlash> Update for Updates<N, S> {
    fn begin(&mut self, length: u32) -> Result<(), Fault> {
        self.begin_for(Some(caller()?), length)
    }

    fn write(&mut self, bytes: Lease<'_, [u8]>) -> Result<(), Fault> {
        let mut begun = self.take_begun(Some(caller()?))?;
        if bytes.len() > begun.missing() {
            return Err(Fault::TooLong);
        }
        bytes.for_each_chunk::<CHUNK, _>(|bytes| begun.write(bytes, &mut self.new_image))?;
        self.begun = Some(begun);
        Ok(())
    }

    fn finish(&mut self, signature: Lease<'_, [u8]>) -> Result<(), Fault> {
        let begun = self.take_begun(Some(caller()?))?;
        let mut copy = [0; 64];
        if signature.len() != copy.len() {
            return Err(Fault::BadSignature);
        }
        signature.copy_to(&mut copy);
        self.accept(begun, &copy)
    }
}

/// Returns the client of the call. A client that is gone gets `NotBegun`.
fn caller() -> Result<Client, Fault> {
    server::client().ok_or(Fault::NotBegun)
}

impl<S: NorFlash> Confirm for BootState<S> {
    fn confirm(&mut self) -> Result<(), Fault> {
        if self.image_in_use()? == Image::Trial {
            self.with(|state| state.mark_booted())?;
        }
        Ok(())
    }

    fn image(&mut self) -> Result<Image, Fault> {
        self.image_in_use()
    }
}

#[cfg(test)]
mod tests;
