//! Object ids of either width.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A git object id: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Oid {
    bytes: [u8; 32],
    width: u8,
}

impl Hash for Oid {
    /// The beginning of an id spreads as well as all of it, and nobody makes many ids with the same.
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(beginning) = self.bytes.first_chunk() {
            state.write_u64(u64::from_ne_bytes(*beginning));
        }
    }
}

impl Oid {
    /// From 40 or 64 hexadecimal digits.
    pub fn from_hex(hex: &[u8]) -> Option<Self> {
        let width = match hex.len() {
            40 => 20,
            64 => 32,
            _ => return None,
        };
        let (mut bytes, mut odd) = ([0; 32], 0);
        let (pairs, _) = hex.as_chunks::<2>();
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (high, low) = (digit(*high), digit(*low));
            odd |= high | low;
            *byte = (high << 4) | low;
        }
        (odd & NO_DIGIT == 0).then_some(Self { bytes, width })
    }

    /// From the 20 bytes of a SHA-1.
    pub fn from_sha1(sha1: [u8; 20]) -> Self {
        let mut bytes = [0; 32];
        for (byte, given) in bytes.iter_mut().zip(sha1) {
            *byte = given;
        }
        Self { bytes, width: 20 }
    }

    /// From 20 or 32 raw bytes.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        let width = match raw.len() {
            20 => 20,
            32 => 32,
            _ => return None,
        };
        let mut bytes = [0; 32];
        bytes.get_mut(..raw.len())?.copy_from_slice(raw);
        Some(Self { bytes, width })
    }

    /// The raw bytes, 20 or 32 of them.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.width)).unwrap_or(&self.bytes)
    }

    /// The id that stands for "no object", at either width.
    pub fn is_zero(&self) -> bool {
        self.bytes.iter().all(|byte| *byte == 0)
    }

    /// Appends the hexadecimal digits.
    pub fn push_hex(&self, into: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in self.as_bytes() {
            for nibble in [byte >> 4, byte & 15] {
                into.push(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0'));
            }
        }
    }

    /// The first seven digits, for people.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(7);
        hex
    }
}

/// The value of every byte as a hexadecimal digit: long histories are read at a million ids a second.
const DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(
            clippy::indexing_slicing,
            reason = "the loop ends at the length, and all of it is done by the compiler"
        )]
        match byte {
            0x30..=0x39 => digits[byte] = byte as u8 - 0x30,
            0x41..=0x46 => digits[byte] = byte as u8 - 0x41 + 10,
            0x61..=0x66 => digits[byte] = byte as u8 - 0x61 + 10,
            _ => {}
        }
        byte += 1;
    }
    digits
};

const NO_DIGIT: u8 = 0x80;

fn digit(byte: u8) -> u8 {
    DIGITS.get(usize::from(byte)).copied().unwrap_or(NO_DIGIT)
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut hex = Vec::with_capacity(64);
        self.push_hex(&mut hex);
        f.write_str(&String::from_utf8_lossy(&hex))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Oid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Oid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = String::deserialize(deserializer)?;
        Self::from_hex(hex.as_bytes()).ok_or_else(|| serde::de::Error::custom("no object id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_come_back_as_they_went_in() {
        for hex in ["0123456789abcdef0123456789abcdef01234567", &"ab".repeat(32)] {
            let id = Oid::from_hex(hex.as_bytes()).unwrap();
            assert_eq!(id.to_string(), hex);
            assert_eq!(Oid::from_bytes(id.as_bytes()), Some(id));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for hex in ["", "0123", &"g".repeat(40), &"0".repeat(41)] {
            assert_eq!(Oid::from_hex(hex.as_bytes()), None, "{hex}");
        }
    }

    #[test]
    fn zero_is_known_at_either_width() {
        for width in [40, 64] {
            assert!(Oid::from_hex("0".repeat(width).as_bytes()).unwrap().is_zero());
        }
    }
}
