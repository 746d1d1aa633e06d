//! Huffman codes of whole pictures: all symbols, and the values of short ones at once.

use super::huffman::Bits;

/// Bits of the lookup tables.
const SHORT: u32 = 10;

/// A table of code words.
#[derive(Clone)]
pub(super) struct Codes {
    /// Symbols by the next [`SHORT`] bits.
    short: Box<[Symbol; 1 << SHORT]>,
    /// Symbols with the values after them, where both fit [`SHORT`] bits.
    valued: Box<[Valued; 1 << SHORT]>,
    /// For each length, one past its last code, left-aligned in 16 bits, and the offset from a code to its place in
    /// `values`.
    ends: [u32; 17],
    offsets: [i32; 17],
    values: Vec<u8>,
}

#[derive(Clone, Copy, Default)]
struct Symbol {
    /// Bits of the code; 0 where the bits begin no code, or a long one.
    length: u8,
    symbol: u8,
}

/// A value of a block, with the zeros before it.
#[derive(Clone, Copy, Default)]
#[repr(align(4))]
pub(super) struct Valued {
    pub(super) value: i16,
    /// Zeros before it.
    pub(super) zeros: u8,
    /// Bits of code and value; 0 where they are not known at once.
    pub(super) bits: u8,
}

impl Codes {
    /// The table from the number of codes of each length, 1 to 16, and their values; `None` where there are too many
    /// codes.
    pub(super) fn new(lengths: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Self {
            short: Box::new([Symbol::default(); 1 << SHORT]),
            valued: Box::new([Valued::default(); 1 << SHORT]),
            ends: [0; 17],
            offsets: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut at) = (0u32, 0u16);
        for (length, &n) in (1u32..).zip(lengths) {
            table.offsets[length as usize] = i32::from(at) - code.cast_signed();
            for &symbol in values.get(usize::from(at)..)?.get(..usize::from(n))? {
                if code >> length != 0 {
                    return None;
                }
                if length <= SHORT {
                    let first = (code as usize) << (SHORT - length);
                    table.short[first..first + (1 << (SHORT - length))].fill(Symbol { length: length as u8, symbol });
                }
                code += 1;
            }
            at += u16::from(n);
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        for (bits, (valued, symbol)) in table.valued.iter_mut().zip(&*table.short).enumerate() {
            let (size, length) = (u32::from(symbol.symbol & 15), u32::from(symbol.length));
            if length > 0 && size > 0 && length + size <= SHORT {
                let raw = (bits >> (SHORT - length - size)) as u32 & ((1 << size) - 1);
                let (value, zeros) = (extended(raw, size) as i16, symbol.symbol >> 4);
                *valued = Valued { value, zeros, bits: (length + size) as u8 };
            }
        }
        Some(table)
    }

    /// The symbol that the bits begin with, at most 16 of them; `None` where they begin none. At least 16 bits are
    /// held.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let next = bits.peek();
        let Symbol { length, symbol } = self.short[usize::from(next >> (16 - SHORT))];
        if length > 0 {
            bits.skip(length.into());
            return Some(symbol);
        }
        let (length, symbol) = self.long(next)?;
        bits.skip(length);
        Some(symbol)
    }

    /// The value that these bits begin with.
    #[inline(always)]
    pub(super) fn valued(&self, bits: u16) -> Valued {
        self.valued[usize::from(bits >> (16 - SHORT))]
    }

    #[cold]
    #[inline(never)]
    fn long(&self, bits: u16) -> Option<(u32, u8)> {
        let length = (SHORT + 1..=16).find(|&n| u32::from(bits) < self.ends[n as usize])?;
        let place = i32::from(bits >> (16 - length)) + self.offsets[length as usize];
        Some((length, *self.values.get(usize::try_from(place).ok()?)?))
    }
}

/// The value of `size` raw bits (T.81, F.2.2.1).
#[inline(always)]
fn extended(raw: u32, size: u32) -> i32 {
    let raw = raw.cast_signed();
    if 2 * raw < 1 << size { raw + 1 - (1 << size) } else { raw }
}
