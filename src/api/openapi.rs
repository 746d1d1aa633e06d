//! All routes with the scope that each needs, and the OpenAPI 3.1 document made of them.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{License, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::middleware::{auth, query};
use super::routes::{health, identities, metrics, negatives, receipts, references, verify};
use super::state::AppState;

/// The routes by scope: none, `enroll`, `verify`, `admin`.
fn groups() -> [OpenApiRouter<AppState>; 4] {
    let open = OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics));
    let enroll = OpenApiRouter::new()
        .routes(routes!(identities::list))
        .routes(routes!(identities::put, identities::get, identities::delete))
        .routes(routes!(receipts::receipt))
        .routes(routes!(references::add_references, references::references))
        .routes(routes!(references::reference, references::delete_reference))
        .routes(routes!(negatives::add_negatives, negatives::negatives))
        .routes(routes!(negatives::negative, negatives::delete_negative));
    let verify = OpenApiRouter::new().routes(routes!(verify::verify));
    let admin =
        OpenApiRouter::new().routes(routes!(references::reference_image)).routes(routes!(negatives::negative_image));
    [open, enroll, verify, admin]
}

/// All routes of the contract, behind authentication where they need a scope, and their document.
pub(super) fn router(state: &AppState) -> (Router<AppState>, OpenApi) {
    // Inside of authentication: who may not ask is not told what could be asked.
    let known = query::Known::of(&document());
    let strict = from_fn_with_state(known, query::known);
    let [open, enroll, verify, admin] = groups().map(|routes| routes.route_layer(strict.clone()));
    let enroll = enroll.route_layer(from_fn_with_state(state.clone(), auth::enroll));
    let verify = verify.route_layer(from_fn_with_state(state.clone(), auth::verify));
    let admin = admin.route_layer(from_fn_with_state(state.clone(), auth::admin));
    let (router, document) = open.merge(enroll).merge(verify).merge(admin).split_for_parts();
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
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().security_schemes.insert("key".into(), scheme.into());
    document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    document
}
