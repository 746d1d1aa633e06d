//! The headers with versions of a store that several servers share, on every route that needs a scope.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{PathItem, RefOr, Required};

use super::{STORE_VERSION, header as reference, operations};

/// A version.
fn number() -> Object {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0)).build()
}

/// The header of the answer to a write.
pub(super) fn header() -> Header {
    HeaderBuilder::new()
        .schema(Some(number()))
        .description(Some(
            "The version of the store that has what the request wrote, for `If-Store-Version`. Only where several servers \
             share a store.",
        ))
        .build()
}

/// Adds the header of requests to every operation of a path, and that of answers to those that write.
pub(super) fn add(item: &mut PathItem) {
    for operation in operations(item) {
        let wanted = ParameterBuilder::new()
            .name("If-Store-Version")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .schema(Some(number()))
            .description(Some(
                "A `Store-Version` that another answer told: the server waits until it has that version, for two seconds at \
                 most. Without effect where one server has the store for itself.",
            ));
        operation.parameters.get_or_insert_default().push(wanted.build().into());
    }
    for operation in [&mut item.put, &mut item.post, &mut item.delete].into_iter().flatten() {
        tell(operation);
    }
}

fn tell(operation: &mut Operation) {
    if operation.operation_id.as_deref() == Some("verify") {
        return;
    }
    for (status, response) in &mut operation.responses.responses {
        if status.starts_with('2')
            && let RefOr::T(response) = response
        {
            response.headers.insert("Store-Version".into(), reference(STORE_VERSION));
        }
    }
}
