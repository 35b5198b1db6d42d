//! Base64 and ids. Base64 is read the way Nova reads it (Python's `b64decode`:
//! characters outside the alphabet are skipped, wrong padding is an error).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The bytes of a base64 text, or `None` for what Nova calls "not a 'base64'".
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        if byte == b'=' {
            // Padding counts only where it completes a group of four.
            if count == 2 || count == 3 {
                let pad = text.bytes().rev().take_while(|b| *b == b'=').count();
                if pad + count < 4 {
                    return None;
                }
                out.extend((0..count - 1).map(|i| (bits << (6 * (4 - count)) >> (16 - 8 * i)) as u8));
                return Some(out);
            }
            continue;
        }
        let Some(value) = sextet(byte) else { continue };
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend([(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]);
            (bits, count) = (0, 0);
        }
    }
    (count == 0).then_some(out)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Base64 with padding.
pub fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        for i in 0..4 {
            let sign = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    out
}

/// Ids that look random and are the same in every run (SplitMix64).
#[derive(Debug, Clone)]
pub struct Ids(u64);

impl Ids {
    /// A sequence that depends on the seed alone.
    pub fn new(seed: u64) -> Self {
        Ids(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 hexadecimal digits, as Keystone writes ids.
    pub fn hex(&mut self) -> String {
        format!("{:016x}{:016x}", self.number(), self.number())
    }

    /// A UUID, as the other services write ids.
    pub fn uuid(&mut self) -> String {
        let h = self.hex();
        format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..])
    }
}

/// Whether a text has the form of a UUID.
pub fn is_uuid(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    plain.len() == 32 && plain.chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_nova_reads_it() {
        assert_eq!(base64_decode("aGVsbG8=").as_deref(), Some(&b"hello"[..]));
        assert_eq!(base64_decode("aGVs\nbG8h").as_deref(), Some(&b"hello!"[..]));
        assert_eq!(base64_decode("YQ==").as_deref(), Some(&b"a"[..]));
        // Seen on Nova 26: "***" is taken (and is nothing), "abc" is refused.
        assert_eq!(base64_decode("***").as_deref(), Some(&b""[..]));
        assert_eq!(base64_decode("abc"), None);
        assert_eq!(base64_decode("YQ="), None);
    }

    #[test]
    fn base64_comes_back_as_it_was() {
        for text in ["", "a", "ab", "abc", "mita:token"] {
            assert_eq!(base64_decode(&base64_encode(text.as_bytes())), Some(text.into()));
        }
    }

    #[test]
    fn ids_are_the_same_in_every_run() {
        let uuid = Ids::new(1).uuid();
        assert_eq!(uuid, Ids::new(1).uuid());
        assert!(is_uuid(&uuid) && uuid.len() == 36, "{uuid}");
        assert_ne!(uuid, Ids::new(2).uuid());
    }
}
