//! `/v1/receipts/{id}`: what remains of an erasure.

use axum::Json;
use axum::extract::State;
use uuid::Uuid;

use crate::api::Problem;
use crate::api::extract::Part;
use crate::api::state::AppState;
use crate::error_code::ErrorCode;
use crate::store::ErasureReceipt;

/// The header of a deletion's answer that holds the number of its receipt.
pub(super) const HEADER: &str = "erasure-receipt";

/// Get the receipt of an erasure.
///
/// Deleting an identity gives its number in the header `Erasure-Receipt`.
#[utoipa::path(get, path = "/v1/receipts/{id}", operation_id = "get_receipt", tag = "receipts",
    params(("id" = Uuid, Path, description = "The receipt's number")),
    responses((status = 200, description = "The receipt", body = ErasureReceipt)))]
pub(crate) async fn receipt(
    State(state): State<AppState>,
    Part(number): Part,
) -> Result<Json<ErasureReceipt>, Problem> {
    let unknown = || Problem::new(ErrorCode::ReceiptUnknown, "there is no erasure receipt with this number");
    let number = Uuid::try_parse(&number).map_err(|_| unknown())?;
    let found = state.on_disk(move |service| service.receipt(number)).await?;
    found.map(Json).ok_or_else(unknown)
}
