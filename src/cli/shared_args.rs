//! Arguments that commands share: the data folder with its master key, and the networks.

use std::path::{Path, PathBuf};

use faceward::config::{Models, Storage, StoreParser};
use faceward::imaging::DecodeLimits;
use faceward::inference::EngineKind;
use faceward::service::{RecordedService, RecordedStore, Service};
use faceward::store::StoreChoice;
use faceward::vault::MasterKeySource;
use faceward::verdict::Depth;

use super::master::MasterArgs;
use super::{Failure, open};

/// The data folder.
#[derive(clap::Args)]
pub(super) struct DataDir {
    /// Folder with the enrolled identities, the API keys and the audit log.
    #[arg(
        long,
        env = "FACEWARD_DATA_DIR",
        default_value_os_t = Storage::default().data_dir,
        value_name = "DIR",
        global = true
    )]
    pub(super) data_dir: PathBuf,
}

/// The data folder, the store in it or elsewhere, and the master key that opens it.
#[derive(clap::Args)]
pub(super) struct DataFolder {
    #[command(flatten)]
    pub(super) dir: DataDir,
    /// Where identities and API keys are: sqlite: for a file in the data folder, or
    /// `postgres://USER@HOST:PORT/DATABASE` for a database that several servers share.
    #[arg(
        long,
        env = "FACEWARD_STORE",
        default_value_t = StoreChoice::default(),
        value_parser = StoreParser,
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub(super) store: StoreChoice,
    #[command(flatten)]
    pub(super) master: MasterArgs,
}

impl DataFolder {
    pub(super) fn path(&self) -> &Path {
        &self.dir.data_dir
    }

    /// Refuses a store outside of the folder for a command that works on files; `instead` says what does the same.
    pub(super) fn in_folder(&self, instead: &str) -> Result<&Path, Failure> {
        match self.store {
            StoreChoice::DataFolder => Ok(self.path()),
            StoreChoice::Postgres(_) => Err(format!("this is for a store in the data folder: {instead}").into()),
        }
    }

    /// Where the master key is.
    pub(super) fn key(&self) -> Result<MasterKeySource, Failure> {
        self.master.source()
    }
}

/// The folder of the networks.
#[derive(clap::Args)]
pub(super) struct ModelsDir {
    /// Folder with the networks and their manifest.
    #[arg(long, env = "FACEWARD_MODELS", default_value_os_t = Models::default().folder, value_name = "DIR")]
    pub(super) models: PathBuf,
}

/// The networks, and what runs them.
#[derive(clap::Args)]
pub(super) struct Networks {
    #[command(flatten)]
    pub(super) folder: ModelsDir,
    /// What runs the networks: tract, or ort for ONNX Runtime.
    #[arg(long, env = "FACEWARD_ENGINE", value_name = "ENGINE", default_value = "tract")]
    pub(super) engine: EngineKind,
    /// How closely a face that depicts somebody is looked at: thorough, or fast without the image encoder.
    #[arg(long, env = "FACEWARD_DEPTH", value_name = "DEPTH", default_value = "thorough")]
    pub(super) depth: Depth,
}

impl Networks {
    /// The service over these and a data folder with the operator's calibration, set up by `options`.
    pub(super) fn service(
        &self,
        data: &DataFolder,
        options: impl FnOnce(Service) -> Service,
    ) -> Result<RecordedService, Failure> {
        self.service_over(open::store(data)?, data, options)
    }

    fn service_over(
        &self,
        store: RecordedStore,
        data: &DataFolder,
        options: impl FnOnce(Service) -> Service,
    ) -> Result<RecordedService, Failure> {
        let engine = self.engine.open()?;
        store.into_service(|store| {
            let limits = DecodeLimits::default();
            let service = Service::open_with(engine.as_ref(), &self.folder.models, store, limits)?;
            Ok(options(service.calibrated_by(data.path())?.with_depth(self.depth)))
        })
    }
}

/// The data folder and the networks, for the commands that run the service in this process.
#[derive(clap::Args)]
pub(super) struct ServiceArgs {
    #[command(flatten)]
    pub(super) data: DataFolder,
    #[command(flatten)]
    pub(super) networks: Networks,
}

impl ServiceArgs {
    /// See [`Networks::service`].
    pub(super) fn service(&self, options: impl FnOnce(Service) -> Service) -> Result<RecordedService, Failure> {
        self.networks.service(&self.data, options)
    }

    /// The same over a folder that gets a store where it has none.
    pub(super) fn new_service(&self, options: impl FnOnce(Service) -> Service) -> Result<RecordedService, Failure> {
        let store = open::new_store(&self.data)?;
        self.networks.service_over(store, &self.data, options)
    }
}
