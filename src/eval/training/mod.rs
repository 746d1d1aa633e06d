//! Exports for the fits in `training/`: templates, evidence and the cohort, computed by the service's own code.
//!
//! Templates and cohorts are biometric data in the clear. The service itself never writes them.

mod cohort;
mod evidence;
mod tail;
mod templates;

pub use cohort::write_cohort;
pub use evidence::{EvidenceOptions, write_evidence};
pub use tail::{Compared, TAIL_SHARE, fit_tails};
pub use templates::write_templates;
