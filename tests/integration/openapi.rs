//! The OpenAPI document is part of the contract: every change of it must be seen and intended.

use faceward::error_code::ErrorCode;

#[test]
fn the_document_is_as_committed() {
    let document = serde_json::to_value(faceward::api::openapi_document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    insta::assert_json_snapshot!(document);
}

#[test]
fn the_document_lists_the_error_codes_as_they_are_sent() {
    let document = serde_json::to_value(faceward::api::openapi_document()).unwrap();
    let listed = document["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    assert_eq!(listed.len(), ErrorCode::ALL.len());
    assert!(listed.iter().zip(ErrorCode::ALL).all(|(listed, code)| listed == code.as_str()), "{listed:?}");
}
