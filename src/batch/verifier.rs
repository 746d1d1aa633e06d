//! Verification of one image: by the service in this process, or by a server.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::multipart::{Form, Part};

use super::no_answer;
use crate::audit::Actor;
use crate::error_code::ErrorCode;
use crate::identity::IdentityId;
use crate::imaging::DecodeLimits;
use crate::service::{RecordedService, ServiceError, VerifyOptions};

/// The part of an answer that a line contains.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The name of the verdict.
    pub verdict: String,
    /// The calibrated score, 0..=1.
    pub score: Option<f32>,
    /// The id of the identity of the deciding face.
    pub identity: Option<String>,
    /// The explanation in sentences.
    pub summary: String,
}

/// A failed verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A stable code.
    pub code: String,
    /// The reason, as a sentence.
    pub detail: String,
    /// Whether every other image would fail for the same reason.
    pub fatal: bool,
}

impl Problem {
    /// A problem with one image.
    pub fn new(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into(), fatal: false }
    }

    /// A problem with all images.
    pub fn fatal(code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { fatal: true, ..Self::new(code, detail) }
    }
}

/// Verifies single images; called from several threads.
pub trait Verifier: Sync {
    /// Verifies the encoded image `bytes`, read from `path`.
    ///
    /// # Errors
    /// A [`Problem`] for the image's line.
    fn verify(&self, bytes: &[u8], path: &Path, identity: Option<&str>) -> Result<Answer, Problem>;

    /// The largest file in bytes that is read.
    fn max_bytes(&self) -> u64 {
        DecodeLimits::default().max_bytes as u64
    }
}

/// The service in this process.
pub struct Local {
    /// The service.
    pub service: RecordedService,
    /// What searches may take strangers for, see [`VerifyOptions::target_fpir`].
    pub target_fpir: Option<f32>,
}

impl Verifier for Local {
    fn verify(&self, bytes: &[u8], _: &Path, identity: Option<&str>) -> Result<Answer, Problem> {
        let id = identity.map(str::parse::<IdentityId>).transpose();
        let id = id.map_err(|e| Problem::new(ErrorCode::IdentityIdInvalid, e.to_string()))?;
        let problem = |e: ServiceError| match e {
            // No other image could be recorded either.
            ServiceError::Audit(_) => Problem::fatal(e.code(), e.to_string()),
            _ => Problem::new(e.code(), e.to_string()),
        };
        let target_fpir = self.target_fpir.filter(|_| id.is_none());
        let options = VerifyOptions { target_fpir, ..VerifyOptions::default() };
        let v =
            self.service.acting_as(Actor::CommandLine).verify_with(bytes, id.as_ref(), &options).map_err(problem)?;
        Ok(Answer {
            verdict: v.verdict.name().into(),
            score: v.score,
            identity: v.identity.map(|i| i.id),
            summary: v.explanation.summary,
        })
    }
}

/// A running server.
pub struct Remote {
    agent: ureq::Agent,
    base: String,
    token: Option<String>,
    target_fpir: Option<f32>,
}

/// The part of the server's answer that a line needs.
#[derive(Deserialize)]
struct Reply {
    verdict: String,
    score: Option<f32>,
    identity: Option<ReplyIdentity>,
    explanation: ReplyExplanation,
}

#[derive(Deserialize)]
struct ReplyIdentity {
    id: String,
}

#[derive(Deserialize)]
struct ReplyExplanation {
    summary: String,
}

/// The server's problem document (RFC 9457).
#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplyProblem {
    code: Option<String>,
    detail: Option<String>,
    title: Option<String>,
}

/// The most bytes of an answer with cases.
const MOST_BYTES: u64 = 64 << 20;
/// Attempts per image against a full or restarting server.
const ATTEMPTS: u32 = 12;
/// The longest wait between two attempts, whatever `Retry-After` asks for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

