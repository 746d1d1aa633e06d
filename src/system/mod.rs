//! What the operating system says of this process and of the limits on it: for metrics and for `faceward doctor`. It is
//! known on Linux, from `/proc` and the control groups; elsewhere every answer is `None`.

mod limits;
mod process;

pub use limits::{Memory, memory, processors};
pub use process::{Process, max_open_files};
