//! Scalar products of many rows of small integers with one vector: the inner loop of a gallery search.

use super::{Kernel, Lanes, dispatch};

/// A matrix of `i8` times a vector.
struct Products<'a> {
    /// Row-major; each row has the length of `vector`.
    rows: &'a [i8],
    vector: &'a [i16],
    out: &'a mut [i32],
}

impl Kernel for Products<'_> {
    /// Plain loops that the compiler vectorises for the enabled instructions.
    #[inline(always)]
    fn run<L: Lanes>(self) {
        for (row, out) in self.rows.chunks_exact(self.vector.len().max(1)).zip(self.out) {
            *out = row.iter().zip(self.vector).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        }
    }
}

/// Writes the scalar product of `vector` and each row of `rows` to `out`. Rows have the length of `vector`; a sum must
/// fit 32 bits.
pub(crate) fn products(rows: &[i8], vector: &[i16], out: &mut [i32]) {
    dispatch(Products { rows, vector, out });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_product() {
        let rows: Vec<i8> = (0..64 * 5).map(|i| (i * 37 % 251 - 125) as i8).collect();
        let vector: Vec<i16> = (0..64).map(|i| (i * 997 % 8000 - 4000) as i16).collect();
        let mut out = [0; 5];
        products(&rows, &vector, &mut out);
        for (row, found) in rows.chunks_exact(64).zip(out) {
            let expected: i64 = row.iter().zip(&vector).map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            assert_eq!(i64::from(found), expected);
        }
    }
}
