//! Detection of the processor's instruction set at run time.

use super::lanes::Kernel;
use super::plain::Plain;
#[cfg(target_arch = "x86_64")]
use super::x86;

/// An instruction set that this processor supports: a value exists only after detection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstructionSet(Set);

#[derive(Clone, Copy, Debug)]
enum Set {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl InstructionSet {
    /// All that this processor supports, the widest vectors first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let has_256 = std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::arch::is_x86_feature_detected!("bmi2");
        #[cfg(target_arch = "x86_64")]
        let wide = [(has_256 && std::arch::is_x86_feature_detected!("avx512f"), Set::Avx512), (has_256, Set::Avx2)];
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [];
        wide.into_iter().filter(|(has, _)| *has).map(|(_, set)| set).chain([Set::Plain]).map(Self)
    }
}

/// Runs `kernel` with the widest vectors of this processor.
pub(crate) fn dispatch<K: Kernel>(kernel: K) {
    run_on(InstructionSet::available().next().unwrap_or(InstructionSet(Set::Plain)), kernel);
}

/// Runs `kernel` with the vectors of one instruction set.
pub(crate) fn run_on<K: Kernel>(set: InstructionSet, kernel: K) {
    match set.0 {
        Set::Plain => kernel.run::<Plain>(),
        // SAFETY: an `InstructionSet` is only made after the processor reported these instructions.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { x86::with_avx2(kernel) },
        // SAFETY: an `InstructionSet` is only made after the processor reported these instructions.
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { x86::with_avx512(kernel) },
    }
}
