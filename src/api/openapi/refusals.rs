//! The refusals of every route: one response per status, which lists the codes.
//!
//! Most follow from the layers and extractors that a request passes; only what the handler itself refuses is listed per
//! route.

use std::collections::BTreeMap;

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};

use super::{RETRY_AFTER, header};
#[allow(clippy::enum_glob_use, reason = "the tables below name most of the codes")]
use crate::error_code::ErrorCode::{self, *};

/// Every request passes the layers that answer these.
const EVERYWHERE: &[ErrorCode] =
    &[QueryInvalid, ContentEncodingUnsupported, TooManyConnections, Internal, DeadlineExceeded];
/// Authentication, and the versions of a shared store.
const SCOPED: &[ErrorCode] = &[Unauthenticated, ScopeMissing, CrossSiteRefused, StoreBehind, FieldInvalid];
/// A body of any kind.
const BODY: &[ErrorCode] =
    &[ContentTypeUnsupported, BodyTooLarge, BodyTooSlow, BodyUnreadable, UploadMemoryFull, FieldUnknown];
const FORM: &[ErrorCode] = &[MultipartInvalid, TooManyParts];
const IMAGES: &[ErrorCode] = &[ImageMissing];
const JSON: &[ErrorCode] = &[JsonInvalid, FieldRepeated];
/// A handler that asks for an identity.
const IDENTITY: &[ErrorCode] = &[IdentityIdInvalid, IdentityUnknown];
/// A handler that reads the store, and one that has its act recorded.
const STORE: &[ErrorCode] = &[StoreFailed];
const RECORDED: &[ErrorCode] = &[StoreFailed, AuditFailed];
/// A handler whose work is done on the pool.
const POOL: &[ErrorCode] = &[Overloaded];

/// What the handler of an operation refuses, beside what its layers and extractors do.
fn own(operation: &str) -> &'static [&'static [ErrorCode]] {
    match operation {
        "livez" | "metrics" => &[],
        "readyz" => &[&[NotReady]],
        "list_identities" => &[&[IdentityIdInvalid]],
        "put_identity" => &[&[IdentityIdInvalid, FieldInvalid, TargetOutOfRange, TargetUnavailable], RECORDED],
        "get_identity" => &[IDENTITY],
        "delete_identity" => &[IDENTITY, RECORDED],
        "get_receipt" => &[&[ReceiptUnknown], STORE],
        "add_references" => &[IDENTITY, IMAGES, &[IdentityExpired, NoneAccepted], POOL, RECORDED],
        "add_negatives" => &[
            IDENTITY,
            IMAGES,
            &[IdentityExpired, IdentityWithoutReferences, NoneAccepted, FieldEmpty, FieldInvalid, FieldRepeated],
            POOL,
            RECORDED,
        ],
        "list_references" | "list_negatives" => &[IDENTITY, STORE],
        "get_reference" | "get_negative" => &[IDENTITY, &[SampleUnknown], STORE],
        "delete_reference" | "delete_negative" => &[IDENTITY, &[SampleUnknown], RECORDED],
        "get_reference_image" | "get_negative_image" => &[IDENTITY, &[SampleUnknown, ImageNotKept], RECORDED],
        "list_cases" => &[&[IdentityIdInvalid], RECORDED],
        "get_case" | "report_case" => &[&[CaseUnknown], RECORDED],
        "decide_case" => &[&[CaseUnknown, FieldInvalid], RECORDED],
        "count_decisions" => &[STORE],
        "get_case_image" => &[&[CaseUnknown, ImageNotKept], RECORDED],
        "add_case_sample" => &[
            IDENTITY,
            &[CaseUnknown, ImageNotKept, ImageDiffers, TooManyImages, NoneAccepted],
            &[IdentityExpired, IdentityWithoutReferences, FieldEmpty, FieldInvalid, FieldRepeated],
            POOL,
            RECORDED,
        ],
        "verify" => &[
            IDENTITY,
            IMAGES,
            &[IdentityExpired, IdentityWithoutReferences, FieldEmpty, FieldInvalid, TooManyImages],
            &[ImageEmpty, ImageTooLarge, ImageFormatUnsupported, ImageUndecodable],
            POOL,
            RECORDED,
        ],
        // A route without a list would pass for one that never refuses; a test looks for it.
        _ => &[&[]],
    }
}

