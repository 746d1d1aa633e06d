//! The decided cases of a server, for `faceward calibrate --from-decisions`.

use std::path::PathBuf;

use faceward::batch::Remote;
use faceward::eval::{Decided, Judge};
use faceward::file_error::FileError;
use faceward::verdict::Calibration;

use super::Failure;

/// The server with the cases.
#[derive(clap::Args)]
pub(super) struct DecidedArgs {
    /// Fit to the cases that reviewers of this server decided, instead of to a folder; needs a key with the scope
    /// review.
    #[arg(long, value_name = "URL", conflicts_with = "folder")]
    pub(super) from_decisions: Option<String>,
    /// Certificate (PEM) of the authority that signed the server's certificate, if that is not a public one.
    #[arg(long, env = "FACEWARD_CA_CERT", value_name = "FILE", requires = "from_decisions")]
    ca_cert: Option<PathBuf>,
    /// API key for the server.
    #[arg(long, env = "FACEWARD_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// Decisions that say something of the picture.
const WANTED: [&str; 2] = ["confirmed", "overturned"];

impl DecidedArgs {
    /// The decided cases of the server at `url`, as answers of `judge`'s networks.
    pub(super) fn read(&self, url: &str, judge: &Judge, calibration: Option<&Calibration>) -> Result<Decided, Failure> {
        let read = |path: &PathBuf| std::fs::read(path).map_err(FileError::read(path));
        let authority = self.ca_cert.as_ref().map(read).transpose()?;
        let remote = Remote::connect(url, self.token.clone(), authority.as_deref()).map_err(|p| p.detail)?;
        let get = |path: &str| remote.get(path).map_err(|p| Failure::from(format!("{url}: {}", p.detail)));
        // One case at a time: a server may keep many, and each has the whole answer.
        let mut decided = Decided::default();
        for decision in WANTED {
            let mut cursor = String::new();
            loop {
                let page = get(&format!("/v1/cases?decision={decision}&limit=500{cursor}"))?;
                for case in page["cases"].as_array().into_iter().flatten() {
                    let Some(id) = case["id"].as_str() else { continue };
                    decided.add(&get(&format!("/v1/cases/{id}"))?, &judge.versions.models, calibration);
                }
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
        }
        Ok(decided)
    }
}
