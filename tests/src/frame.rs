// SPDX-License-Identifier: MIT OR Apache-2.0
//! Ethernet frames, as a host at the other end of a cable sends them.

/// Turns a question for the Ethernet address of a host (ARP, RFC 826) into the answer, with this address.
pub fn answer(question: &mut [u8], hardware: [u8; 6]) {
    let [a, b, c, d] = [38, 39, 40, 41].map(|place| question[place]);
    question.copy_within(6..12, 0);
    question.copy_within(22..32, 32);
    question[21] = 2;
    question[6..12].copy_from_slice(&hardware);
    question[22..28].copy_from_slice(&hardware);
    question[28..32].copy_from_slice(&[a, b, c, d]);
}

/// Returns the checksum of bytes by RFC 1071, as in the protocols of the Internet. The sum begins with `sum`.
#[must_use]
pub fn checksum(bytes: &[u8], start: u32) -> [u8; 2] {
    let words =
        bytes.chunks(2).map(|two| u32::from(two[0]) << 8 | u32::from(*two.get(1).unwrap_or(&0)));
    let sum = words.fold(start, |sum, word| sum + word);
    let sum = (sum & 0xffff) + (sum >> 16);
    (!((sum & 0xffff) + (sum >> 16)) as u16).to_be_bytes()
}
