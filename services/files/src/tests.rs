// SPDX-License-Identifier: MIT OR Apache-2.0
use super::*;
use core::time::Duration;
use crossgate::testing::{Process, Wiring};
use crossgate::{Handle, LeaseBuf, time};
use embedded_storage::nor_flash::{ErrorType, ReadNorFlash};
use simulated_chips::SimulatedFlash;
use std::collections::BTreeMap;
use std::string::String;
use std::sync::{Arc, Mutex, MutexGuard};
use std::vec::Vec;

type Simulated = SimulatedFlash<16384, 4, 1024>;
type Archive = FileSystem<Flash, 3, 2>;
/// The quotas of the two directories, in pages.
const QUOTAS: [u32; 2] = [5, 4];

/// A flash that the test keeps access to, so that the test can cut its power while a file system uses it.
#[derive(Clone, Default)]
struct Flash(Arc<Mutex<Simulated>>);

impl Flash {
    fn lock(&self) -> MutexGuard<'_, Simulated> {
        self.0.lock().unwrap()
    }
}

impl ErrorType for Flash {
    type Error = <Simulated as ErrorType>::Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = Simulated::READ_SIZE;
    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.lock().read(offset, bytes)
    }
    fn capacity(&self) -> usize {
        self.lock().capacity()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = Simulated::WRITE_SIZE;
    const ERASE_SIZE: usize = Simulated::ERASE_SIZE;
    fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        self.lock().erase(from, to)
    }
    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        self.lock().write(offset, bytes)
    }
}

/// Returns the file system in this flash, as its process has it after a restart.
fn in_flash(flash: &Flash) -> Archive {
    FileSystem::new(flash.clone(), 16, QUOTAS)
}

fn formatted() -> Archive {
    formatted_in(&Flash::default())
}

fn formatted_in(flash: &Flash) -> Archive {
    let mut files = in_flash(flash);
    files.format().unwrap();
    files
}

/// A handle with the lent memory that its calls need.
struct Client {
    files: Handle<dyn Files<0>>,
}

impl Client {
    fn name(&self, name: &str) -> LeaseBuf<64> {
        let mut buffer = LeaseBuf::new();
        buffer[..name.len()].copy_from_slice(name.as_bytes());
        buffer
    }

    fn open(&self, name: &str, mode: Mode) -> Result<File, Fault> {
        self.files.open(self.name(name).first(name.len()), mode).unwrap()
    }

    fn write(&self, file: File, bytes: &[u8]) -> Result<u32, Fault> {
        let mut buffer = LeaseBuf::<1024>::new();
        buffer[..bytes.len()].copy_from_slice(bytes);
        self.files.write(file, buffer.first(bytes.len())).unwrap()
    }

    fn read(&self, file: File) -> Result<Vec<u8>, Fault> {
        let mut buffer = LeaseBuf::<1024>::new();
        let length = self.files.read(file, &mut buffer).unwrap()?;
        Ok(buffer[..length as usize].to_vec())
    }
}

