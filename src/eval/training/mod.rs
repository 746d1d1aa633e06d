//! What the scripts in `training/` start from: templates and evidence as JSON lines.

pub mod evidence;
pub mod templates;