impl Remote {
    /// A client of the server at `base`, once the server answers. With TLS, `authority` (PEM) must have signed the
    /// server's certificate; `None` trusts the public authorities.
    ///
    /// # Errors
    /// When no server answers at that address, or the authority cannot be read.
    pub fn connect(base: &str, token: Option<String>, authority: Option<&[u8]>) -> Result<Self, Problem> {
        let config = ureq::Agent::config_builder()
            .tls_config(tls(authority)?)
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_mins(3)))
            .build();
        let remote =
            Self { agent: config.into(), base: base.trim_end_matches('/').to_owned(), token, target_fpir: None };
        let alive = remote.agent.get(format!("{}/livez", remote.base)).call();
        alive.map_err(|e| Problem::fatal(ErrorCode::ServerUnreachable, no_answer(&remote.base, "--server", &e)))?;
        Ok(remote)
    }

    /// The client whose searches take this share of strangers for somebody enrolled; `None`: the server's setting.
    #[must_use]
    pub fn with_target_fpir(self, target_fpir: Option<f32>) -> Self {
        Self { target_fpir, ..self }
    }

    /// The JSON that a path of the server answers.
    ///
    /// # Errors
    /// What the server refused, or that it cannot be read.
    pub fn get(&self, path: &str) -> Result<serde_json::Value, Problem> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = request.call();
        let mut response =
            answer.map_err(|e| Problem::fatal(ErrorCode::ServerUnavailable, no_answer(&self.base, "--server", &e)))?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        if status == 200 {
            let unreadable =
                |e| Problem::fatal(ErrorCode::ServerAnswerUnreadable, format!("cannot read the server's answer: {e}"));
            return body.read_json().map_err(unreadable);
        }
        let problem: ReplyProblem = body.read_json().unwrap_or_default();
        let detail = problem.detail.or(problem.title).unwrap_or_else(|| format!("the server answered {status}"));
        Err(Problem::fatal(problem.code.unwrap_or_else(|| format!("http_{status}")), detail))
    }

    /// One attempt; `Err(Ok(wait))` asks for another attempt after that time.
    fn attempt(&self, bytes: &[u8], name: &str, identity: Option<&str>) -> Result<Answer, Result<Duration, Problem>> {
        let mut form = Form::new().part("image", Part::bytes(bytes).file_name(name));
        if let Some(id) = identity {
            form = form.text("identity", id);
        }
        let mut request = self.agent.post(format!("{}/v1/verify", self.base));
        if let Some(rate) = self.target_fpir.filter(|_| identity.is_none()) {
            request = request.query("target_fpir", rate.to_string());
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        // A broken connection is most often a restarting server.
        let mut response = request.send(form).map_err(|_| Ok(Duration::from_secs(2)))?;
        let status = response.status().as_u16();
        if status == 200 {
            let reply: Reply = response.body_mut().read_json().map_err(|e| {
                Err(Problem::new(ErrorCode::ServerAnswerUnreadable, format!("cannot read the server's answer: {e}")))
            })?;
            return Ok(Answer {
                verdict: reply.verdict,
                score: reply.score,
                identity: reply.identity.map(|i| i.id),
                summary: reply.explanation.summary,
            });
        }
        if matches!(status, 429 | 502..=504) {
            let asked = response.headers().get("retry-after").and_then(|v| v.to_str().ok()?.trim().parse().ok());
            return Err(Ok(Duration::from_secs(asked.unwrap_or(1)).min(LONGEST_WAIT)));
        }
        let problem: ReplyProblem = response.body_mut().read_json().unwrap_or_default();
        let detail = problem.detail.or(problem.title).unwrap_or_else(|| format!("the server answered {status}"));
        let code = problem.code.unwrap_or_else(|| format!("http_{status}"));
        Err(Err(match status {
            401 | 403 => Problem::fatal(code, format!("the server refuses the key: {detail}")),
            _ => Problem::new(code, detail),
        }))
    }
}

fn tls(authority: Option<&[u8]>) -> Result<TlsConfig, Problem> {
    let Some(pem) = authority else { return Ok(TlsConfig::default()) };
    let certificates = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
        Ok(_) => None,
        Err(e) => Some(Err(e)),
    });
    let certificates: Vec<_> = certificates.collect::<Result<_, _>>().map_err(|e| {
        Problem::fatal(
            ErrorCode::AuthorityUnreadable,
            format!("cannot read the file given by --ca-cert: {e}: give certificates (PEM)"),
        )
    })?;
    if certificates.is_empty() {
        return Err(Problem::fatal(
            ErrorCode::AuthorityUnreadable,
            "the file given by --ca-cert contains no certificate: give certificates (PEM)",
        ));
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::new_with_certs(&certificates)).build())
}

impl Verifier for Remote {
    fn verify(&self, bytes: &[u8], path: &Path, identity: Option<&str>) -> Result<Answer, Problem> {
        // A file name must not break the header of its part.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name: String =
            name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
        for _ in 0..ATTEMPTS {
            match self.attempt(bytes, &name, identity) {
                Ok(answer) => return Ok(answer),
                Err(Err(problem)) => return Err(problem),
                Err(Ok(wait)) => std::thread::sleep(wait),
            }
        }
        let why = format!("the server was unreachable or full in all {ATTEMPTS} attempts");
        Err(Problem::new(ErrorCode::ServerUnavailable, why))
    }

    /// The server applies its own limits.
    fn max_bytes(&self) -> u64 {
        256 << 20
    }
}
