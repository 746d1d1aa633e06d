//! The store in a database that several servers share.

use faceward::audit;
use faceward::config::Settings;
use faceward::store::{KeyStore as _, PostgresStore, PostgresUrl, Store as _};
use faceward::vault::MasterKeySource;
use jiff::Timestamp;

use super::data::{
    AUDIT, CLOCK, FOLDER, KEYS, MASTER, STORE, api_keys, audit_log, folder, holder, master_key, unchecked,
};
use super::report::Report;
use crate::cli::open;

/// A store in a database; the data folder has the audit log beside it.
pub(super) fn check(
    report: &mut Report,
    settings: &Settings,
    url: &PostgresUrl,
    source: Result<MasterKeySource, String>,
) {
    let dir = settings.storage.data_dir.as_path();
    if dir.is_dir() {
        folder(report, dir, holder(dir));
    } else {
        let dir = open::plain(dir);
        report.warning(FOLDER, format!("there is no folder `{dir}` yet: `faceward serve` makes one for its audit log"));
    }
    let known = PostgresStore::SCHEMA;
    match PostgresStore::schema(url) {
        Err(e) => report.failed(STORE, e.to_string()),
        Ok(None) => report.failed(
            STORE,
            format!("there is no store in {url}: check --store, or start one server with --create, which makes it"),
        ),
        Ok(Some(found)) if found < known => report.warning(
            STORE,
            format!(
                "schema version {found}: the next start of this faceward ({}) makes it version {known}, which earlier ones \
                 refuse; take a backup first, and stop them",
                env!("CARGO_PKG_VERSION")
            ),
        ),
        Ok(Some(found)) if found > known => {
            report.failed(STORE, format!("schema version {found} is of a newer faceward: install that one here too"));
        }
        Ok(Some(_)) => {
            report.ok(STORE, format!("{url} answers, and its schema is this faceward's"));
            return opened(report, settings, url, source);
        }
    }
    unchecked(report, &[MASTER, KEYS, AUDIT, CLOCK], "needs the store");
}

fn opened(report: &mut Report, settings: &Settings, url: &PostgresUrl, source: Result<MasterKeySource, String>) {
    let dir = settings.storage.data_dir.as_path();
    let found = source.and_then(|source| {
        PostgresStore::open(url, dir, &source, false).map(|store| (store, source)).map_err(|e| e.to_string())
    });
    match found {
        Err(e) => {
            report.failed(MASTER, e);
            unchecked(report, &[KEYS, AUDIT, CLOCK], "needs the master key");
        }
        Ok((store, source)) => {
            master_key(report, dir, &source);
            match store.keys() {
                Ok(keys) => api_keys(report, &settings.server, &keys, Timestamp::now()),
                Err(e) => report.failed(KEYS, e.to_string()),
            }
            audit_log(report, audit::newest(dir, store.service_keys()).map_err(|e| e.to_string()));
        }
    }
}
