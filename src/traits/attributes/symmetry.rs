//! Asymmetry: how far a face lies from its own mirror image.
//!
//! The points are mirrored, fitted back on the originals by the best similarity (so that a head frame that is off by
//! a degree does not count), and what remains is averaged: the object asymmetry of Mardia, Bookstein and Moreton,
//! "Statistical assessment of bilateral symmetry of shapes" (Biometrika 87(2), 2000).

use super::shape::Shape;
use crate::imaging::{Affine, Point};

/// Mirrored points of a region, the person's right first.
pub(super) type Pairs = [(usize, usize)];

/// The outline.
pub(super) const OUTLINE: &Pairs = &[
    (234, 454),
    (93, 323),
    (132, 361),
    (58, 288),
    (172, 397),
    (136, 365),
    (150, 379),
    (149, 378),
    (176, 400),
    (148, 377),
    (127, 356),
    (162, 389),
    (21, 251),
    (54, 284),
];
/// The brows, upper and lower edge.
pub(super) const BROWS: &Pairs =
    &[(107, 336), (66, 296), (105, 334), (63, 293), (70, 300), (55, 285), (65, 295), (52, 282), (53, 283), (46, 276)];
/// Corners and lids of the eyes.
pub(super) const EYES: &Pairs =
    &[(33, 263), (133, 362), (159, 386), (145, 374), (160, 387), (158, 385), (144, 373), (153, 380)];
/// Bridge and wings of the nose.
pub(super) const NOSE: &Pairs =
    &[(193, 417), (122, 351), (196, 419), (198, 420), (129, 358), (48, 278), (64, 294), (98, 327)];
/// The lips' edges.
pub(super) const MOUTH: &Pairs =
    &[(61, 291), (40, 270), (39, 269), (37, 267), (146, 375), (91, 321), (84, 314), (78, 308)];

/// The mean distance of the points from their mirrored partners, seen from the front, in % of the outer-canthal width.
pub(super) fn asymmetry(shape: &Shape, regions: &[&Pairs]) -> f32 {
    let front = |i: usize| Point::new(shape.at(i)[0], shape.at(i)[1]);
    let mirrored = |i: usize| Point::new(-shape.at(i)[0], shape.at(i)[1]);
    let pairs = || regions.iter().flat_map(|r| r.iter().copied());
    let own: Vec<Point> = pairs().flat_map(|(r, l)| [front(r), front(l)]).collect();
    let other: Vec<Point> = pairs().flat_map(|(r, l)| [mirrored(l), mirrored(r)]).collect();
    let fit = Affine::similarity(&other, &own);
    own.iter().zip(&other).map(|(p, q)| p.distance(fit.apply(*q))).sum::<f32>() / own.len().max(1) as f32
}
