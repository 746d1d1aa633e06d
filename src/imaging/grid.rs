//! Square grids of values spread over a picture.

use super::Point;

/// The value at `p` (in fields) of a grid of `side` x `side` fields, `side` at least two: bilinear between the centres
/// of fields, constant beyond the outermost centres.
pub(crate) fn between_fields(grid: &[f32], side: usize, p: Point) -> f32 {
    let along = |v: f32| {
        let v = (v - 0.5).clamp(0.0, (side - 1) as f32);
        let first = (v as usize).min(side - 2);
        (first, v - first as f32)
    };
    let ((x, right), (y, below)) = (along(p.x), along(p.y));
    let row = |y: usize| grid[y * side + x] * (1.0 - right) + grid[y * side + x + 1] * right;
    row(y) * (1.0 - below) + row(y + 1) * below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bilinear_between_centres_and_constant_beyond_them() {
        let grid: Vec<f32> = (0..100).map(|i| (i % 10 + 100 * (i / 10)) as f32).collect();
        let at = |x, y| between_fields(&grid, 10, Point::new(x, y));
        assert!((at(0.5, 0.5) - 0.0).abs() < 1e-4);
        assert!((at(3.0, 7.25) - 677.5).abs() < 1e-3, "{}", at(3.0, 7.25));
        assert!((at(-40.0, 9.9) - 900.0).abs() < 1e-3);
        assert!((at(99.0, -99.0) - 9.0).abs() < 1e-4);
    }
}
