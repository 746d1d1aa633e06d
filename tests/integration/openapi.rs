//! The OpenAPI document is part of the contract: a change of it must be seen and meant.

#[test]
fn the_document_is_as_committed() {
    let document = serde_json::to_value(faceward::api::openapi_document()).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    insta::assert_json_snapshot!(document);
}
