//! The routes, and the OpenAPI 3.1 document that is read off them.

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::middleware::auth;
use super::routes::{health, identities, images, metrics, samples, verify};
use super::state::AppState;

/// Routes by the scope that they need.
fn groups() -> [OpenApiRouter<AppState>; 4] {
    let open = OpenApiRouter::new()
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::metrics));
    let enroll = OpenApiRouter::new()
        .routes(routes!(identities::list))
        .routes(routes!(identities::put, identities::get, identities::delete))
        .routes(routes!(identities::receipt))
        .routes(routes!(samples::add_references, samples::references))
        .routes(routes!(samples::reference, samples::delete_reference))
        .routes(routes!(samples::add_negatives, samples::negatives))
        .routes(routes!(samples::negative, samples::delete_negative));
    let verify = OpenApiRouter::new().routes(routes!(verify::verify));
    let admin = OpenApiRouter::new().routes(routes!(images::reference_image)).routes(routes!(images::negative_image));
    [open, enroll, verify, admin]
}

/// All routes of the contract, behind authentication where they need it, and their document.
pub(super) fn router(state: &AppState) -> (Router<AppState>, OpenApi) {
    let [open, enroll, verify, admin] = groups();
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
    // What is there without these lines is said of the crate that reads the document off the code.
    document.info.contact = None;
    document.info.license = None;
    document.info.version = env!("CARGO_PKG_VERSION").into();
    document.info.description = Some(
        "Identity-aware deepfake verification. Enroll photographs of a protected person, then verify images: real, \
         fake, different_person, inconclusive or no_face, with a calibrated score and measured differences."
            .into(),
    );
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().security_schemes.insert("key".into(), scheme.into());
    document.security = Some(vec![SecurityRequirement::new("key", Vec::<String>::new())]);
    document
}
