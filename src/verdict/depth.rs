//! How closely a face is looked at.

use std::str::FromStr;

use serde::Deserialize;

/// How closely a face that depicts somebody is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// Without the image encoder: sooner, and more forgeries pass.
    Fast,
    /// With the image encoder wherever it can change the verdict.
    #[default]
    Thorough,
}

impl FromStr for Depth {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "fast" => Ok(Self::Fast),
            "thorough" => Ok(Self::Thorough),
            _ => Err(format!("unknown depth `{name}`: choose `fast` or `thorough`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!("fast".parse(), Ok(Depth::Fast));
        assert_eq!("thorough".parse(), Ok(Depth::default()));
        assert_eq!("deep".parse::<Depth>().unwrap_err(), "unknown depth `deep`: choose `fast` or `thorough`");
    }
}
