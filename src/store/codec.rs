//! The stored form of a template: one byte of format, eight bytes of SHA-256 over what follows, then postcard: the
//! number of the set of networks that made the embeddings, and the template. Vectors of networks that are no longer
//! used are left out when it is read; the record keeps them.
//!
//! postcard writes no names: adding, removing or moving a field of [`Template`] changes the meaning of every byte
//! behind it. Such a change needs a new format byte and a reader for the old one; the test `formats_are_frozen` fails
//! until then. The sum catches bytes that rotted on disk, which would otherwise be read as another face.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::face::{BoundingBox, Pose, Quality};
use crate::template::{
    AttributeVector, Demographics, Embedding, Embeddings, Expression, FaceHash, NETWORKS, Parts, Template,
};

/// The format that is written. Older ones are read too: format 1 has neither hash nor parts, format 2 no parts, up to
/// format 3 no number of networks (they are of the first set), and up to format 4 no occlusion.
const FORMAT: u8 = 5;
const SUM: usize = 8;

/// Why bytes are not a template. The texts reveal nothing of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// Too few bytes.
    #[error("the record is cut short")]
    CutShort,
    /// A newer faceward wrote it.
    #[error(
        "it has format {found}, and this faceward reads formats 1 to {FORMAT}: run the newer faceward that wrote it"
    )]
    UnknownFormat {
        /// The format byte.
        found: u8,
    },
    /// The bytes changed after they were written.
    #[error("its checksum does not match: the bytes on disk have changed")]
    Checksum,
    /// The checksum matches, but the content is not a template.
    #[error("its content is not a template")]
    Content,
}

/// The stored form of `template`.
///
/// # Errors
/// [`CodecError::Content`]; never for a template that faceward made.
pub fn encode_template(template: &Template) -> Result<Vec<u8>, CodecError> {
    let body = postcard::to_stdvec(&(NETWORKS, template)).map_err(|_| CodecError::Content)?;
    let mut record = Vec::with_capacity(1 + SUM + body.len());
    record.push(FORMAT);
    record.extend_from_slice(&sum(&body));
    record.extend_from_slice(&body);
    Ok(record)
}

/// The template that [`encode_template`] wrote.
///
/// # Errors
/// [`CodecError`] on any other bytes.
pub fn decode_template(record: &[u8]) -> Result<Template, CodecError> {
    decode(record, Embedding::since)
}

/// As [`decode_template`], with the first set of networks from which on the vectors of each embedding are of use.
fn decode(record: &[u8], since: impl Fn(Embedding) -> u8) -> Result<Template, CodecError> {
    let (&format, rest) = record.split_first().ok_or(CodecError::CutShort)?;
    if !(1..=FORMAT).contains(&format) {
        return Err(CodecError::UnknownFormat { found: format });
    }
    let (expected, body) = rest.split_at_checked(SUM).ok_or(CodecError::CutShort)?;
    if sum(body) != expected {
        return Err(CodecError::Checksum);
    }
    let (networks, template): (u8, Template) = match format {
        1 => (1, content::<TemplateV1>(body)?.into()),
        2 => (1, content::<TemplateV2>(body)?.into()),
        3 => (1, content::<TemplateV3>(body)?.into()),
        4 => {
            let (networks, template): (u8, TemplateV3) = content(body)?;
            (networks, template.into())
        }
        _ => content(body)?,
    };
    let embeddings = template.embeddings.only(|e| networks >= since(e));
    // The parts are vectors of embedding B.
    let parts = template.parts.filter(|_| networks >= since(Embedding::B));
    Ok(Template { embeddings, parts, ..template })
}

fn content<T: DeserializeOwned>(body: &[u8]) -> Result<T, CodecError> {
    match postcard::take_from_bytes(body) {
        Ok((template, [])) => Ok(template),
        _ => Err(CodecError::Content),
    }
}

/// A record of format 1.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct TemplateV1 {
    embeddings: Embeddings,
    attributes: AttributeVector,
    demographics: Demographics,
    expression: Expression,
    pose: Pose,
    quality: Quality,
    bbox: BoundingBox,
}

impl From<TemplateV1> for Template {
    fn from(old: TemplateV1) -> Self {
        let TemplateV1 { embeddings, attributes, demographics, expression, pose, quality, bbox } = old;
        let (hash, parts, occlusion) = (None, None, None);
        Self { embeddings, attributes, demographics, expression, pose, quality, bbox, hash, parts, occlusion }
    }
}

