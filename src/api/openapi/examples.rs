//! The examples of the document: what the server really answered to the demo's photographs.
//!
//! `tests/contract/examples.py` records them, and compares them with the answers of a server.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;

/// An example of an operation: of its body (`request`) or of an answer with this status; of several with a name.
struct Recorded {
    operation: &'static str,
    place: &'static str,
    name: &'static str,
    json: &'static str,
}

macro_rules! example {
    ($operation:literal, $place:literal) => {
        example!($operation, $place, "example", concat!("examples/", $operation, ".", $place, ".json"))
    };
    ($operation:literal, $place:literal, $name:literal) => {
        example!($operation, $place, $name, concat!("examples/", $operation, ".", $place, ".", $name, ".json"))
    };
    ($operation:literal, $place:literal, $name:expr, $file:expr) => {
        Recorded { operation: $operation, place: $place, name: $name, json: include_str!($file) }
    };
}

const EXAMPLES: &[Recorded] = &[
    example!("add_negatives", "200"),
    example!("add_references", "200"),
    example!("add_references", "422"),
    example!("count_decisions", "200"),
    example!("decide_case", "201"),
    example!("decide_case", "request"),
    example!("get_case", "404"),
    example!("get_identity", "200"),
    example!("get_receipt", "200"),
    example!("get_reference", "200"),
    example!("list_cases", "200"),
    example!("list_identities", "200"),
    example!("list_negatives", "200"),
    example!("list_references", "200"),
    example!("put_identity", "201"),
    example!("put_identity", "request"),
    example!("readyz", "200"),
    example!("verify", "200", "different_person"),
    example!("verify", "200", "fake"),
    example!("verify", "200", "no_face"),
    example!("verify", "200", "real"),
    example!("verify", "200", "unknown_person"),
    example!("verify", "400"),
    example!("verify", "401"),
    example!("verify", "404"),
    example!("verify", "415"),
    example!("verify", "422"),
    example!("verify", "request"),
];

/// Adds the examples of an operation to its answers and to its JSON body.
pub(super) fn add(operation: &mut Operation) {
    let own = operation.operation_id.clone().unwrap_or_default();
    for Recorded { place, name, json, .. } in EXAMPLES.iter().filter(|example| example.operation == own) {
        // A test sees to it that each is JSON.
        let Ok(value) = serde_json::from_str::<Value>(json) else { continue };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recorded_example_is_in_the_document() {
        let document = serde_json::to_value(crate::api::openapi_document()).unwrap();
        let text = document["paths"].to_string();
        for Recorded { operation, place, name, json } in EXAMPLES {
            let value = serde_json::from_str::<Value>(json).unwrap();
            assert!(text.contains(&value.to_string()), "{operation} {place} {name}");
        }
    }
}
