//! The OpenAPI document is part of the contract: every change of it must be seen and intended.

use faceward::error_code::ErrorCode;
use serde_json::{Map, Value};

#[test]
fn the_document_is_as_committed() {
    let mut document = serde_json::to_value(faceward::api::openapi_document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(without_examples(&mut document) >= 19);
    insta::assert_json_snapshot!(document);
}

/// Takes out the examples, which are recorded answers that `tests/contract` compares with a server's, and counts them.
fn without_examples(value: &mut Value) -> usize {
    match value {
        Value::Object(map) => {
            let recorded = map.get("examples").and_then(Value::as_object).map(Map::len);
            let own = recorded.inspect(|_| drop(map.remove("examples"))).unwrap_or_default();
            own + map.values_mut().map(without_examples).sum::<usize>()
        }
        Value::Array(list) => list.iter_mut().map(without_examples).sum(),
        _ => 0,
    }
}

#[test]
fn the_document_lists_the_error_codes_as_they_are_sent() {
    let document = serde_json::to_value(faceward::api::openapi_document()).unwrap();
    let listed = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert_eq!(listed.len(), ErrorCode::ALL.len());
    assert!(listed.iter().zip(ErrorCode::ALL).all(|(listed, code)| listed == code.as_str()), "{listed:?}");
}