/// A record of format 2.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct TemplateV2 {
    common: TemplateV1,
    hash: Option<FaceHash>,
}

impl From<TemplateV2> for Template {
    fn from(old: TemplateV2) -> Self {
        Self { hash: old.hash, ..old.common.into() }
    }
}

/// A record of format 3; in format 4 the number of networks comes before it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
struct TemplateV3 {
    before: TemplateV2,
    parts: Option<Parts>,
}

impl From<TemplateV3> for Template {
    fn from(old: TemplateV3) -> Self {
        Self { parts: old.parts, ..old.before.into() }
    }
}

fn sum(body: &[u8]) -> [u8; SUM] {
    let mut sum = [0; SUM];
    sum.copy_from_slice(&Sha256::digest(body)[..SUM]);
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::Occlusion;
    use crate::store::fixtures;
    use proptest::prelude::*;

    /// The record of `template` in format 1.
    fn of_format_1(template: &Template) -> Vec<u8> {
        let Template { embeddings, attributes, demographics, expression, pose, quality, bbox, .. } = template.clone();
        let old = TemplateV1 { embeddings, attributes, demographics, expression, pose, quality, bbox };
        let body = postcard::to_stdvec(&old).unwrap();
        [&[1][..], &sum(&body), &body].concat()
    }

    /// The record of `template` in format 2.
    fn of_format_2(template: &Template) -> Vec<u8> {
        let Template { embeddings, attributes, demographics, expression, pose, quality, bbox, hash, .. } =
            template.clone();
        let common = TemplateV1 { embeddings, attributes, demographics, expression, pose, quality, bbox };
        let body = postcard::to_stdvec(&TemplateV2 { common, hash }).unwrap();
        [&[2][..], &sum(&body), &body].concat()
    }

    /// The record of `template` in format 3.
    fn of_format_3(template: &Template) -> Vec<u8> {
        let body = postcard::to_stdvec(&third(template)).unwrap();
        [&[3][..], &sum(&body), &body].concat()
    }

    /// The record of `template` in format 4, of the third set of networks.
    fn of_format_4(template: &Template) -> Vec<u8> {
        let body = postcard::to_stdvec(&(3u8, third(template))).unwrap();
        [&[4][..], &sum(&body), &body].concat()
    }

    fn third(template: &Template) -> TemplateV3 {
        let Template { embeddings, attributes, demographics, expression, pose, quality, bbox, hash, parts, .. } =
            template.clone();
        let common = TemplateV1 { embeddings, attributes, demographics, expression, pose, quality, bbox };
        TemplateV3 { before: TemplateV2 { common, hash }, parts }
    }

    fn vector(n: u16) -> Vec<f32> {
        (0..n).map(|i| f32::from(i * 37 % 257) / 128.0 - 1.0).collect()
    }

    /// A template of the size that the first networks made, with values from a formula: the frozen sums must not change
    /// with a generator, or with a further network.
    fn plain() -> Template {
        Template {
            embeddings: Embeddings::of_earlier(vec![vector(1024), vector(128), vector(256)]),
            attributes: AttributeVector::new(vector(40).into_iter().map(|v| (v > -0.5).then_some(v)).collect()),
            parts: Some(Parts::new([vector(128), vector(128), vector(128)])),
            occlusion: Some(Occlusion::new([0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 1.0])),
            ..fixtures::template(7)
        }
    }

    #[test]
    fn formats_are_frozen() {
        let template = plain();
        let old = of_format_1(&template);
        let digest = |record: &[u8]| (record.len(), hex::encode(Sha256::digest(record)));
        let frozen = "44e15d9a1dd7ce963a96e00cb60966c99c82f46fb4b7ed2a7c4aecde56bb257e";
        assert_eq!(digest(&old), (5888, frozen.to_owned()));
        assert_eq!(decode(&old, |_| 1), Ok(Template { hash: None, parts: None, occlusion: None, ..template.clone() }));
        let old = of_format_2(&template);
        let frozen = "17435e3ed598cdde292afcab3e606c23cb3b5c657cadb3d14d4bb81877c373f9";
        assert_eq!(digest(&old), (5921, frozen.to_owned()));
        assert_eq!(decode(&old, |_| 1), Ok(Template { parts: None, occlusion: None, ..template.clone() }));
        let old = of_format_3(&template);
        let frozen = "18376a83383d0d05bde10002eb1cd080e26f14cae26fb88c298ce4df7846fe1f";
        assert_eq!(digest(&old), (7465, frozen.to_owned()));
        assert_eq!(decode(&old, |_| 1), Ok(Template { occlusion: None, ..template.clone() }));
        let old = of_format_4(&template);
        let frozen = "74290f5dfc0e9e803ca3bd8e90522dcc5e5fc90ba2cb940a5dc0899c51c98ac7";
        assert_eq!(digest(&old), (7466, frozen.to_owned()));
        assert_eq!(decode(&old, |_| 1), Ok(Template { occlusion: None, ..template.clone() }));
        let frozen = "d430da3b4644f508b602364f99e1c43a490401f1e691eb2e30f4672ac86c5a23";
        assert_eq!(
            digest(&encode_template(&template).unwrap()),
            (7499, frozen.to_owned()),
            "the stored form of a template has changed: raise FORMAT, keep a reader for the old format, and only then \
             renew this figure (docs/store.md, \"Changing what a template holds\")"
        );
    }

    #[test]
    fn vectors_of_a_network_that_was_replaced_are_left_out() {
        let embeddings = Embeddings::new([vector(1024), vector(128), vector(256), vector(512)]);
        let template = Template { embeddings, ..plain() };
        assert!(!template.is_outdated());
        let replaced = |which: Embedding| move |e: Embedding| if e == which { NETWORKS + 1 } else { 1 };
        for record in [
            of_format_1(&template),
            of_format_3(&template),
            of_format_4(&template),
            encode_template(&template).unwrap(),
        ] {
            let read = decode(&record, replaced(Embedding::C)).unwrap();
            assert!(read.is_outdated() && read.embeddings.get(Embedding::C).is_empty());
            for e in [Embedding::A, Embedding::B] {
                assert_eq!(read.embeddings.get(e), template.embeddings.get(e));
            }
            assert_eq!(read.parts, decode_template(&record).unwrap().parts);
            assert_eq!(decode(&record, replaced(Embedding::B)).unwrap().parts, None, "parts are of embedding B");
        }
    }

    #[test]
    fn each_kind_of_damage_is_named() {
        let good = encode_template(&fixtures::template(1)).unwrap();
        assert_eq!(decode_template(&[]), Err(CodecError::CutShort));
        assert_eq!(decode_template(&good[..5]), Err(CodecError::CutShort));
        assert_eq!(decode_template(&good[..good.len() - 1]), Err(CodecError::Checksum));
        let mut newer = good.clone();
        newer[0] = FORMAT + 1;
        assert_eq!(decode_template(&newer), Err(CodecError::UnknownFormat { found: FORMAT + 1 }));
        for at in [1, 9, good.len() / 2, good.len() - 1] {
            let mut flipped = good.clone();
            flipped[at] ^= 4;
            assert_eq!(decode_template(&flipped), Err(CodecError::Checksum), "byte {at}");
        }
        let mut trailing = good[9..].to_vec();
        trailing.push(0);
        assert_eq!(decode_template(&signed(&trailing)), Err(CodecError::Content));
    }

    /// `body` with a valid format byte and sum, so that tests reach what is behind them.
    fn signed(body: &[u8]) -> Vec<u8> {
        [&[FORMAT][..], &sum(body), body].concat()
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(decode_template(&bytes).is_err());
            let _ = decode_template(&signed(&bytes)); // may be a template by chance; must not panic
        }

        #[test]
        fn lengths_beyond_the_bytes_do_not_allocate(
            lead in prop::collection::vec(128u8..=255, 1..10),
            tail in any::<[u8; 8]>(),
        ) {
            let _ = decode_template(&signed(&[&lead[..], &tail].concat()));
        }

        #[test]
        fn what_is_written_is_read(
            a in prop::collection::vec(-1f32..1.0, 0..40),
            b in prop::collection::vec(-1f32..1.0, 0..40),
            values in prop::collection::vec(prop::option::of(-1e9f32..1e9), 0..60),
            age in 0f32..100.0,
            seed in any::<u32>(),
        ) {
            let mut template = fixtures::template(seed);
            template.embeddings = Embeddings::new([a, b, vec![1.0], vec![1.0]]);
            template.attributes = AttributeVector::new(values);
            template.demographics.age = age;
            let record = encode_template(&template).unwrap();
            prop_assert_eq!(decode_template(&record), Ok(template));
        }
    }
}
