//! TLS to the database, with the certificates that the system trusts or those of a file.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::url::PostgresUrl;
use crate::store::StoreError;

/// What sets up TLS. It trusts nobody where connections are in clear.
pub(super) fn connector(url: &PostgresUrl) -> Result<MakeRustlsConnect, StoreError> {
    let failed = |detail: String| StoreError::Unreachable { server: url.to_string(), detail };
    let mut roots = RootCertStore::empty();
    if let Some(file) = url.authorities() {
        let named = |e: &dyn std::fmt::Display| failed(format!("`{}`: {e}; give a PEM file", file.display()));
        for certificate in CertificateDer::pem_file_iter(file).map_err(|e| named(&e))? {
            roots.add(certificate.map_err(|e| named(&e))?).map_err(|e| named(&e))?;
        }
        if roots.is_empty() {
            return Err(named(&"it holds no certificate"));
        }
    } else if url.is_encrypted() {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let said = found.errors.first().map_or_else(String::new, |e| format!(" ({e})"));
            return Err(failed(format!("the system trusts no certificate authority{said}: name one by `sslrootcert`")));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
