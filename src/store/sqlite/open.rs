//! Opening: the folder and its lock, the checks of the file, and the migrations of its schema.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::fault::Fault;
use super::scrub;
use super::sealing;
use crate::store::sealing::Vault;
use crate::store::{StoreError, StoreResult};
use crate::vault::{MasterKey, MasterKeySource, settle};

/// `fwrd`: marks a `SQLite` file as a faceward database.
pub(super) const APPLICATION_ID: i32 = 0x6677_7264;

/// Each migration with the version that it leads to. Never change a released one: append.
const MIGRATIONS: [(i64, &str); 6] = [
    (1, include_str!("migrations/0001_initial.sql")),
    (2, include_str!("migrations/0002_sealed.sql")),
    (KEYED, include_str!("migrations/0003_images.sql")),
    (4, include_str!("migrations/0004_targets.sql")),
    (5, include_str!("migrations/0005_search.sql")),
    (6, include_str!("migrations/0006_cases.sql")),
];

/// From this version on templates are sealed.
const SEALED: i64 = 2;

/// From this version on the hashes of API keys are keyed.
const KEYED: i64 = 3;

/// The database file in its folder.
pub(super) const DATABASE: &str = "faceward.db";

/// The schema version that this faceward writes.
pub(super) const SCHEMA: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// How long to wait for another program, such as a backup, to release the file.
const BUSY: Duration = Duration::from_secs(5);

/// Settings of every connection before it reads or writes a row.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cell_size_check = ON;
";

/// A data folder that this process holds.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    pub(super) database: PathBuf,
    /// Locked for as long as it is open; holds the process id, for the error that others get.
    lock: File,
    lock_path: PathBuf,
}

