//! What only the shared store does; the tests of both stores are in `store/tests`.

mod erasure;
mod following;
mod opening;

use std::path::Path;

use tokio_postgres::{Client, NoTls, Row};

use super::runtime::Runtime;
use super::{PostgresStore, PostgresUrl};
use crate::vault::MasterKeySource;

/// The server on which the tests make databases of their own.
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

/// A database of one test, dropped with it.
pub(in crate::store) struct Database {
    runtime: Runtime,
    name: String,
    server: String,
}

/// An empty database; `None`, and how to get one, where there is no server.
pub(in crate::store) fn database() -> Option<Database> {
    let server = std::env::var("FACEWARD_TEST_POSTGRES").unwrap_or_else(|_| DEFAULT.to_owned());
    let runtime = Runtime::start().unwrap();
    match runtime.wait(connect(&server)) {
        Ok(client) => {
            let name = format!("faceward_test_{}", uuid::Uuid::now_v7().simple());
            let sql = format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C.UTF-8'");
            runtime.wait(client.batch_execute(&sql)).unwrap();
            Some(Database { runtime, name, server })
        }
        Err(e) => {
            let said = format!(
                "no PostgreSQL answers at {} ({}): start one, or name it by FACEWARD_TEST_POSTGRES",
                server.parse::<PostgresUrl>().unwrap(),
                super::fault::detail(&e)
            );
            assert!(std::env::var("FACEWARD_REQUIRE_SERVICES").as_deref() != Ok("1"), "{said}");
            println!("skipped: {said}");
            None
        }
    }
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Database {
    pub(in crate::store) fn url(&self) -> PostgresUrl {
        self.url_text().parse().unwrap()
    }

    fn url_text(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').unwrap();
        format!("{base}/{}", self.name)
    }

    fn client(&self) -> Client {
        let client = self.runtime.wait(connect(&self.url_text())).unwrap();
        self.runtime.wait(client.batch_execute("SET search_path = faceward")).unwrap();
        client
    }

    /// Runs statements on a connection of their own.
    pub(in crate::store) fn run(&self, sql: &str) {
        self.runtime.wait(self.client().batch_execute(sql)).unwrap();
    }

    fn row(&self, sql: &str) -> Row {
        self.runtime.wait(self.client().query_one(sql, &[])).unwrap()
    }

    /// The store in it; made where there is none.
    fn open(&self, dir: &Path) -> PostgresStore {
        PostgresStore::open(&self.url(), dir, &MasterKeySource::Beside, true).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let client = self.runtime.wait(connect(&self.server)).unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        self.runtime.wait(client.batch_execute(&drop)).unwrap();
    }
}
