//! Long work over many images: the batch, and the extraction that training starts from.

pub mod backup;
pub mod batch;
pub mod evidence;
pub mod extract;
