//! The URL of a `PostgreSQL` database: who connects where, and how the connection is protected.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// Waiting for a connection, and for the acknowledgement of what was sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Settings of every connection: where the tables are; an acknowledged write is on disk whatever the server's default;
/// nothing waits for ever; a process that stops in the middle of a write does not hold up the others for long; and no
/// time goes into compiling small statements, whose cost the planner overestimates for tables that were never analysed.
const OPTIONS: &str = "-c search_path=faceward -c synchronous_commit=on -c lock_timeout=5000 -c statement_timeout=10000 \
                       -c idle_in_transaction_session_timeout=10000 -c default_transaction_isolation=read\\ committed \
                       -c client_min_messages=warning -c jit=off";

/// A URL of the form `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETER=VALUE`. Printed without the password.
#[derive(Clone, PartialEq)]
pub struct PostgresUrl {
    config: Config,
    shown: String,
    encrypted: bool,
    local: bool,
    authorities: Option<PathBuf>,
}

/// Why a URL cannot be used. No text holds a password.
#[derive(Debug, thiserror::Error)]
pub enum PostgresUrlError {
    /// It is malformed.
    #[error("the URL of the database is malformed ({0}): give `postgres://USER@HOST:PORT/DATABASE`")]
    Malformed(String),
    /// No such mode, or one that does not protect what it seems to.
    #[error(
        "`sslmode={0}` cannot be used here: give `verify-full` (the default beyond loopback; `require` and `verify-ca` \
         mean the same), or `disable` to send templates and keys in clear"
    )]
    Mode(String),
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, PostgresUrlError> {
        let malformed = |detail: &str| PostgresUrlError::Malformed(detail.to_owned());
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut mode, mut authorities, mut passed, mut shown) = (None, None, Vec::new(), Vec::new());
        for parameter in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or_else(|| malformed("a parameter has no value"))?;
            match name {
                "sslmode" => mode = Some(value),
                "sslrootcert" => authorities = Some(decoded(value).ok_or_else(|| malformed("sslrootcert"))?.into()),
                _ => passed.push(parameter),
            }
            if name != "password" {
                shown.push(parameter);
            }
        }
        let url = if passed.is_empty() { base.to_owned() } else { format!("{base}?{}", passed.join("&")) };
        // Its error quotes no value but that of a parameter.
        let config: Config = url.parse().map_err(|e: tokio_postgres::Error| malformed(&super::fault::detail(&e)))?;
        let local = is_local(&config);
        let encrypted = match mode {
            None => !local,
            Some("disable") => false,
            Some("prefer" | "allow") if local => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(other) => return Err(PostgresUrlError::Mode(other.chars().take(40).collect())),
        };
        Ok(Self { config, shown: without_password(base, &shown), encrypted, local, authorities })
    }
}

impl PostgresUrl {
    /// What to connect with. A password that the URL does not have is taken from the variable `PGPASSWORD`.
    pub(super) fn config(&self) -> Config {
        let mut config = self.config.clone();
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        let options = config.get_options().map_or_else(|| OPTIONS.to_owned(), |own| format!("{own} {OPTIONS}"));
        config.options(options);
        config.ssl_mode(if self.encrypted { SslMode::Require } else { SslMode::Disable });
        if config.get_application_name().is_none() {
            config.application_name("faceward");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(PATIENCE);
        }
        config
    }

    /// The file with the certificate authorities to trust instead of the system's.
    pub(super) fn authorities(&self) -> Option<&PathBuf> {
        self.authorities.as_ref()
    }

    /// Whether connections are encrypted, and the server's certificate checked.
    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Whether what is sent in clear can be read on the way.
    pub fn is_exposed(&self) -> bool {
        !self.encrypted && !self.local
    }
}

/// Without the password.
impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({self})")
    }
}

/// Whether every host is this machine.
fn is_local(config: &Config) -> bool {
    let loopback = |text: &str| {
        let bare = text.trim_matches(['[', ']']);
        bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    };
    let hosts = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => loopback(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    hosts && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn without_password(base: &str, parameters: &[&str]) -> String {
    let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let authority = authority.rsplit_once('@').map_or_else(
        || authority.to_owned(),
        |(user, hosts)| format!("{}@{hosts}", user.split_once(':').map_or(user, |(name, _)| name)),
    );
    let path = path.map_or_else(String::new, |path| format!("/{path}"));
    let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
    format!("{scheme}://{authority}{path}{query}")
}

/// A value with its percent codes replaced; `None` where they are malformed.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_password_is_never_shown() {
        for text in [
            "postgres://jane:s3cret@db.example:5433/faces?application_name=x",
            "postgres://jane:s3%40cret@db.example/faces?password=s3cret",
            "postgresql://jane:s3cret@a,b:2/faces?sslmode=disable",
        ] {
            let it = url(text);
            let said = format!("{it} {it:?} {:?}", crate::store::StoreChoice::Postgres(Box::new(it.clone())));
            assert!(!said.contains("s3") && said.contains("jane@") && said.contains("/faces"), "{said}");
            assert_eq!(url(&it.to_string()).to_string(), it.to_string());
        }
        for wrong in
            ["postgres://jane:s3cret@h:port/d", "postgres://jane:s3cret@h/d?x=s3cret", "postgres://j:s3cret@h/d?x"]
        {
            let said = wrong.parse::<PostgresUrl>().unwrap_err().to_string();
            assert!(!said.contains("s3cret") && said.contains("postgres://USER@HOST"), "{said}");
        }
    }

    #[test]
    fn beyond_loopback_connections_are_encrypted_unless_that_is_turned_off() {
        let of = |text: &str| {
            let it = url(text);
            (it.encrypted, it.is_exposed())
        };
        for local in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:1/d",
            "postgres://u@[::1]/d",
            "postgres:///d?host=/run",
        ] {
            assert_eq!(of(local), (false, false), "{local}");
        }
        assert_eq!(of("postgres://u@db.example/d"), (true, false));
        assert_eq!(of("postgres://u@localhost,db.example/d"), (true, false));
        assert_eq!(of("postgres://u@localhost/d?sslmode=verify-full"), (true, false));
        assert_eq!(of("postgres://u@db.example/d?sslmode=disable"), (false, true));
        for refused in ["postgres://u@db.example/d?sslmode=prefer", "postgres://u@localhost/d?sslmode=yes"] {
            assert!(matches!(refused.parse::<PostgresUrl>(), Err(PostgresUrlError::Mode(_))), "{refused}");
        }
        let authorities = url("postgres://u@h/d?sslrootcert=/etc/my%20ca.pem&sslmode=require").authorities;
        assert_eq!(authorities, Some(PathBuf::from("/etc/my ca.pem")));
    }

    #[test]
    fn every_connection_has_the_settings_of_the_store() {
        let config = url("postgres://u@localhost/d?options=-c%20work_mem%3D8MB").config();
        assert!(config.get_options().unwrap().starts_with("-c work_mem=8MB -c search_path=faceward"));
        assert_eq!((config.get_application_name(), config.get_ssl_mode()), (Some("faceward"), SslMode::Disable));
    }
}
