"""The shapes of the API's requests and answers.

Written by `generate_types.py` from the OpenAPI document; do not edit.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

ApparentSex = Literal["female", "male", "unclear"]

Area = Literal["forehead", "right_eye", "left_eye", "nose", "right_cheek", "left_cheek", "mouth", "chin"]

# Text: no control characters but tabs and line breaks, and not only spaces.
Comment = str

Direction = Literal["higher", "lower", "within"]

ErasureReason = Literal["requested", "expired", "restored"]

ErrorCode = Literal[
    "animated_image",
    "audit_failed",
    "authority_unreadable",
    "body_too_large",
    "body_too_slow",
    "body_unreadable",
    "case_unknown",
    "content_encoding_unsupported",
    "content_type_unsupported",
    "cross_site_refused",
    "deadline_exceeded",
    "duplicate",
    "face_occluded",
    "face_too_blurred",
    "face_too_dark_or_bright",
    "face_too_small",
    "face_turned_too_far",
    "face_uncertain",
    "field_empty",
    "field_invalid",
    "field_repeated",
    "field_unknown",
    "file_unreadable",
    "identity_expired",
    "identity_id_invalid",
    "identity_unknown",
    "identity_without_references",
    "image_differs",
    "image_empty",
    "image_format_unsupported",
    "image_missing",
    "image_not_kept",
    "image_too_large",
    "image_undecodable",
    "incomplete_image",
    "internal",
    "json_invalid",
    "method_not_allowed",
    "multipart_invalid",
    "no_face",
    "none_accepted",
    "not_ready",
    "not_same_person",
    "overloaded",
    "path_invalid",
    "query_invalid",
    "receipt_unknown",
    "route_unknown",
    "sample_unknown",
    "scope_missing",
    "server_answer_unreadable",
    "server_unavailable",
    "server_unreachable",
    "several_faces",
    "store_behind",
    "store_failed",
    "target_out_of_range",
    "target_unavailable",
    "too_many_connections",
    "too_many_images",
    "too_many_parts",
    "unauthenticated",
    "upload_memory_full",
]

FaceRegion = Literal["outer_face", "brows", "eyes", "nose", "mouth", "skin", "overall"]

# The operator's own name for an identity.
IdentityId = str

NegativeKind = Literal["not_this_person", "known_fake"]

QualityMeasure = Literal[
    "face_size",
    "sharpness",
    "exposure",
    "dynamic_range",
    "pose",
    "landmarks",
    "detector_confidence",
    "occlusion",
]

Ruling = Literal["confirmed", "overturned", "unsure"]

SampleKind = Literal["reference", "not_this_person", "known_fake"]

# A line of text: no control characters, and not only spaces.
ShortText = str

Stage = Literal[
    "decode",
    "detector",
    "landmarks",
    "embedding_a",
    "embedding_b",
    "embedding_c",
    "embedding_d",
    "iris",
    "emotion",
    "forensics",
    "encoder",
    "occlusion",
    "measure",
    "compare",
]

Verdict = Literal["real", "fake", "different_person", "unknown_person", "inconclusive", "no_face"]


# One accepted image.
class Accepted(TypedDict):
    # Faces in the image. Of several, a reference takes the one that agrees with the person's other photographs, a
    # negative the one most like the person.
    faces: int
    # Its file name as sent.
    filename: str | None
    # Its index among the images sent, from 0.
    index: int
    # Quality of the face, 0..=100.
    quality: float
    # The id of the new reference or negative.
    reference_id: str


# The frames of an animation.
class AnimationReport(TypedDict):
    # Whether these were chosen from all frames; `false` where the file has too many to read, or some are damaged.
    all_read: bool
    # The index of the frame that decided, from 0. The faces of the answer are those of this frame.
    deciding_frame: int
    # The frames that were looked at, in the order of the file: different ones that are not blank, `max_frames` at most.
    frames: list[FrameReport]


# Age, sex and expression as the networks read them; never part of the verdict.
class ApparentTraits(TypedDict):
    # Years.
    age: float
    # The strongest of seven expressions.
    expression: str
    # Never gender.
    sex: ApparentSex


# A rectangle in pixels of the source image.
class BoundingBox(TypedDict):
    # Pixels down.
    height: float
    # Pixels across.
    width: float
    # Left edge, in pixels from the left of the image.
    x: float
    # Top edge, in pixels from the top of the image.
    y: float


# The data that a calibration was fitted on, and its error rates there.
class CalibrationSource(TypedDict):
    # The degradations applied to the pictures before they were verified.
    degradations: list[str]
    # Different fakes.
    fakes: int
    # The time of the fit.
    fitted_at: str
    # Different genuine photographs.
    genuine: int
    # Error rates by cross-validation over people; `None` with too few people.
    held_out: NotRequired[ErrorRates]
    # What was left as shipped, each with the reason.
    kept: list[str]
    # Different pictures of other people.
    others: int
    # The number of people.
    people: int
    # References offered per person.
    references: int
    # Photographs of strangers for searches.
    strangers: int


# An identity that a face was compared with in a search.
class CandidateReport(TypedDict):
    # Whether the second network compared them: only where the first one finds them more similar than most strangers
    # are.
    confirmed: bool
    # The share of strangers who are as similar to one of the identities searched, 0..=1; `null` below the start of the
    # fitted tail, where the rate is not modelled.
    expected_fpir: float | None
    # The identity.
    identity: IdentityName
    # The similarity of the face to the mean of the references, -1..=1: the mean cosine of embeddings C and D where the
    # candidate was confirmed, otherwise the cosine of embedding C.
    similarity: float


# A decision on a case.
class CaseDecision(TypedDict):
    # The reviewer's words.
    comment: str | None
    # When (RFC 3339).
    decided_at: str
    # What was decided.
    decision: Ruling
    # The id of the reviewer's API key; `null` where none was asked for.
    key: str | None


# A case, opened.
class CaseDetails(TypedDict):
    # The whole answer, as it was given, with what a reviewer looks at (`review` of each face).
    answer: Verification
    # The line of the server's audit log that records the verdict, `NUMBER:HASH`, as `faceward audit verify --expect`
    # takes it.
    audit_head: str
    # What is known without opening it.
    case: CaseSummary
    # Every decision, the first one first. The last one counts.
    decisions: list[CaseDecision]
    # When the case is erased by its age (RFC 3339). It can be erased earlier: with its identity, or where there are too
    # many cases.
    expires_at: str
    # When the image is erased by its age (RFC 3339); `null` where it is not kept.
    picture_expires_at: str | None


# One page of cases, the latest first.
class CasePage(TypedDict):
    # At most `limit` cases.
    cases: list[CaseSummary]
    # The `cursor` of the next page; `null` on the last page.
    next_cursor: str | None


# Everything that is known of a case, with what it takes to judge it elsewhere.
class CaseReport(TypedDict):
    # The case.
    details: CaseDetails
    # The error rates that the thresholds of the verdict were fitted to, and on what, in a sentence.
    expected_error: str
    # The version of faceward that made the report; those behind the verdict stand in the answer.
    made_by: str
    # When the report was made (RFC 3339).
    report_made_at: str


# A verdict that is kept for review.
class CaseSummary(TypedDict):
    # Whether the request claimed the identity; otherwise everybody enrolled was searched.
    claimed: bool
    # The latest decision; `null` for none yet.
    decision: Ruling | None
    # Its number: that of a later case is greater.
    id: str
    # The identity that was claimed or found; `null` where the case is about nobody enrolled.
    identity: IdentityName | None
    # SHA-256 of the image's bytes, hex.
    image_sha256: str
    # The id of the API key that asked; `null` where none was asked for.
    key: str | None
    # When the verdict was given (RFC 3339).
    made_at: str
    # Whether the image is kept.
    picture_kept: bool
    # The number of the request, as in its header `X-Request-Id`.
    request_id: str | None
    # The calibrated probability of a genuine photograph, 0..=1; `null` without a face or an identity.
    score: float | None
    # The verdict.
    verdict: Verdict


# What the file says of its colours, other than sRGB.
class ColourProfileReport(TypedDict):
    # Whether the colours were brought to sRGB by it.
    applied: bool
    # The profile's own description.
    name: str | None
    # Why it was not applied; `null` where it was.
    reason: str | None
    # `icc`, or for a PNG, HEIC or AVIF `cicp`, or for a PNG `gamma`.
    source: str


# A reference or negative that the image is a copy of, perhaps re-encoded.
class CopyReport(TypedDict):
    # Bits of the perceptual hash that differ, of 256.
    distance: int
    # The id of the reference or negative.
    id: str
    # `reference`, `not_this_person` or `known_fake`.
    kind: SampleKind


# A decision on a case.
class DecisionInput(TypedDict):
    # The reviewer's words.
    comment: NotRequired[Comment | None]
    # Whether the verdict is right.
    decision: Ruling


# One measured difference.
class Difference(TypedDict):
    # The stable name of the measure.
    attribute: str
    # The signed distance from the person's mean, in standard deviations.
    deviation: float
    # The side to which the measure departs.
    direction: Direction
    # The usual range of this person's own photographs, in `unit`: from - to, two standard deviations about the mean,
    # clipped to the values that are possible.
    expected: list[float]
    # The value of the face, in `unit`.
    observed: float
    # The region of the face.
    region: FaceRegion
    # The difference as a sentence.
    text: str
    # The unit of `observed` and `expected`.
    unit: str
    # The contribution to the natural log odds of the score: below zero it speaks against the photograph, at zero it has
    # no effect on the score.
    weight: float


# The result of an enrollment.
class EnrollmentReport(TypedDict):
    # The accepted images.
    accepted: list[Accepted]
    # Other identities that a search can hardly distinguish from this one, the most similar first: twins, or one person
    # enrolled twice. A search may answer with either.
    look_alikes: list[LookAlike]
    # The profile after the enrollment; `null` without a reference.
    profile: ProfileReport | None
    # The rejected images, with reasons.
    rejected: list[Rejected]


# Proof of an erasure. Receipts are kept, so they name the identity by a pseudonym: whoever knows the id and holds the
# service's key can compute it (`faceward audit subject ID`), and nobody can turn it back.
class ErasureReceipt(TypedDict):
    # When its rows and its key were deleted.
    deleted_at: str
    # When their last bytes were gone from the data folder; `null` while another program holds that up.
    erased_at: str | None
    # Its number.
    id: str
    # The cause.
    reason: ErasureReason
    # References and negatives erased with it.
    samples: int
    # The identity's pseudonym: 32 hex digits.
    subject: str


# Error rates of verdicts, 0..=1; `None` where the data hold nothing to measure one on.
class ErrorRates(TypedDict):
    # Fakes called real (APCER).
    fakes_called_real: NotRequired[float]
    # Genuine photographs called a different person (FNMR).
    genuine_called_different: NotRequired[float]
    # Genuine photographs called fake (BPCER).
    genuine_called_fake: NotRequired[float]
    # Genuine photographs left undecided.
    genuine_undecided: NotRequired[float]
    # Other people called real.
    others_called_real: NotRequired[float]


# The reasons for a verdict.
class Explanation(TypedDict):
    # At most eight differences, in the order of their weight: those that carry weight in the score, then those that
    # depart without weight (parts of the face that seem not to be the person's, traces of manipulation, the rest). For
    # a photograph that is `real`, also the checks that found nothing.
    differences: list[Difference]
    # The reasons in a few sentences.
    summary: str


# One face.
class FaceReport(TypedDict):
    # Apparent age, sex and expression; `null` unless the server's setting `verdict.apparent_traits` is on, and for a
    # stranger's face, unless `full=true` asks for them, or the face reached the threshold of an identity and was passed
    # over for a negative.
    apparent: ApparentTraits | None
    # The face's box in pixels of the upright image: x, y, width, height.
    bbox: BoundingBox
    # The detector's confidence, 0..=1.
    confidence: float
    # The enrolled image that this one is a copy of by its perceptual hash; `null` for none. It changes the verdict only
    # where the face in a copy of a reference is another person's: `fake` instead of `different_person`.
    copy_of: CopyReport | None
    # The reasons for the verdict.
    explanation: Explanation
    # The identity that it was compared with; `null` for a stranger's face.
    identity: IdentityName | None
    # Its index in the list of faces, from 0; the largest comes first.
    index: int
    # The natural log odds that the face depicts that identity, genuine or not. Above zero: more likely than not. `null`
    # without one.
    likeness: float | None
    # The limits of the verdict, the worst first, each with its `kind`: `incomplete_image`; `unstable` (with `verdict`
    # and `score`, 0..=1, of the degraded copy); `suspicious_companion`; `uncertain_identity` (with `similarity` and the
    # `least` that is needed); `occluded` (with the covered `regions`); `quality` (with `component`, `value` in the
    # component's unit, `score` 0..=100); `between_thresholds`; `no_colour`; `few_references` (with `references`).
    limits: list[Limit]
    # The pose of the head: `yaw`, `pitch` and `roll` in degrees, 0 for a level frontal face. Positive: turned to the
    # person's own left, looking up, leaning to the person's own right shoulder.
    pose: Pose
    # The quality of the face: `score`, the least of the components' scores, 0..=100, and `components`, each with
    # `component`, `value` in the component's unit and `score`, 0..=100. `occlusion` is not compared with
    # `thresholds.min_quality`: what is covered stands in `limits`.
    quality: Quality
    # What a person who reviews the verdict looks at; only where `review=true` asks for it.
    review: NotRequired[FaceReview | None]
    # The calibrated probability of a genuine photograph of that identity, 0..=1; `null` without one.
    score: float | None
    # The search for the face's identity; `null` where an identity was claimed.
    search: SearchReport | None
    # The verdict on a degraded copy of the face; `null` without a stability check, or where the face would be neither
    # `real` nor `fake` without it.
    stability: StabilityReport | None
    # The thresholds for that identity, and the error rates that they were fitted to; `null` without one. `fake` and
    # `real` are scores, 0..=1, `likeness` natural log odds, `similarity` a cosine, `min_quality` 0..=100, and the
    # targets are shares, 0..=1. `likeness` is `null` where a search found the identity by the search's own threshold.
    thresholds: Thresholds | None
    # The answer for this face.
    verdict: Verdict


# For reviewers of one face.
class FaceReview(TypedDict):
    # Where the face and its features are in the image.
    outlines: Outlines
    # The references of the identity, the nearest first, 12 at most; empty without an identity.
    references: list[NearReference]


# One frame of an animation, judged as a picture of its own.
class FrameReport(TypedDict):
    # Milliseconds from the beginning to when it is first shown.
    at_ms: int
    # The faces that were judged in it.
    faces: int
    # Its index among the frames of the file, from 0.
    index: int
    # Its score, 0..=1; `null` without a face or an identity.
    score: float | None
    # Milliseconds that it is shown, repetitions included.
    shown_ms: int
    # The verdict on it.
    verdict: Verdict


# An identity. Templates are never part of an answer.
class Identity(TypedDict):
    # Legal basis for keeping the templates.
    consent_basis: str | None
    # RFC 3339.
    created_at: str
    # The person's name for reviewers.
    display_name: str
    # Whether searches cannot find this identity, because its templates were made by networks that are no longer used.
    # Enroll another photograph; or delete a reference and enroll its photograph again; or run `faceward identities
    # refresh` where images are kept. Claims are still verified.
    enroll_again: bool
    # When the identity stops matching and is due for erasure (RFC 3339); `null`: never.
    expires_at: str | None
    # The operator's own name for it.
    id: IdentityId
    # The number of negatives.
    negatives: int
    # The profile fitted to the references; `null` without any.
    profile: ProfileReport | None
    # The number of references.
    references: int
    # The target share of fakes called real that was written; `null`: that of all identities.
    target_fake_called_real: float | None
    # The target share of genuine photographs called fake that was written; `null`: that of all identities.
    target_genuine_called_fake: float | None
    # The thresholds of verdicts about this identity, and the error rates that they were fitted to.
    thresholds: Thresholds
    # When its fields, references or negatives last changed (RFC 3339).
    updated_at: str


# The fields of an identity that an operator writes.
class IdentityInput(TypedDict):
    # Legal basis for keeping the templates, for example `consent` (GDPR Art. 9(2)).
    consent_basis: NotRequired[ShortText | None]
    # The person's name for reviewers.
    display_name: ShortText
    # When the identity stops matching and is due for erasure (RFC 3339).
    expires_at: NotRequired[str | None]
    # The target share of fakes of this person that are called real: above 0 and below 1, within the operating points
    # (as shipped .01 to .3). Without it, the target of all identities.
    target_fake_called_real: NotRequired[float | None]
    # The target share of this person's genuine photographs that are called fake: above 0 and below 1, within the
    # operating points (as shipped .005 to .2). Without it, the target of all identities.
    target_genuine_called_fake: NotRequired[float | None]


# An identity as answers name it.
class IdentityName(TypedDict):
    # The name for reviewers.
    display_name: str
    # The operator's id.
    id: IdentityId


# One page of identities, sorted by id.
class IdentityPage(TypedDict):
    # At most `limit` identities.
    identities: list[Identity]
    # The `cursor` of the next page; `null` on the last page.
    next_cursor: IdentityId | None


# The image as it was decoded.
class ImageReport(TypedDict):
    # The colour profile; `null` for sRGB, or where the file names none.
    colour_profile: ColourProfileReport | None
    # Whether nothing is missing: `false` for a file that is cut or damaged.
    complete: bool
    # The format, by its first bytes.
    format: str
    # Frames in the file; 1 for a still.
    frames: int
    # Rows of the upright image.
    height: int
    # The orientation that was undone, as Exif counts it, 1 to 8; 1 for an image stored upright. A HEIC or AVIF is
    # turned as its properties say, not as its Exif data does.
    orientation: int
    # Whether the image has too many pixels and was judged at a fraction of its size; `width` and `height` are those of
    # the whole.
    scaled: bool
    # SHA-256 of the encoded image, hex.
    sha256: str
    # Columns of the upright image.
    width: int


# The image is cut or damaged: pixels are missing, and no verdict rests on the others.
class IncompleteImageLimit(TypedDict):
    kind: Literal["incomplete_image"]


# Areas of the face are covered: their attributes and parts are not compared. The embeddings still see them.
class OccludedLimit(TypedDict):
    kind: Literal["occluded"]
    # The areas.
    regions: list[Area]


# A quality component is weak.
class QualityLimit(TypedDict):
    # The component.
    component: QualityMeasure
    kind: Literal["quality"]
    # 0..=100.
    score: float
    # In its native unit.
    value: float


# The score lies between the thresholds.
class BetweenThresholdsLimit(TypedDict):
    kind: Literal["between_thresholds"]


# A degraded copy of the face got the opposite verdict.
class UnstableLimit(TypedDict):
    kind: Literal["unstable"]
    # The copy's score, 0..=1.
    score: float
    # The copy's verdict.
    verdict: Verdict


# The face is grey or toned, so its colours are not compared.
class NoColourLimit(TypedDict):
    kind: Literal["no_colour"]


# The face was found by a search or is beside one more like the person, and the similarity is too low to call it fake:
# it may be another person's.
class UncertainIdentityLimit(TypedDict):
    kind: Literal["uncertain_identity"]
    # The least similarity of a face that is called fake.
    least: float
    # The similarity, -1..=1: the mean cosine of embeddings C and D, or the cosine of C where D is missing.
    similarity: float


# Another face in the picture resembles the person and does not pass as genuine: a companion's, or a fake.
class SuspiciousCompanionLimit(TypedDict):
    kind: Literal["suspicious_companion"]


# Few references: the person's own variation is known only roughly.
class FewReferencesLimit(TypedDict):
    kind: Literal["few_references"]
    # Their number.
    references: int


# Another identity that a search can hardly distinguish from the one enrolled.
class LookAlike(TypedDict):
    # The other identity.
    identity: IdentityName
    # The cosine between the mean embeddings C of the references of the two, -1..=1.
    similarity: float


# A reference beside a face.
class NearReference(TypedDict):
    # The id of the reference.
    id: str
    # The cosine of embedding C of the face with that of the reference, -1..=1. It orders the references and is no part
    # of the verdict.
    similarity: float


# The outlines of a face and of its features: closed lines of points `[x, y]` in pixels of the upright image. "Right"
# and "left" are the person's own.
class Outlines(TypedDict):
    # The face, forehead to chin.
    face: list[list[float]]
    # The left brow.
    left_brow: list[list[float]]
    # The left eye, along its lids.
    left_eye: list[list[float]]
    # The lips.
    mouth: list[list[float]]
    # The nose.
    nose: list[list[float]]
    # The right brow.
    right_brow: list[list[float]]
    # The right eye, along its lids.
    right_eye: list[list[float]]


# Head pose in degrees (ISO/IEC 19794-5 angles): all zero for a level frontal view.
class Pose(TypedDict):
    # Positive: looking up.
    pitch: float
    # Positive: leaning towards the person's own right shoulder.
    roll: float
    # Positive: turned to the person's own left.
    yaw: float


# A problem document (RFC 9457).
class Problem(TypedDict):
    # The stable code to match on.
    code: ErrorCode
    # What is wrong and what to do about it, for a person. Do not match on it.
    detail: str
    # What became of each image; only when an enrollment accepted none.
    report: NotRequired[EnrollmentReport]
    # The number of the request, as in the header `X-Request-Id`: the server's logs have it. Absent where the connection
    # was refused before a request was read.
    request_id: NotRequired[str]
    # The HTTP status.
    status: int
    # The status in words.
    title: str
    # Always `about:blank`; the `code` tells problems apart.
    type: str


# The profile of an identity.
class ProfileReport(TypedDict):
    # For each embedding, the expected cosine of another genuine photograph with the mean of the references, -1..=1, and
    # its standard deviation.
    expected_likeness: list[list[float]]
    # Negatives that it holds.
    negatives: int
    # References that it is fitted on.
    references: int
    # A remark for the operator, for example that references are few.
    remark: str


# The quality of one face.
class Quality(TypedDict):
    # The measured components, in the order of [`Component::ALL`].
    components: list[QualityComponent]
    # The least of the components' scores, 0..=100.
    score: float


# One measured component.
class QualityComponent(TypedDict):
    # The component.
    component: QualityMeasure
    # 0..=100.
    score: float
    # In the component's native unit.
    value: float


# The state of a server that is ready.
class Ready(TypedDict):
    # Identities that searches cannot find until they are enrolled again, because their templates were made by networks
    # that are no longer used.
    enroll_again: int
    # Requests that wait for an inference thread.
    queue: int
    # Always `ready`.
    status: str
    # The versions behind its answers.
    versions: Versions


# One rejected image.
class Rejected(TypedDict):
    # A stable code, see docs/errors.md.
    code: ErrorCode
    # The reason, as a sentence.
    detail: str
    # Its file name as sent.
    filename: str | None
    # Its index among the images sent, from 0.
    index: int


# A reference or a negative. Its template and its pixels are never part of an answer.
class Sample(TypedDict):
    # RFC 3339.
    added_at: str
    # The name of the file that was sent.
    filename: str | None
    id: str
    # SHA-256 of the bytes that were sent, hex.
    image_sha256: str
    kind: SampleKind
    # Quality of the face, 0..=100.
    quality: float


# The search of everybody enrolled for one face.
class SearchReport(TypedDict):
    # The most similar identities, those over their threshold first, each group by similarity: one, or as many as
    # `top_k` asks for. The face depicts the first that reaches the threshold and to whose negatives (`not_this_person`)
    # the face is not nearer than to the references, except where the face is too poor, or the picture is a copy of a
    # reference. A copy of another face in the image depicts whom that one depicts.
    candidates: list[CandidateReport]
    # The rate expected at the threshold, 0..=1.
    expected_fpir: float
    # The number of identities searched: those with references that the present networks have read, and not expired.
    # Those with `enroll_again` are left out.
    gallery_size: int
    # The false-positive identification rate asked for, 0.000001 to 0.5: the share of strangers who may be taken for
    # somebody enrolled.
    target_fpir: float
    # The similarity from which on the face depicts the first candidate, -1..=1; lower for a confirmed one. `null` where
    # nobody is enrolled.
    threshold: float | None


# The verdict on a degraded copy of a face.
class StabilityReport(TypedDict):
    # The copy's score, 0..=1.
    score: float
    # `false` where `real` and `fake` contradict each other: the face's verdict is then `inconclusive`.
    stable: bool
    # The copy's verdict.
    verdict: Verdict


# The time of one stage of one verification.
class StageTiming(TypedDict):
    # All runs together.
    milliseconds: float
    # The number of runs: a network runs once per face or more often.
    runs: int
    # The stage.
    stage: Stage


# The thresholds of the verdicts, and the error rates that they were fitted to: on held-out training people as shipped,
# otherwise on the data of the operator's calibration.
class Thresholds(TypedDict):
    # Scores up to this one are `fake`; 0..=1.
    fake: float
    # Likeness below this, in natural log odds, is `different_person`. Minus infinity, `null` in JSON, where a search
    # found the person: its own threshold decided on the identity.
    likeness: float | None
    # A face whose quality, `occlusion` not counted, is lower than this (0..=100) is `inconclusive`, or
    # `different_person` where its likeness is far below the threshold.
    min_quality: float
    # Scores from this one up are `real`; 0..=1.
    real: float
    # A face with a lower similarity, the mean cosine of embeddings C and D (-1..=1), is not `real` but
    # `different_person`; absent where a search found the person. Embedding C alone decides where it leaves no doubt.
    similarity: NotRequired[float]
    # The share of manipulated faces called real that `real` was fitted to, 0..=1.
    target_fake_called_real: float
    # The target false match rate, 0.000001 to 0.001: the share of strangers that may be matched with the person
    # claimed. `similarity` follows from it.
    target_fmr: NotRequired[float]
    # The share of genuine photographs called `different_person` that `likeness` was fitted to, 0..=1.
    target_fnmr: float
    # The share of genuine photographs called fake that `fake` was fitted to, 0..=1.
    target_genuine_called_fake: float


# How often a verdict was right.
class VerdictDecisions(TypedDict):
    # Cases whose latest decision confirms it.
    confirmed: int
    # Cases whose latest decision overturns it.
    overturned: int
    # The share of confirmed among confirmed and overturned, 0..=1; `null` without any.
    precision: float | None
    # Cases that the reviewer could not decide.
    unsure: int
    # The verdict.
    verdict: Verdict


# The answer to one image.
class Verification(TypedDict):
    # The frames that were looked at; `null` for a still.
    animation: AnimationReport | None
    # The operator's own data that thresholds and score were fitted to, with the error rates seen there; `null` with the
    # thresholds that faceward ships.
    calibration: CalibrationSource | None
    # The number of the case that the verdict is kept as, for reviewers; absent where it is not kept.
    case: NotRequired[str]
    # Index of the face that decided; `null` without a face.
    deciding_face: int | None
    # The explanation of the deciding face, with what was found of the others that depict an identity.
    explanation: Explanation
    # The faces that were judged, the largest first.
    faces: list[FaceReport]
    # The number of faces that were found, of an animation in the deciding frame.
    faces_found: int
    # The claimed identity, or the one that the deciding face was found to depict; `null` where it depicts none.
    identity: IdentityName | None
    # The image.
    image: ImageReport
    # Whether the image shows more faces: only the `max_faces` largest by area are judged, 16 by default, and of an
    # animation four times as many in all its frames together, but at least one per frame.
    more_faces: bool
    # The calibrated probability that the face is a genuine photograph of the identity, 0..=1; `null` where there is no
    # face or no identity.
    score: float | None
    # The search for the identity of the deciding face; `null` where an identity was claimed, or without a face.
    search: SearchReport | None
    # From which size on faces were looked for in the whole image: the longer side of a face's box, in pixels of the
    # upright image. Smaller faces may have been missed. It depends on the size of the image, and on what it shows.
    smallest_face: int
    # The thresholds that applied to the deciding face, with the error rates that they were fitted to: the identity's
    # own where it has error rates of its own. Where no identity was compared (`unknown_person`, `no_face`), those of
    # claims in general: they decided nothing.
    thresholds: Thresholds
    # The time of each stage; over HTTP only where `timings=true` asks for it.
    timings: NotRequired[list[StageTiming]]
    # The answer for the image: the most alarming (`fake`, `inconclusive`, `real`) of the faces that depict the claimed
    # identity, or in a search anybody enrolled, in all frames that were looked at; where none does, that of the face
    # most like the claimed identity.
    verdict: Verdict
    # The versions behind the answer.
    versions: Versions


# The versions behind an answer.
class Versions(TypedDict):
    # The inference engine with its version.
    engine: str
    # The version of faceward.
    faceward: str
    # One value that changes when any model file does.
    models: str


# Options of a verification.
class VerifyOptions(TypedDict):
    # Add the time that each stage took, under `timings`.
    timings: NotRequired[bool]
    # Also verify a degraded copy of the face, and answer `inconclusive` if the two verdicts contradict each other. The
    # default is the server's setting `verdict.stability_check`.
    stability: NotRequired[bool]
    # Also estimate apparent age, sex and expression for faces that depict nobody enrolled. Changes no verdict; no
    # effect with a claimed identity, and where the server's setting `verdict.apparent_traits` is off.
    full: NotRequired[bool]
    # Searches only: the number of candidates to list for each face, those over their threshold first, each group by
    # similarity; without it, one. Refused beside a claim.
    top_k: NotRequired[int]
    # Searches only: the share of strangers that may be taken for somebody enrolled, whatever the number enrolled
    # (false-positive identification rate). The default is the server's setting `search.target_fpir`. Refused beside a
    # claim.
    target_fpir: NotRequired[float]
    # Add what a person who reviews the verdict looks at, under `review` of each face: the outlines of the face and of
    # its features, and the nearest references. Changes no verdict.
    review: NotRequired[bool]


# Which cases are listed.
class CaseFilters(TypedDict):
    # Only cases with this verdict.
    verdict: NotRequired[Verdict]
    # Only cases about this identity.
    identity: NotRequired[IdentityId]
    # Only cases made at this time or later (RFC 3339).
    from_: NotRequired[str]
    # Only cases made before this time (RFC 3339).
    to: NotRequired[str]
    # Only cases whose latest decision is this; `open`: those without any.
    decision: NotRequired[Literal["open", "confirmed", "overturned", "unsure"]]
    # Only cases that the API key with this id asked for.
    key: NotRequired[str]


# Something that limits how far a verdict carries.
Limit = (
    IncompleteImageLimit
    | OccludedLimit
    | QualityLimit
    | BetweenThresholdsLimit
    | UnstableLimit
    | NoColourLimit
    | UncertainIdentityLimit
    | SuspiciousCompanionLimit
    | FewReferencesLimit
)
