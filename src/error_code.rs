//! Every error code of the project: in problem documents, in enrollment reports, in lines of a batch and in records of
//! an evaluation. A batch also writes `http_NNN` for an answer without a problem document.
//!
//! A code is part of the contract: clients match on it, so it never changes and never gets another status. One macro
//! holds the code, its HTTP statuses and its meaning; the table in `docs/errors.md` is compared with it by a test, and
//! the OpenAPI document lists the codes as an enum.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! error_codes {
    ($( $(#[doc = $meaning:literal])+ $variant:ident = $code:literal $(, $status:literal)*; )+) => {
        /// A stable, machine-readable code; `docs/errors.md` lists all of them with their statuses and meanings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode {
            $( $(#[doc = $meaning])+ $variant, )+
        }

        impl ErrorCode {
            /// All codes, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it is sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $( Self::$variant => $code, )+
                }
            }

            /// The HTTP statuses of problem documents with this code, the usual one first; none for a code that
            /// appears only in reports, batch lines and evaluation records.
            pub const fn statuses(self) -> &'static [u16] {
                match self {
                    $( Self::$variant => &[$($status),*], )+
                }
            }

            /// When it is given, in a sentence or two of Markdown.
            pub fn meaning(self) -> &'static str {
                match self {
                    $( Self::$variant => concat!($($meaning),+).trim_start(), )+
                }
            }
        }
    };
}