/// Attempts to take the lock, and the pause between two.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// Takes a lock, with patience: while its last holder starts a child process, the child inherits the lock until it
/// executes another program. Whoever restarts a server should not fail on that.
fn patiently(try_lock: impl Fn() -> Result<(), TryLockError>) -> Result<(), TryLockError> {
    for _ in 1..TRIES {
        match try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
    try_lock()
}

impl Folder {
    /// Creates the folder where it is missing, and locks it.
    pub(super) fn claim(dir: &Path) -> StoreResult<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir).map_err(io("create the data folder", dir))?;

        let lock_path = dir.join("LOCK");
        let mut options = OpenOptions::new();
        let mut lock = private(options.read(true).write(true).create(true).truncate(false))
            .open(&lock_path)
            .map_err(io("open", &lock_path))?;
        match patiently(|| lock.try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let holder = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(StoreError::DataDirInUse { dir: dir.to_path_buf(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(io("lock", &lock_path)(source)),
        }
        let folder = Self { dir: dir.to_path_buf(), database: dir.join(DATABASE), lock, lock_path };
        folder.sign()?;
        Ok(folder)
    }

    /// Writes the process id into the lock file.
    fn sign(&self) -> StoreResult<()> {
        let text = format!("{}\n", std::process::id());
        let mut file = &self.lock;
        let written = file.rewind().and_then(|()| file.write_all(text.as_bytes()));
        written.and_then(|()| file.set_len(text.len() as u64)).map_err(io("write to", &self.lock_path))
    }

    /// Whether the folder still exists and is writable.
    pub(super) fn check(&self) -> StoreResult<()> {
        self.database.metadata().map_err(io("find", &self.database))?;
        self.sign()
    }
}

/// The database of `folder`, created where it is missing: checked, migrated, erasures completed. With the keys of its
/// rows.
pub(super) fn database(folder: &Folder, source: &MasterKeySource) -> StoreResult<(Connection, Vault)> {
    let path = &folder.database;
    match File::open(path) {
        Ok(file) => recognise(file, path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => create(path, &settle(source, &folder.dir, None)?)?,
        Err(error) => return Err(io("open", path)(error)),
    }
    let mut connection = connect(path)?;
    let checked =
        verify(&connection).and_then(|()| known(&connection, path)).and_then(|_| sealing::needed(&connection));
    let master = settle(source, &folder.dir, checked.map_err(|fault| fault.at(path))?)?;
    migrate(&mut connection, path, &master).map_err(|fault| fault.at(path))?;
    let vault = sealing::open(&connection, master).map_err(|fault| fault.at(path))?;
    scrub::finish(&connection, path)?;
    scrub::empty_log(&connection).map_err(|error| Fault::from(error).at(path))?;
    Ok((connection, vault))
}

/// Whether the folder `dir` has a store, be it a damaged one.
pub fn holds_store(dir: &Path) -> bool {
    let database = dir.join(DATABASE);
    [log_of(&database), database].iter().any(|path| path.symlink_metadata().is_ok())
}

/// Refuses a file that is not a faceward database, before `SQLite` may change it.
fn recognise(mut file: File, path: &Path) -> StoreResult<()> {
    let refuse = |detail: &str| Err(StoreError::NotAStore { path: path.to_path_buf(), detail: detail.to_owned() });
    let mut header = [0; 100];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return refuse("it is empty or cut short"),
        Err(error) => return Err(io("read", path)(error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return refuse("it is not an SQLite file");
    }
    if header[68..72] != APPLICATION_ID.to_be_bytes() {
        return refuse("it is the SQLite file of another program");
    }
    // SQLite reads missing bytes of the last page as zeros. While there is a log, the file may lag behind it.
    let logged = log_of(path).metadata().is_ok_and(|log| log.len() > 0);
    let length = file.metadata().map_err(io("read", path))?.len();
    let expected = expected_length(&header);
    if !logged && length < expected {
        let detail = format!("it is cut short: {length} of {expected} bytes");
        return Err(StoreError::Corrupted { path: path.to_path_buf(), detail });
    }
    Ok(())
}

/// Bytes of the whole file by its header: the page size at 16 (1 stands for 65536), the number of pages at 28
/// (<https://www.sqlite.org/fileformat2.html#the_database_header>).
fn expected_length(header: &[u8; 100]) -> u64 {
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    page * u64::from(u32::from_be_bytes([header[28], header[29], header[30], header[31]]))
}

/// The write-ahead log of the database at `path`.
fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// Creates an empty database in a draft file and renames it when it is whole, so that an empty or half-made
/// `faceward.db` always is damage.
fn create(path: &Path, master: &MasterKey) -> StoreResult<()> {
    let log = log_of(path);
    if log.exists() {
        let detail = format!("it is missing, but its log {} exists", log.display());
        return Err(StoreError::Corrupted { path: path.to_path_buf(), detail });
    }
    let draft = path.with_extension("db.new");
    for leftover in [draft.clone(), path.with_extension("db.new-journal")] {
        match std::fs::remove_file(&leftover) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("remove", &leftover)(error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    private(options.write(true).create_new(true)).open(&draft).map_err(io("create", &draft))?;
    let fill = || -> Result<(), Fault> {
        let mut connection = Connection::open_with_flags(&draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        migrate(&mut connection, &draft, master)?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(())
    };
    fill().map_err(|fault| fault.at(&draft))?;
    std::fs::rename(&draft, path).map_err(io("create", path))?;
    sync_folder(path)
}

/// Flushes the renaming to disk.
fn sync_folder(path: &Path) -> StoreResult<()> {
    #[cfg(unix)]
    if let Some(dir) = path.parent() {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("flush", dir))?;
    }
    let _ = path;
    Ok(())
}

pub(super) fn connect(path: &Path) -> StoreResult<Connection> {
    let open = || -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.execute_batch(SETTINGS)?;
        Ok(connection)
    };
    open().map_err(|fault| fault.at(path))
}

/// Checks every page and row of the file.
pub(super) fn verify(connection: &Connection) -> Result<(), Fault> {
    let finding: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if finding == "ok" {
        return Ok(());
    }
    let path = connection.path().map(PathBuf::from).unwrap_or_default();
    Err(StoreError::Corrupted { path, detail: finding.replace('\n', " ") }.into())
}

/// The version of the schema; an error where it is newer than this faceward.
fn known(connection: &Connection, path: &Path) -> Result<i64, Fault> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if (0..=SCHEMA).contains(&found) {
        return Ok(found);
    }
    Err(StoreError::NewerSchema { path: path.to_path_buf(), found, known: SCHEMA }.into())
}

/// Migrates the schema to [`SCHEMA`], each step in its own transaction.
fn migrate(connection: &mut Connection, path: &Path, master: &MasterKey) -> Result<(), Fault> {
    let found = known(connection, path)?;
    for (version, sql) in MIGRATIONS.into_iter().filter(|(version, _)| *version > found) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        if version == SEALED {
            sealing::create(&tx, master)?;
            // Templates in clear must not stay in the file.
            scrub::demand(&tx)?;
        }
        if version == KEYED {
            sealing::hash_keys(&tx, master)?;
        }
        tx.pragma_update(None, "user_version", version)?;
        tx.commit()?;
    }
    Ok(())
}

/// Creates an empty file that only its owner can read; fails where it exists.
pub(super) fn make_private(path: &Path) -> StoreResult<()> {
    let mut options = OpenOptions::new();
    private(options.write(true).create_new(true)).open(path).map_err(io("create", path)).map(|_| ())
}

/// Creates files that only their owner can read.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> StoreError + 'a {
    move |source| StoreError::Io { action, path: path.to_path_buf(), source }
}
