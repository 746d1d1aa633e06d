//! TLS, for a server without a proxy in front of it that terminates TLS.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

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
}

impl TlsFiles {
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