/// Runs a test with a client and a process of the files that knows of lost clients.
fn with_client(test: impl FnOnce(&Client, Process<'_>)) {
    let wiring = Wiring::new();
    let archive = wiring.process("archive").lost_clients(None);
    let other = wiring.process("other");
    let client = Client { files: archive.serve(formatted()) };
    wiring.run(|| test(&client, other));
}

#[test]
fn a_file_is_read_as_it_was_written() {
    with_client(|client, _| {
        assert_eq!(client.open("log", Mode::Read), Err(Fault::NoFile));
        let log = client.open("log", Mode::Write).unwrap();
        let bytes: Vec<u8> = (0..1000).map(|number| number as u8).collect();
        assert_eq!(client.write(log, &bytes), Ok(1000));
        assert_eq!(client.read(log), Ok(vec![]));
        assert_eq!(client.files.seek(log, 10), Ok(Ok(())));
        assert_eq!(client.write(log, b"text"), Ok(4));
        assert_eq!(client.files.seek(log, 0), Ok(Ok(())));
        let mut expected = bytes;
        expected[10..14].copy_from_slice(b"text");
        assert_eq!(client.read(log), Ok(expected));
        let end = client.open("log", Mode::Append).unwrap();
        assert_eq!((client.write(end, b"end"), client.files.size(log)), (Ok(3), Ok(Ok(1003))));
        assert_eq!(client.read(log), Ok(b"end".to_vec()));
        let read = client.open("log", Mode::Read).unwrap();
        assert_eq!(client.write(read, b"x"), Err(Fault::ReadOnly));
        assert_eq!(client.files.seek(log, 1004), Ok(Ok(())));
        assert_eq!((client.write(log, b"x"), client.read(log)), (Err(Fault::PastEnd), Ok(vec![])));
        assert_eq!(client.open("log", Mode::Read), Err(Fault::TooManyOpen));
        assert_eq!(client.files.close(end), Ok(Ok(())));
        assert_eq!(client.files.close(end), Ok(Err(Fault::NotOpen)));
        let (old, new) = (client.name("log"), client.name("past"));
        assert_eq!(client.files.rename(old.first(3), new.first(4)), Ok(Ok(())));
        assert_eq!(client.files.size(log), Ok(Err(Fault::NoFile)));
        let past = client.open("past", Mode::Read).unwrap();
        assert_eq!(client.files.size(past), Ok(Ok(1003)));
        assert_eq!(client.files.remove(new.first(4)), Ok(Ok(())));
        assert_eq!(client.read(past), Err(Fault::NoFile));
    });
}

#[test]
fn a_name_is_of_the_clients_own_directory() {
    with_client(|client, _| {
        let long = "a".repeat(NAME + 1);
        let bad =
            ["", ".", "..", "../01/a", "01/../../01/a", "/01/a", "a/b", "a\0b", "a b", "ä", &long];
        for name in bad {
            assert_eq!(client.open(name, Mode::Write), Err(Fault::BadName), "{name}");
            let (bad, good) = (client.name(name), client.name("good"));
            let (bad, good) = (bad.first(name.len()), good.first(4));
            assert_eq!(client.files.remove(bad), Ok(Err(Fault::BadName)), "{name}");
            assert_eq!(client.files.rename(bad, good), Ok(Err(Fault::BadName)), "{name}");
            assert_eq!(client.files.rename(good, bad), Ok(Err(Fault::BadName)), "{name}");
        }
        let longest = client.open(&long[1..], Mode::Write).unwrap();
        assert_eq!(client.write(longest, b"a"), Ok(1));
    });
}

#[test]
fn an_open_file_is_its_clients() {
    with_client(|client, other| {
        let log = client.open("log", Mode::Write).unwrap();
        assert_eq!(client.write(log, b"secret"), Ok(6));
        assert_eq!(client.files.seek(log, 0), Ok(Ok(())));
        other.enter(|| {
            // Another process with the same directory can open the file, but it can't use the number of the first
            // process.
            assert_eq!(client.read(log), Err(Fault::NotOpen));
            assert_eq!(client.write(log, b"x"), Err(Fault::NotOpen));
            assert_eq!(client.files.close(log), Ok(Err(Fault::NotOpen)));
            for number in 0..2000 {
                assert_eq!(client.files.seek(File(number), 3), Ok(Err(Fault::NotOpen)));
            }
        });
        assert_eq!(client.read(log), Ok(b"secret".to_vec()));
        for number in (0..2000).filter(|number| File(*number) != log) {
            assert_eq!(client.files.seek(File(number), 3), Ok(Err(Fault::NotOpen)));
        }
    });
}

#[test]
fn a_client_takes_no_more_pages_than_its_quota() {
    with_client(|client, _| {
        // A page has 1024 bytes. Eight of them are for links to other pages.
        let full = [7; 1016];
        let log = client.open("log", Mode::Write).unwrap();
        for _ in 0..4 {
            assert_eq!(client.write(log, &full), Ok(1016));
        }
        assert_eq!(client.write(log, &full), Err(Fault::OverQuota));
        assert_eq!(client.files.size(log), Ok(Ok(4 * 1016)));
        assert_eq!(client.write(log, &full[1..]), Ok(1015));
        assert_eq!(client.write(log, b"x"), Err(Fault::OverQuota));
        assert_eq!(client.open("empty", Mode::Write), Err(Fault::OverQuota));
        assert_eq!(
            client.open("log", Mode::Append).and_then(|end| client.write(end, b"x")),
            Err(Fault::OverQuota)
        );
        // A write over existing bytes needs no more pages. A write past the end does.
        assert_eq!(client.files.seek(log, 5 * 1016 - 2), Ok(Ok(())));
        assert_eq!(
            (client.write(log, b"x"), client.write(log, b"x")),
            (Ok(1), Err(Fault::OverQuota))
        );
        // A removed file does not count. Every other file counts as at least one page.
        let name = client.name("log");
        assert_eq!(client.files.remove(name.first(3)), Ok(Ok(())));
        for name in ["a", "b", "c", "d", "e"] {
            let file = client.open(name, Mode::Write);
            assert_eq!(file.and_then(|file| client.files.close(file).unwrap()), Ok(()), "{name}");
        }
        assert_eq!(client.open("f", Mode::Append), Err(Fault::OverQuota));
        assert_eq!(client.open("f", Mode::Read), Err(Fault::NoFile));
        let (old, new) = (client.name("a"), client.name("b"));
        assert_eq!(client.files.rename(old.first(1), new.first(1)), Ok(Ok(())));
        assert!(client.open("f", Mode::Append).is_ok());
    });
}

/// A fake that a client can format, or whose process the client can restart.
#[interface]
trait Forgetful {
    fn open_any(&mut self, name: Lease<'_, [u8]>) -> Result<File, Fault>;
    fn size_of(&mut self, file: File) -> Result<u32, Fault>;
    fn empty(&mut self) -> Result<(), Fault>;
    fn restart(&mut self);
}

impl Forgetful for Archive {
    fn open_any(&mut self, name: Lease<'_, [u8]>) -> Result<File, Fault> {
        Files::<0>::open(self, name, Mode::Write)
    }
    fn size_of(&mut self, file: File) -> Result<u32, Fault> {
        Files::<0>::size(self, file)
    }
    fn empty(&mut self) -> Result<(), Fault> {
        Keeper::format(self)
    }
    fn restart(&mut self) {
        self.open = Open::new();
    }
}

#[test]
fn a_number_is_of_no_other_file_after_a_format_or_a_restart() {
    let wiring = Wiring::new();
    let archive = wiring.process("archive").lost_clients(None);
    let files: Handle<dyn Forgetful> = archive.serve(formatted());
    wiring.run(|| {
        let before = files.open_any("log").unwrap().unwrap();
        assert_eq!(files.empty(), Ok(Ok(())));
        let after = files.open_any("key").unwrap().unwrap();
        assert_eq!(files.size_of(before), Ok(Err(Fault::NotOpen)));
        time::sleep(Duration::from_millis(2));
        assert_eq!(files.restart(), Ok(()));
        let last = files.open_any("state").unwrap().unwrap();
        assert_eq!(files.size_of(before), Ok(Err(Fault::NotOpen)));
        assert_eq!(files.size_of(after), Ok(Err(Fault::NotOpen)));
        assert_eq!(files.size_of(last), Ok(Ok(0)));
    });
}

#[derive(Clone, Copy)]
enum Change {
    Append(&'static str, usize),
    /// Puts the file `00/new` in place of `00/state`.
    Replace,
}

/// Returns many changes: they add records to two files, and replace a third file.
fn changes() -> impl Iterator<Item = Change> {
    let round = [
        Change::Append("00/log", 40),
        Change::Append("01/big", 300),
        Change::Append("00/new", 20),
        Change::Replace,
    ];
    core::iter::repeat_n(round, 12).flatten()
}

fn make(files: &mut Archive, change: Change) -> Result<(), Fault> {
    files.mounted(|files| match change {
        Change::Append(path, length) => {
            let flags = OpenFlags::READ | OpenFlags::WRITE | OpenFlags::CREATE;
            let file = files.open(path, flags)?;
            let end = file.seek(SeekFrom::End(0))?;
            file.write(&vec![end as u8; length])?;
            file.close()
        }
        Change::Replace => files.rename("00/new", "00/state"),
    })
}

/// All files, and their contents.
type Content = BTreeMap<String, Vec<u8>>;

fn content(files: &mut Archive) -> Content {
    let all = files.mounted(|files| {
        let mut all = BTreeMap::new();
        for directory in ["00", "01"] {
            for entry in files.list_dir(directory)? {
                if entry.file_type == littlefs_rust::FileType::File {
                    let path = format!("{directory}/{}", entry.name);
                    let bytes = files.read_to_vec(&path)?;
                    all.insert(path, bytes);
                }
            }
        }
        Ok(all)
    });
    all.unwrap()
}

fn with_directories(flash: &Flash) -> Archive {
    let mut files = formatted_in(flash);
    let made = files.mounted(|files| files.mkdir("00").and_then(|()| files.mkdir("01")));
    made.unwrap();
    files
}

#[test]
fn files_are_whole_whenever_the_power_fails() {
    let mut files = with_directories(&Flash::default());
    let mut states = vec![content(&mut files)];
    for change in changes() {
        make(&mut files, change).unwrap();
        states.push(content(&mut files));
    }
    let mut cuts = 0;
    for cut in 0.. {
        let flash = Flash::default();
        let mut files = with_directories(&flash);
        flash.lock().cut_power_after(cut);
        let Some(lost) = changes().position(|change| make(&mut files, change).is_err()) else {
            break;
        };
        flash.lock().switch_on();
        let found = content(&mut in_flash(&flash));
        // A file is created first, and then written.
        let mut created = states[lost].clone();
        if let Some(Change::Append(path, _)) = changes().nth(lost) {
            created.entry(path.into()).or_default();
        }
        let whole = [&states[lost], &created, &states[lost + 1]];
        assert!(whole.contains(&&found), "{cut} {lost}: {found:?}");
        // In every second case only the flash has lost its power, and the process goes on. In the other cases the
        // process also restarts.
        if cut % 2 == 0 {
            files = in_flash(&flash);
        }
        for change in changes().skip(lost + usize::from(found == states[lost + 1])) {
            make(&mut files, change).unwrap();
        }
        assert_eq!(Some(content(&mut files)).as_ref(), states.last(), "{cut}");
        assert_eq!(Some(content(&mut in_flash(&flash))).as_ref(), states.last(), "{cut}");
        cuts += 1;
    }
    assert!(cuts > 500, "{cuts}");
}
