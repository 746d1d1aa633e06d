//! A `PostgreSQL` database of one test.

use tokio_postgres::{Client, NoTls};

/// The server on which the tests make databases of their own.
const DEFAULT: &str = "postgres://postgres@127.0.0.1:5432/test";

/// Dropped with its test.
pub(crate) struct Database {
    runtime: tokio::runtime::Runtime,
    server: String,
    pub(crate) name: String,
    /// For `--store`.
    pub(crate) url: String,
}

impl Database {
    /// An empty database; `None`, and how to get one, where there is no server.
    #[allow(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(crate) fn new() -> Option<Self> {
        let server = std::env::var("FACEWARD_TEST_POSTGRES").unwrap_or_else(|_| DEFAULT.to_owned());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        match runtime.block_on(connect(&server)) {
            Ok(client) => {
                let unique = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
                let name = format!("faceward_test_{}_{unique}", std::process::id());
                let sql = format!("CREATE DATABASE {name} TEMPLATE template0 LOCALE 'C.UTF-8'");
                runtime.block_on(client.batch_execute(&sql)).unwrap();
                let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
                Some(Self { runtime, server, name, url })
            }
            Err(e) => {
                assert!(std::env::var("FACEWARD_REQUIRE_SERVICES").as_deref() != Ok("1"), "no PostgreSQL answers: {e}");
                println!("skipped: no PostgreSQL answers ({e}): start one, or name it by FACEWARD_TEST_POSTGRES");
                None
            }
        }
    }

    /// Runs statements on another database of the server.
    pub(crate) fn administer(&self, sql: &str) {
        self.runtime.block_on(async {
            connect(&self.server).await.unwrap().batch_execute(sql).await.unwrap();
        });
    }

    /// Ends every connection of faceward to the database.
    pub(crate) fn cut(&self) {
        self.administer(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

impl Drop for Database {
    fn drop(&mut self) {
        self.administer(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}