/// Whether a refusal with this code says when to try again.
fn says_when(code: ErrorCode) -> bool {
    matches!(code, Overloaded | UploadMemoryFull | TooManyConnections | DeadlineExceeded | StoreBehind)
}

/// Adds the refusals of an operation; `scoped` says whether it needs a scope.
pub(super) fn add(operation: &mut Operation, scoped: bool) {
    let mut by_status = BTreeMap::<u16, Vec<ErrorCode>>::new();
    for code in codes(operation, scoped) {
        for status in statuses(code, operation) {
            by_status.entry(status).or_default().push(code);
        }
    }
    for (status, mut codes) in by_status {
        codes.sort_unstable();
        codes.dedup();
        let meanings: Vec<String> = codes.iter().map(|code| format!("- `{code}`: {}", code.meaning())).collect();
        let problem = Ref::from_schema_name("Problem");
        let mut response = ResponseBuilder::new()
            .description(meanings.join("\n"))
            .content("application/problem+json", ContentBuilder::new().schema(Some(problem)).build())
            .extensions(Some([("x-codes", names(&codes))].into_iter().collect()))
            .build();
        if codes.iter().any(|code| says_when(*code)) {
            response.headers.insert("Retry-After".into(), header(RETRY_AFTER));
        }
        operation.responses.responses.insert(status.to_string(), response.into());
    }
}

fn names(codes: &[ErrorCode]) -> serde_json::Value {
    codes.iter().map(|code| code.as_str()).collect()
}

fn codes(operation: &Operation, scoped: bool) -> Vec<ErrorCode> {
    let has_path = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path));
    let mut lists = vec![EVERYWHERE];
    lists.extend(scoped.then_some(SCOPED));
    if has_path {
        lists.push(&[PathInvalid]);
    }
    if !taken(operation).is_empty() {
        lists.push(BODY);
    }
    for kind in taken(operation) {
        match kind {
            "multipart/form-data" => lists.push(FORM),
            "application/json" => lists.push(JSON),
            _ => {}
        }
    }
    lists.extend(own(operation.operation_id.as_deref().unwrap_or_default()));
    lists.concat()
}

/// The statuses with which an operation answers `code`.
fn statuses(code: ErrorCode, operation: &Operation) -> Vec<u16> {
    let only_json = taken(operation) == ["application/json"];
    match code {
        // A body without an image that is too large has the code of a body that broke off.
        BodyTooLarge if only_json => Vec::new(),
        BodyUnreadable if !only_json => vec![400],
        _ => code.statuses().into(),
    }
}

/// The content types of the bodies that an operation takes.
fn taken(operation: &Operation) -> Vec<&str> {
    let Some(RefOr::T(body)) = &operation.request_body else { return Vec::new() };
    body.content.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::super::operations;
    use super::*;

    #[test]
    fn every_route_has_its_list_and_every_code_its_route() {
        let mut document = crate::api::openapi_document();
        let mut listed = Vec::new();
        for item in document.paths.paths.values_mut() {
            for operation in operations(item) {
                let name = operation.operation_id.clone().unwrap_or_default();
                assert!(own(&name) != [&[]], "`{name}` has no list of refusals");
                listed.extend(codes(operation, true));
            }
        }
        let of_no_route = [RouteUnknown, MethodNotAllowed];
        for code in ErrorCode::ALL.iter().filter(|code| !code.statuses().is_empty() && !of_no_route.contains(code)) {
            assert!(listed.contains(code), "no route lists `{code}`");
        }
    }
}
