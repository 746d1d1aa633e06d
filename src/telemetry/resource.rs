//! Who sends: the attributes of the service, with what the standard variables add.

use super::span::{Value, attribute};
use super::wire;

/// The name of the service unless `OTEL_SERVICE_NAME` gives another.
const NAME: &str = "faceward";

/// The attributes of the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource(Vec<(String, String)>);

impl Resource {
    /// This program at `version`. `variable` reads the environment: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
    pub fn of(version: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
        let mut all = vec![("service.name".to_owned(), NAME.to_owned())];
        all.push(("service.version".to_owned(), version.to_owned()));
        for (key, value) in pairs(&given("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default()) {
            set(&mut all, &key, value);
        }
        if let Some(name) = given("OTEL_SERVICE_NAME") {
            set(&mut all, "service.name", name);
        }
        Self(all)
    }

    pub(super) fn message(&self) -> wire::Resource {
        let attributes = self.0.iter().map(|(key, value)| attribute(key, Value::Text(value.clone()))).collect();
        wire::Resource { attributes }
    }
}

fn set(all: &mut Vec<(String, String)>, key: &str, value: String) {
    match all.iter_mut().find(|(known, _)| known == key) {
        Some((_, old)) => *old = value,
        None => all.push((key.to_owned(), value)),
    }
}

/// The pairs of a list such as `key1=value1,key2=value2`, whose values are percent-encoded, as the standard variables
/// have them. What is not a pair is passed over.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let key = key.trim();
        (!key.is_empty()).then(|| (key.to_owned(), decoded(value.trim())))
    };
    text.split(',').filter_map(pair).collect()
}

/// The text with `%XX` replaced by its byte.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let mut byte = [0];
        match (first, after.get(..2)) {
            (b'%', Some(digits)) if hex::decode_to_slice(digits, &mut byte).is_ok() => {
                bytes.push(byte[0]);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_add_and_replace_attributes() {
        let none = Resource::of("1.2.3", |_| None);
        let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(none.0, [text("service.name", "faceward"), text("service.version", "1.2.3")]);
        let named = Resource::of("1.2.3", |name| match name {
            "OTEL_SERVICE_NAME" => Some("moderation".into()),
            "OTEL_RESOURCE_ATTRIBUTES" => Some("deployment.environment.name=test%20one, service.name=x,odd".into()),
            _ => None,
        });
        assert!(named.0.contains(&text("service.name", "moderation")));
        assert!(named.0.contains(&text("deployment.environment.name", "test one")) && named.0.len() == 3);
        assert_eq!(pairs("a=b=c,=d,%=%4"), [text("a", "b=c"), text("%", "%4")]);
    }
}
