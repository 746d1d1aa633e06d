//! All routes with the scope that each needs, and the OpenAPI 3.1 document made of them.
//!
//! A handler documents what only it knows: parameters, body, answer. What follows from the layers around it (scopes,
//! refusals, headers) and the examples are added here, for all routes alike.

mod examples;
mod refusals;
mod versions;

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{License, OpenApi, PathItem, Ref, RefOr, Server};
use utoipa::{PartialSchema as _, ToSchema as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Problem;
use super::middleware::{auth, query, version};
use super::routes::{
    case_pictures, case_reports, cases, health, identities, metrics, negatives, receipts, references, verify,
};
use super::state::AppState;
use crate::access::Scope;

/// The name of the security scheme.
const KEY: &str = "key";
/// The names under which answers refer to headers.
const REQUEST_ID: &str = "RequestId";
const RETRY_AFTER: &str = "RetryAfter";
const STORE_VERSION: &str = "StoreVersion";

/// The routes by scope: none, `enroll`, `enroll` or `review`, `verify`, `review`, `admin`.
fn groups() -> [OpenApiRouter<AppState>; 6] {
    let open = OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics));
    let list = OpenApiRouter::new().routes(routes!(identities::list));
    let enroll = OpenApiRouter::new()
        .routes(routes!(identities::put, identities::get, identities::delete))
        .routes(routes!(receipts::receipt))
        .routes(routes!(references::add_references, references::references))
        .routes(routes!(references::reference, references::delete_reference))
        .routes(routes!(negatives::add_negatives, negatives::negatives))
        .routes(routes!(negatives::negative, negatives::delete_negative))
        .routes(routes!(case_pictures::add_sample));
    let verify = OpenApiRouter::new().routes(routes!(verify::verify));
    let review = OpenApiRouter::new()
        .routes(routes!(cases::list))
        .routes(routes!(cases::get))
        .routes(routes!(cases::decide))
        .routes(routes!(cases::count))
        .routes(routes!(case_pictures::image))
        .routes(routes!(case_reports::report));
    let admin =
        OpenApiRouter::new().routes(routes!(references::reference_image)).routes(routes!(negatives::negative_image));
    [
        under(open, &[]),
        under(enroll, &[Scope::Enroll]),
        under(list, &[Scope::Enroll, Scope::Review]),
        under(verify, &[Scope::Verify]),
        under(review, &[Scope::Review]),
        under(admin, &[Scope::Admin]),
    ]
}

/// The group, with `scopes`, of which a key needs one, and what follows from them in its part of the document.
fn under(mut group: OpenApiRouter<AppState>, scopes: &[Scope]) -> OpenApiRouter<AppState> {
    for item in group.get_openapi_mut().paths.paths.values_mut() {
        for operation in operations(item) {
            let needed = scopes.iter().map(|scope| SecurityRequirement::new(KEY, [scope.name()]));
            operation.security = Some(needed.collect());
            if !scopes.is_empty() {
                let names: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
                let told = format!("Needs a key with the scope {}.", names.join(" or "));
                let text = operation.description.take();
                operation.description = Some(text.map_or(told.clone(), |text| format!("{text}\n\n{told}")));
            }
            refusals::add(operation, !scopes.is_empty());
        }
        if !scopes.is_empty() {
            versions::add(item);
        }
    }
    group
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}

/// All routes of the contract, behind authentication where they need a scope, and their document.
pub(super) fn router(state: &AppState) -> (Router<AppState>, OpenApi) {
    // Inside of authentication: who may not ask is not told what could be asked.
    let known = query::Known::of(&document());
    let strict = from_fn_with_state(known, query::known);
    let [open, enroll, list, verify, review, admin] = groups().map(|routes| routes.route_layer(strict.clone()));
    let versioned = from_fn_with_state(state.clone(), version::versioned);
    let current = from_fn_with_state(state.clone(), version::current);
    let scoped = [enroll, list, verify, review, admin];
    let [enroll, list, verify, review, admin] = scoped.map(|routes| routes.route_layer(versioned.clone()));
    let enroll = enroll.route_layer(from_fn_with_state(state.clone(), auth::enroll));
    let list = list.route_layer(from_fn_with_state(state.clone(), auth::enroll_or_review));
    let verify = verify.route_layer(from_fn_with_state(state.clone(), auth::verify));
    let review = review.route_layer(from_fn_with_state(state.clone(), auth::review));
    let admin = admin.route_layer(from_fn_with_state(state.clone(), auth::admin));
    let scoped = [enroll, list, verify, review, admin].map(|routes| routes.route_layer(current.clone()));
    let (router, document) = scoped.into_iter().fold(open, OpenApiRouter::merge).split_for_parts();
    (router, describe(document))
}

/// The OpenAPI document of this version.
pub fn document() -> OpenApi {
    let all = groups().into_iter().fold(OpenApiRouter::new(), OpenApiRouter::merge);
    describe(all.split_for_parts().1)
}

fn describe(mut document: OpenApi) -> OpenApi {
    document.info.title = "faceward".into();
    // By default these describe the crate that makes the document.
    document.info.contact = None;
    let mut license = License::new(env!("CARGO_PKG_LICENSE"));
    license.identifier = Some(env!("CARGO_PKG_LICENSE").into());
    document.info.license = Some(license);
    document.info.version = env!("CARGO_PKG_VERSION").into();
    document.info.description = Some(
        "Identity-aware deepfake verification. Enroll photographs of a protected person, then verify images. The \
         verdict is `real`, `fake`, `different_person`, `unknown_person`, `inconclusive` or `no_face`, with a \
         calibrated score and an explanation of measured differences. Every refusal is a problem document (RFC 9457) \
         with a stable `code`."
            .into(),
    );
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(
        [
            ("verify", "Verdicts on images."),
            ("identities", "The people whose faces are known."),
            ("references", "Photographs of a person."),
            ("negatives", "Images that do not show the person, or are fakes of the person."),
            ("cases", "Verdicts that are kept for review."),
            ("receipts", "What remains of an erasure."),
            ("health", "For orchestrators and monitoring: these routes need no key."),
        ]
        .map(|(name, text)| TagBuilder::new().name(name).description(Some(text)).build())
        .into(),
    );
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("fw_<id>_<secret>").description(Some(
        "An API key, as `faceward keys create` prints it. Each route names the scope that the key needs; `admin` \
         implies the others. Until a first key has been issued, none is asked for.",
    ));
    let components = document.components.get_or_insert_default();
    components.schemas.insert(Problem::name().into(), Problem::schema());
    components.security_schemes.insert(KEY.into(), SecurityScheme::Http(scheme.build()).into());
    let request_id = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some("The number of the request: that of its own header `X-Request-Id`, or else a new one."));
    components.headers.insert(REQUEST_ID.into(), request_id.build().into());
    let seconds = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
        .minimum(Some(1));
    let retry_after = HeaderBuilder::new().schema(Some(seconds)).description(Some(
        "Seconds to wait before the request is sent again. Not every refusal of this status has it.",
    ));
    components.headers.insert(RETRY_AFTER.into(), retry_after.build().into());
    components.headers.insert(STORE_VERSION.into(), versions::header().into());
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            examples::add(operation);
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    response.headers.insert("X-Request-Id".into(), header(REQUEST_ID));
                }
            }
        }
    }
    document
}

fn header<T>(name: &str) -> RefOr<T> {
    RefOr::Ref(Ref::new(format!("#/components/headers/{name}")))
}
