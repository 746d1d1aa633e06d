//! The examples of the document: what the server really answered to the demo's photographs.
//!
//! `tools/contract/examples.py` records them, and compares them with the answers of a server.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;

/// Operation, status (or `request`), name, JSON.
const EXAMPLES: &[(&str, &str, &str, &str)] = &[];

/// Adds the examples of an operation to its answers and to its JSON body.
pub(super) fn add(operation: &mut Operation) {
    let own = operation.operation_id.clone().unwrap_or_default();
    for (_, place, name, text) in EXAMPLES.iter().filter(|example| example.0 == own) {
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        let example = ExampleBuilder::new().value(Some(value)).build().into();
        if *place == "request" {
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
            {
                content.examples.insert((*name).to_owned(), example);
            }
        } else if let Some(RefOr::T(response)) = operation.responses.responses.get_mut(*place)
            && let Some((_, RefOr::T(content))) = response.content.iter_mut().find(|(kind, _)| kind.ends_with("json"))
        {
            content.examples.insert((*name).to_owned(), example);
        }
    }
}
