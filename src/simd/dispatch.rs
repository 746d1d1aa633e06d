//! Which vectors this processor has, asked while running.

use super::lanes::Kernel;
use super::plain::Plain;
#[cfg(target_arch = "x86_64")]
use super::x86;

/// A kind of vectors that this processor has: one is made only after asking it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind(Width);

#[derive(Clone, Copy, Debug)]
enum Width {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kind {
    /// Every kind that this processor has, the widest first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let has_256 = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::arch::is_x86_feature_detected!("bmi2");
        #[cfg(target_arch = "x86_64")]
        let wide = [(has_256 && std::arch::is_x86_feature_detected!("avx512f"), Width::Avx512), (has_256, Width::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [];
        wide.into_iter().filter(|(has, _)| *has).map(|(_, width)| width).chain([Width::Plain]).map(Self)
    }
}

/// Runs `kernel` with the widest vectors of this processor.
pub(crate) fn dispatch<K: Kernel>(kernel: K) {
    run_on(Kind::available().next().unwrap_or(Kind(Width::Plain)), kernel);
}

/// Runs `kernel` with vectors of one kind.
pub(crate) fn run_on<K: Kernel>(kind: Kind, kernel: K) {
    match kind.0 {
        Width::Plain => kernel.run::<Plain>(),
        // SAFETY: a `Kind` is made only when the processor says that it has these instructions.
        #[cfg(target_arch = "x86_64")]
        Width::Avx2 => unsafe { x86::with_avx2(kernel) },
        // SAFETY: likewise.
        #[cfg(target_arch = "x86_64")]
        Width::Avx512 => unsafe { x86::with_avx512(kernel) },
    }
}
