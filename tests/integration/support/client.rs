//! A client for a [`Server`](super::Server), with or without a key.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{Request, Response, request};
use ureq::unversioned::multipart::{Form, Part};

/// Sends requests to one server with one key.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
    key: Option<String>,
}

impl Client {
    pub(crate) fn new(base: &str, key: Option<&str>) -> Self {
        Self { agent: agent(), base: base.to_owned(), key: key.map(str::to_owned) }
    }

    fn request(&self, method: &str, path: &str) -> request::Builder {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.header("authorization", format!("Bearer {key}")),
            None => request,
        }
    }

    /// A request without a body, and its whole response.
    pub(crate) fn response(&self, method: &str, path: &str) -> Response<ureq::Body> {
        self.agent.run(self.request(method, path).body(()).unwrap()).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        answer(Ok(self.response("GET", path)))
    }

    pub(crate) fn delete(&self, path: &str) -> (u16, Value) {
        answer(Ok(self.response("DELETE", path)))
    }

    pub(crate) fn json(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        answer(Ok(self.json_response(method, path, body)))
    }

    /// The same, and its whole response.
    pub(crate) fn json_response(&self, method: &str, path: &str, body: &Value) -> Response<ureq::Body> {
        let request = self.request(method, path).header("content-type", "application/json");
        self.agent.run(request.body(body.to_string()).unwrap()).unwrap()
    }

    /// A request without a body, with further headers, and its whole response.
    pub(crate) fn response_with(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<ureq::Body> {
        let request = headers.iter().fold(self.request(method, path), |r, (name, value)| r.header(*name, *value));
        self.agent.run(request.body(()).unwrap()).unwrap()
    }

    /// A body of a type, or of none.
    pub(crate) fn body(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
        let request = headers.iter().fold(self.request("POST", path), |r, (name, value)| r.header(*name, *value));
        answer(self.agent.run(request.body(body).unwrap()))
    }

    /// A form of texts and of parts `image`.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)], images: &[&[u8]]) -> (u16, Value) {
        let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(name, value));
        let form = images.iter().fold(form, |form, bytes| form.part("image", Part::bytes(bytes).file_name("a.jpg")));
        let mut request = self.agent.post(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        answer(request.send(form))
    }

    /// One image, with or without a claimed identity.
    pub(crate) fn verify(&self, identity: Option<&str>, image: &[u8]) -> (u16, Value) {
        let fields: Vec<_> = identity.map(|id| ("identity", id)).into_iter().collect();
        self.post("/v1/verify", &fields, &[image])
    }
}

/// An agent to which answers of any status are answers. It keeps no connection open: a server that stops would wait for
/// the client to close it.
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_idle_connections(0);
    config.timeout_global(Some(Duration::from_mins(2))).build().new_agent()
}

/// The status and the body as JSON (`null` where it is none).
pub(crate) fn answer(response: Result<Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut response = response.unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
}

/// The status and the code of a problem document.
pub(crate) fn code((status, body): &(u16, Value)) -> (u16, &str) {
    (*status, body["code"].as_str().unwrap_or_default())
}
