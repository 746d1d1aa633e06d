//! One setting: its three names, its range, and the macro that declares a table of settings.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use crate::inference::EngineKind;
use crate::store::{CasesKept, StoreChoice};
use crate::verdict::Depth;

/// The names under which an operator gives a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// In the file, with its table: `server.threads`.
    pub name: &'static str,
    /// On the command line, without the dashes: `threads`.
    pub flag: &'static str,
    /// In the environment: `FACEWARD_THREADS`.
    pub variable: &'static str,
}

/// A setting with its value.
#[derive(Clone, Debug)]
pub struct Row {
    /// The names.
    pub setting: Setting,
    /// The value as the file writes it; `None` if it is left out.
    pub value: Option<String>,
    /// The value, if it is a number.
    pub(super) number: Option<u64>,
    /// The numbers that are accepted.
    pub(super) range: Option<RangeInclusive<u64>>,
}

/// A type that a setting can have.
pub(super) trait Value {
    /// The type of a flag's value: without the `Option` of a setting that can be left out.
    type Given: Clone;
    fn from_given(given: Self::Given) -> Self;
    /// As the file writes it; `None` if it is left out.
    fn written(&self) -> Option<String>;
    fn number(&self) -> Option<u64> {
        None
    }
}

macro_rules! value {
    ($($type:ty, |$it:ident| $written:expr $(, $number:expr)?;)*) => {$(
        impl Value for $type {
            type Given = Self;
            fn from_given(given: Self) -> Self {
                given
            }
            fn written(&self) -> Option<String> {
                let $it = self;
                Some($written)
            }
            $(fn number(&self) -> Option<u64> {
                let $it = self;
                Some($number)
            })?
        }
    )*};
}

value! {
    bool, |it| it.to_string();
    u32, |it| it.to_string(), u64::from(*it);
    u64, |it| it.to_string(), *it;
    usize, |it| it.to_string(), *it as u64;
    f32, |it| it.to_string();
    SocketAddr, |it| quoted(&it.to_string());
    PathBuf, |it| quoted(&it.to_string_lossy());
    String, |it| quoted(it);
    StoreChoice, |it| quoted(&it.to_string());
    CasesKept, |it| quoted(it.name());
    Depth, |it| quoted(match it { Depth::Fast => "fast", Depth::Thorough => "thorough" });
    EngineKind, |it| quoted(match it { EngineKind::Tract => "tract", EngineKind::Ort => "ort" });
    Vec<u32>, |it| format!("{it:?}");
}

impl<T: Value<Given = T> + Clone> Value for Option<T> {
    type Given = T;
    fn from_given(given: T) -> Self {
        Some(given)
    }
    fn written(&self) -> Option<String> {
        self.as_ref().and_then(Value::written)
    }
    fn number(&self) -> Option<u64> {
        self.as_ref().and_then(Value::number)
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A value as a flag or a variable takes it.
pub(super) fn unquoted(written: &str) -> String {
    written.trim_matches(['[', ']', '"']).replace(", ", ",")
}

/// What a range asks for.
pub(super) fn bounds(range: &RangeInclusive<u64>) -> String {
    match (range.start(), range.end()) {
        (least, &UNBOUNDED) => format!("at least {least}"),
        (least, most) => format!("{least} to {most}"),
    }
}

/// The end of a range that only its type bounds.
pub(super) const UNBOUNDED: u64 = u32::MAX as u64;

/// The help of a flag: the setting's documentation, its name in the file, its range and its default.
pub(super) fn help(doc: &[&str], name: &str, range: Option<&RangeInclusive<u64>>, default: Option<String>) -> String {
    let text = doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let range = range.map_or_else(String::new, |r| format!(", {}", bounds(r)));
    let default = default.map_or_else(String::new, |d| format!(", default {}", unquoted(&d)));
    format!("{} [setting {name}{range}{default}]", text.trim_end_matches('.'))
}

/// Parses the number of a flag or a variable; [`Settings::check`](super::Settings::check) checks the range.
pub(super) fn number<T: FromStr>(range: &RangeInclusive<u64>) -> impl Fn(&str) -> Result<T, String> + Clone + use<T> {
    let advice = format!("give {}", bounds(range));
    move |text| text.parse().map_err(|_| advice.clone())
}

/// Declares a table of settings: the struct with its defaults, the flags that override it, and the rows for checking
/// and printing.
///
/// `field: Type = default, in range, as ("flag", "VARIABLE") [further attributes of the flag];`
macro_rules! table {
    (
        $(#[$meta:meta])*
        $table:literal, $name:ident, $flags:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty = $default:expr, $(in $range:expr,)?
                as ($flag:literal, $variable:literal) [$($arg:tt)*];
            )+
        }
    ) => {
        #[derive(Clone, Debug, PartialEq, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $(#[$meta])*
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $name {
            pub(super) fn rows(&self) -> Vec<Row> {
                vec![$(Row {
                    setting: Setting {
                        name: concat!($table, ".", stringify!($field)),
                        flag: $flag,
                        variable: $variable,
                    },
                    value: self.$field.written(),
                    number: self.$field.number(),
                    range: table!(@range $($range)?),
                },)+]
            }
        }

        #[doc = concat!("The flags and variables of the table `[", $table, "]`.")]
        #[derive(Clone, Debug, Default, clap::Args)]
        #[allow(clippy::struct_field_names, reason = "the names are those of the settings file")]
        pub struct $flags {
            $(#[arg(
                id = $flag,
                long = $flag,
                env = $variable,
                help = help(
                    &[$($doc),+],
                    concat!($table, ".", stringify!($field)),
                    table!(@range $($range)?).as_ref(),
                    Value::written(&{ let default: $type = $default; default }),
                ),
                $(value_parser = number::<<$type as Value>::Given>(&{ $range }),)?
                $($arg)*
            )]
            $field: Option<<$type as Value>::Given>,)+
        }

        impl $flags {
            pub(super) fn override_in(&self, settings: &mut $name) {
                $(if let Some(given) = &self.$field {
                    settings.$field = Value::from_given(given.clone());
                })+
            }
        }
    };
    (@range) => { None::<std::ops::RangeInclusive<u64>> };
    (@range $range:expr) => { Some($range) };
}
pub(super) use table;
