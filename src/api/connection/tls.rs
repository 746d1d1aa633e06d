//! TLS, for a server without a proxy in front of it that terminates TLS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::TlsAcceptor;
use webpki::{EndEntityCert, KeyUsage};

/// The files of a certificate and its private key, both PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("`{}`: {source}; give a PEM file", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rustls::pki_types::pem::Error,
    },
    /// The certificate and the key do not belong together, or are not supported.
    #[error("the certificate and its key: {0}; check that they belong together")]
    Rustls(#[from] rustls::Error),
    /// The certificate cannot be read as that of a server.
    #[error("the certificate cannot be read ({0}): have it made again, of version 3")]
    Unread(String),
}

/// A second after the last that a certificate can name, the end of the year 9999.
const AFTER_ALL: u64 = 253_402_300_800;

/// Why nobody trusts the certificate at `time`, when no authority is known.
fn refusal(certificate: &EndEntityCert<'_>, time: UnixTime) -> Option<webpki::Error> {
    let usage = KeyUsage::server_auth();
    certificate.verify_for_usage(&[], &[], &[], time, usage, None, None).err()
}

/// What a server's certificate says of itself.
#[derive(Clone, Debug)]
pub struct CertificateFacts {
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// The DNS names that it is for.
    pub names: Vec<String>,
    /// Whether it signed itself: clients trust it only where they are told to.
    pub self_signed: bool,
    /// Whether it is marked as that of an authority (CA:TRUE): strict clients do not take it for a server's.
    pub authority: bool,
}

impl TlsFiles {
    /// Checks that the files can be used and belong together, whatever the date, and reads the certificate.
    ///
    /// # Errors
    /// A [`TlsError`].
    pub fn facts(&self) -> Result<CertificateFacts, TlsError> {
        self.acceptor()?;
        let pem = |source| TlsError::Pem { path: self.certificate.clone(), source };
        let der = CertificateDer::from_pem_file(&self.certificate).map_err(pem)?;
        let certificate = EndEntityCert::try_from(&der).map_err(|e| TlsError::Unread(e.to_string()))?;
        let unread = |e: &dyn std::fmt::Display| TlsError::Unread(e.to_string());
        // The verifier says until when a certificate is valid only where it refuses it.
        let at = |seconds| refusal(&certificate, UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        let time = |at: UnixTime| Timestamp::from_second(at.as_secs().cast_signed()).map_err(|e| unread(&e));
        let not_after = match at(AFTER_ALL) {
            Some(webpki::Error::CertExpired { not_after, .. }) => not_after,
            other => return Err(TlsError::Unread(other.map_or_else(String::new, |e| e.to_string()))),
        };
        let not_before = match at(0) {
            Some(webpki::Error::CertNotValidYet { not_before, .. }) => not_before,
            _ => UnixTime::since_unix_epoch(Duration::ZERO),
        };
        let authority = matches!(at(not_after.as_secs()), Some(webpki::Error::CaUsedAsEndEntity));
        Ok(CertificateFacts {
            not_before: time(not_before)?,
            not_after: time(not_after)?,
            names: certificate.valid_dns_names().map(str::to_owned).collect(),
            self_signed: certificate.issuer() == certificate.subject(),
            authority,
        })
    }

    /// Accepts TLS 1.2 and 1.3 with rustls' default cipher suites. Clients authenticate by API key, not by certificate.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let pem = |path: &PathBuf| {
            let path = path.clone();
            move |source| TlsError::Pem { path, source }
        };
        let chain = CertificateDer::pem_file_iter(&self.certificate).map_err(pem(&self.certificate))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(pem(&self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(pem(&self.key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
