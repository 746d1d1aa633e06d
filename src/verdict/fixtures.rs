//! A fusion for the tests of this folder.

use super::Fusion;

/// Coefficients under which every kind of evidence counts.
pub(super) fn fusion() -> Fusion {
    let text = "intercept = 3.0\nembedding = [0.4, 0.5, 0.2]\ntraces = [0.5, 0.5, 0.5, 0.5]\nparts = 0.5\nnegative = 1.0\n\
        [thresholds]\nreal = 0.6\nfake = 0.4\nlikeness = 0.0\ntarget_genuine_called_fake = 0.03\n\
        target_fake_called_real = 0.1\ntarget_fnmr = 0.01\nmin_quality = 5.0\n";
    Fusion::parse(text).unwrap()
}