// In alphabetical order of the codes, as in the table of docs/errors.md.
error_codes! {
    /// The image is an animation, of which each frame may show another face. Enroll one still frame of it.
    AnimatedImage = "animated_image";
    /// The act could not be recorded in the audit log, and nothing is answered without a record. The server's log says
    /// why.
    AuditFailed = "audit_failed", 503;
    /// The batch cannot read the certificate authority it was given (PEM).
    AuthorityUnreadable = "authority_unreadable";
    /// The request body has more bytes than `max_body_mib` allows.
    BodyTooLarge = "body_too_large", 413;
    /// No further bytes of the request body arrived for `head_timeout_s`.
    BodyTooSlow = "body_too_slow", 408;
    /// The request body broke off, or was not sent as its headers say. 413: the JSON body of an identity has more bytes
    /// than allowed (bodies with images: `body_too_large`).
    BodyUnreadable = "body_unreadable", 400, 413;
    /// There is no case with this number: it never was, or it was erased by its age, with its identity, or because there
    /// are too many.
    CaseUnknown = "case_unknown", 404;
    /// The request has a `Content-Encoding`, such as gzip. Send the body as it is.
    ContentEncodingUnsupported = "content_encoding_unsupported", 415;
    /// The body has no content type, or one that this route does not take; the detail says which it takes.
    ContentTypeUnsupported = "content_type_unsupported", 415;
    /// No API key has ever been issued, and a browser sent this request for a page of another site. Create a key and
    /// send it.
    CrossSiteRefused = "cross_site_refused", 403;
    /// The request took longer than its deadline. `Retry-After` says when to try again.
    DeadlineExceeded = "deadline_exceeded", 503;
    /// The same photograph is enrolled already, or is sent twice.
    Duplicate = "duplicate";
    /// An eye, the nose or the mouth is covered; the detail names what is. Clear glasses cover nothing.
    FaceOccluded = "face_occluded";
    /// The face is too blurred to enroll it.
    FaceTooBlurred = "face_too_blurred";
    /// The face is too dark, too bright or too low in contrast to enroll it.
    FaceTooDarkOrBright = "face_too_dark_or_bright";
    /// The face has too few pixels to enroll it.
    FaceTooSmall = "face_too_small";
    /// The head is turned too far from the camera to enroll it.
    FaceTurnedTooFar = "face_turned_too_far";
    /// The detector is not confident that this is a face, or where its landmarks are.
    FaceUncertain = "face_uncertain";
    /// A form field, a JSON key or a parameter that names something is empty.
    FieldEmpty = "field_empty", 400;
    /// A field has a value that is not allowed; the detail names the field and what is allowed.
    FieldInvalid = "field_invalid", 422;
    /// A form field or a JSON key comes twice.
    FieldRepeated = "field_repeated", 400;
    /// The body has a form field or a JSON key that this route does not take; the detail names the nearest known one.
    FieldUnknown = "field_unknown", 400;
    /// The file cannot be read, or is not a regular file.
    FileUnreadable = "file_unreadable";
    /// The identity's `expires_at` has passed: it matches nothing and is about to be erased.
    IdentityExpired = "identity_expired", 410;
    /// An identity's id must match `[a-z0-9][a-z0-9._-]{0,63}`.
    IdentityIdInvalid = "identity_id_invalid", 400;
    /// There is no identity with this id.
    IdentityUnknown = "identity_unknown", 404;
    /// The identity has no references to compare with yet. Enroll at least one photograph.
    IdentityWithoutReferences = "identity_without_references", 409;
    /// The image is not the one of the case: its SHA-256 is another.
    ImageDiffers = "image_differs", 422;
    /// The image has no bytes.
    ImageEmpty = "image_empty", 422;
    /// The bytes are not a JPEG, PNG, WebP, GIF, BMP, HEIC or AVIF image. The answer names the format, where it is known.
    ImageFormatUnsupported = "image_format_unsupported", 422;
    /// The form has no part named `image`.
    ImageMissing = "image_missing", 422;
    /// The image of this reference, negative or case was not kept. Images are kept only if the operator says so
    /// (docs/store.md).
    ImageNotKept = "image_not_kept", 404;
    /// The image has more bytes than `max_image_mib`, or by its header more pixels than `max_megapixels` or a longer
    /// side than `max_side`. It is not decoded. A JPEG is refused for its pixels only if they are still too many at an
    /// eighth of its size, a HEIC or AVIF at half.
    ImageTooLarge = "image_too_large", 413;
    /// The bytes begin like an image of a supported format, but cannot be decoded.
    ImageUndecodable = "image_undecodable", 422;
    /// Data of the image is missing or damaged: it is cut, or broken in the middle.
    IncompleteImage = "incomplete_image";
    /// The server is at fault. Its log says why.
    Internal = "internal", 500;
    /// The body is not JSON (400), or not JSON of the documented shape (422).
    JsonInvalid = "json_invalid", 400, 422;
    /// The path exists, but does not take this method.
    MethodNotAllowed = "method_not_allowed", 405;
    /// The multipart form is malformed.
    MultipartInvalid = "multipart_invalid", 400;
    /// There is no face in the photograph.
    NoFace = "no_face";
    /// No image was accepted; `report` says why, image by image. 413: all of them were too large.
    NoneAccepted = "none_accepted", 422, 413;
    /// `/readyz`: the store cannot be read or written. The server's log says why.
    NotReady = "not_ready", 503;
    /// The face does not match the person in the other references.
    NotSamePerson = "not_same_person";
    /// The queue is full. `Retry-After` says when to try again.
    Overloaded = "overloaded", 429;
    /// The path of the request cannot be read.
    PathInvalid = "path_invalid", 400;
    /// The query string is malformed, or a parameter is unknown, comes twice, is empty or out of range.
    QueryInvalid = "query_invalid", 400;
    /// There is no erasure receipt with this number.
    ReceiptUnknown = "receipt_unknown", 404;
    /// There is nothing at this path.
    RouteUnknown = "route_unknown", 404;
    /// The identity has no reference or negative with this id.
    SampleUnknown = "sample_unknown", 404;
    /// The key does not have the scope that this route needs.
    ScopeMissing = "scope_missing", 403;
    /// The server's answer to the batch is not a verification. Check that `--server` names a faceward server.
    ServerAnswerUnreadable = "server_answer_unreadable";
    /// The server was unreachable or full in every attempt of the batch for this image.
    ServerUnavailable = "server_unavailable";
    /// No server answers at the address given to the batch.
    ServerUnreachable = "server_unreachable";
    /// The photograph shows several faces, and which of them is the person cannot be told.
    SeveralFaces = "several_faces";
    /// The server shares its store with others, and does not know yet what they changed: it has lost touch with the store,
    /// or has not reached the version in `If-Store-Version`. `Retry-After` says when to try again.
    StoreBehind = "store_behind", 503;
    /// The store failed. The server's log says why.
    StoreFailed = "store_failed", 503;
    /// The thresholds were not fitted to the error rate that the identity asks for; the detail gives the range.
    TargetOutOfRange = "target_out_of_range", 422;
    /// The thresholds in use have no operating points, so identities cannot have error rates of their own
    /// (docs/evaluation.md).
    TargetUnavailable = "target_unavailable", 409;
    /// This address holds `connections_per_address` connections already. `Retry-After` says when to try again; the
    /// connection is closed. With TLS it is closed without an answer.
    TooManyConnections = "too_many_connections", 429;
    /// More than one part named `image` in a verification. Send a request per image.
    TooManyImages = "too_many_images", 422;
    /// The form has too many parts.
    TooManyParts = "too_many_parts", 413;
    /// The request has no key, or one that is unknown, revoked or expired.
    Unauthenticated = "unauthenticated", 401;
    /// The request bodies in memory fill `body_memory_mib`. `Retry-After` says when to try again.
    UploadMemoryFull = "upload_memory_full", 503;
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

// The derived schema would not see codes that a macro passes on.
impl PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        let meanings = Self::ALL.iter().map(|code| format!("\n- `{code}`: {}", code.meaning()));
        let description = format!("A stable code for programs to match on.\n{}", meanings.collect::<String>());
        let codes = Self::ALL.iter().map(|code| code.as_str());
        let schema = ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        schema.enum_values(Some(codes)).into()
    }
}

impl ToSchema for ErrorCode {}

impl From<ErrorCode> for String {
    fn from(code: ErrorCode) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of docs/errors.md.
    fn table() -> String {
        let rows = ErrorCode::ALL.iter().map(|code| {
            let statuses: Vec<_> = code.statuses().iter().map(ToString::to_string).collect();
            let statuses = if statuses.is_empty() { "–".to_owned() } else { statuses.join(", ") };
            format!("| `{code}` | {statuses} | {} |\n", code.meaning())
        });
        "| code | status | meaning |\n|---|---|---|\n".to_owned() + &rows.collect::<String>()
    }

    #[test]
    fn the_documentation_lists_every_code_in_order() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.md");
        let document = std::fs::read_to_string(path).unwrap();
        let rows = document.lines().filter(|l| l.starts_with('|')).map(|l| format!("{l}\n"));
        let table = table();
        assert!(rows.collect::<String>() == table, "the table of docs/errors.md must be:\n{table}");
    }

    #[test]
    fn codes_are_sorted_and_sent_as_their_text() {
        assert!(ErrorCode::ALL.is_sorted_by(|a, b| a.as_str() < b.as_str()));
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(code.statuses().iter().all(|s| (400..600).contains(s)), "{code}");
            assert!(code.meaning().ends_with('.') && !code.meaning().contains('|'), "{code}");
        }
    }
}
