//! A client of a running server: creates an identity, enrolls photographs of it, verifies another photograph, and
//! prints the verdict with its explanation.
//!
//! ```sh
//! faceward serve &
//! cargo run --release --example http_client -- http://127.0.0.1:8080 obama demo/obama-2012.jpg \
//!     demo/obama-2009.jpg demo/obama-2010.jpg
//! ```
//!
//! The arguments are the server's address, an identity's id, the photograph to verify, and one or more photographs to
//! enroll. Where the server requires an API key, it is read from the variable `FACEWARD_TOKEN`; the key needs the
//! scopes `enroll` and `verify`.
#![allow(clippy::print_stdout, reason = "an example for a terminal")]

use std::error::Error;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use ureq::http::{Request, Response, request};
use ureq::unversioned::multipart::Form;

/// The parts of an enrollment's report that are printed.
#[derive(Deserialize)]
struct Report {
    #[serde(default)]
    accepted: Vec<Accepted>,
    #[serde(default)]
    rejected: Vec<Rejected>,
}

#[derive(Deserialize)]
struct Accepted {
    filename: Option<String>,
    quality: f32,
}

#[derive(Deserialize)]
struct Rejected {
    filename: Option<String>,
    code: String,
    detail: String,
}

/// The parts of a verification that are printed.
#[derive(Deserialize)]
struct Verification {
    verdict: String,
    score: Option<f32>,
    explanation: Explanation,
}

#[derive(Deserialize)]
struct Explanation {
    summary: String,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    region: String,
    text: String,
}

/// A problem document (RFC 9457). `report` is there when an enrollment accepted no image.
#[derive(Deserialize)]
struct Problem {
    code: String,
    detail: String,
    report: Option<Report>,
}

struct Client {
    agent: ureq::Agent,
    server: String,
    key: Option<String>,
}

impl Client {
    fn new(server: &str, key: Option<String>) -> Self {
        // A status of 400 or more comes with a problem document, which says more than the status.
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { agent: config.into(), server: server.trim_end_matches('/').to_owned(), key }
    }

    fn request(&self, method: &str, path: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.server));
        match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        }
    }

    fn put(&self, path: &str, body: &serde_json::Value) -> Result<Response<ureq::Body>, Box<dyn Error>> {
        let request = self.request("PUT", path).header("content-type", "application/json");
        Ok(self.agent.run(request.body(body.to_string())?)?)
    }

    fn post(&self, path: &str, form: Form<'_>) -> Result<Response<ureq::Body>, Box<dyn Error>> {
        let mut request = self.agent.post(format!("{}{path}", self.server));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        Ok(request.send(form)?)
    }
}

/// A form with each file as a part named `image`.
fn images<'a>(files: impl IntoIterator<Item = &'a String>) -> Result<Form<'a>, Box<dyn Error>> {
    files.into_iter().try_fold(Form::new(), |form, file| {
        form.file("image", Path::new(file)).map_err(|e| format!("{file}: {e}").into())
    })
}

/// The problem document of a refusal as an error.
fn refused(mut response: Response<ureq::Body>) -> Box<dyn Error> {
    let status = response.status();
    match response.body_mut().read_json::<Problem>() {
        Ok(problem) => {
            problem.report.iter().for_each(print_report);
            format!("{status}, {}: {}", problem.code, problem.detail).into()
        }
        Err(_) => format!("the server answered {status}").into(),
    }
}

fn print_report(report: &Report) {
    let name = |filename: &Option<String>| filename.clone().unwrap_or_default();
    for a in &report.accepted {
        println!("accepted  {} (quality {:.0} of 100)", name(&a.filename), a.quality);
    }
    for r in &report.rejected {
        println!("rejected  {} ({}): {}", name(&r.filename), r.code, r.detail);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, id, probe, references @ ..] = arguments.as_slice() else {
        return Err("usage: http_client SERVER ID PROBE REFERENCE...".into());
    };
    let client = Client::new(server, std::env::var("FACEWARD_TOKEN").ok());
    let identity = format!("/v1/identities/{id}");

    // 201: created; 200: it existed, and its fields were replaced.
    let put = client.put(&identity, &json!({ "display_name": id }))?;
    if !put.status().is_success() {
        return Err(refused(put));
    }

    if !references.is_empty() {
        let mut enrolled = client.post(&format!("{identity}/references"), images(references)?)?;
        if !enrolled.status().is_success() {
            return Err(refused(enrolled));
        }
        print_report(&enrolled.body_mut().read_json()?);
    }

    // Without the part `identity`, every face is searched among all enrolled identities.
    let mut verified = client.post("/v1/verify", images([probe])?.text("identity", id))?;
    if !verified.status().is_success() {
        return Err(refused(verified));
    }
    let answer: Verification = verified.body_mut().read_json()?;
    let score = answer.score.map_or_else(|| "no score".to_owned(), |score| format!("score {score:.3}"));
    println!("\n{probe}: {} ({score})\n{}", answer.verdict, answer.explanation.summary);
    for difference in &answer.explanation.differences {
        println!("- {}: {}", difference.region, difference.text);
    }
    Ok(())
}
