//! `faceward serve`: the HTTP server.

use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::ArgMatches;
use clap::parser::ValueSource;
use faceward::api::{ServeError, serve};
use faceward::config::{Cases, Flags, Origin, Setting, Settings, SettingsFile, Storage};
use faceward::service::{CasePolicy, Service};
use faceward::store::{StoreChoice, holds_store};
use jiff::SignedDuration;

use super::master::MasterArgs;
use super::{Failure, open};

/// Serve the HTTP API.
///
/// A flag overrides an environment variable, which overrides the settings file, which overrides the default. The help
/// of each flag names the setting in the file; `faceward config` prints a file with every default.
///
/// A switch takes a value after an equals sign: `--keep-images` and `--keep-images=true` turn it on,
/// `--keep-images=false` turns off what the file or the environment turned on. Its variable takes `true` or `false`.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  faceward serve --listen 127.0.0.1:8080 --data-dir /srv/faceward --create\n  \
    curl -F image=@photo.jpg -F identity=jane http://127.0.0.1:8080/v1/verify\n\n  \
    faceward config > faceward.toml\n  faceward serve --config faceward.toml --threads 4\n\n\
    Exit codes: 0 stopped by SIGTERM or SIGINT with every request answered, 1 the server did not start, or a second \
    signal cut requests off, 2 wrong usage.")]
pub(super) struct Args {
    /// Settings file (TOML).
    #[arg(long, env = "FACEWARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print the settings in effect, with where each comes from, and exit.
    #[arg(long)]
    print_settings: bool,
    /// Make a new store where the data folder or the database has none. Without it only the default folder gets one.
    #[arg(long, env = "FACEWARD_CREATE")]
    create: bool,
    #[command(flatten)]
    flags: Flags,
}

/// Where each setting was given.
pub(super) struct Sources<'a> {
    pub(super) file: Option<SettingsFile>,
    /// Those of the command.
    pub(super) matches: &'a ArgMatches,
}

impl Sources<'_> {
    /// The defaults, overridden by the file, by variables and by flags; unchecked.
    pub(super) fn merged(&self, flags: &Flags) -> Settings {
        let file = self.file.as_ref().map(SettingsFile::settings).cloned().unwrap_or_default();
        file.overridden_by(flags)
    }

    /// Refuses values that cannot work, each by the name under which it was given.
    pub(super) fn check(&self, settings: &Settings) -> Result<(), String> {
        settings.check().map_err(|invalid| invalid.given_by(|setting| self.origin(setting)))
    }

    fn origin(&self, setting: &Setting) -> Origin {
        match self.matches.value_source(setting.flag) {
            Some(ValueSource::CommandLine) => Origin::Flag,
            Some(ValueSource::EnvVariable) => Origin::Variable,
            _ => self.file.as_ref().map_or(Origin::Default, |file| file.origin(setting)),
        }
    }

    /// The settings as a file, with where each comes from beside it.
    fn print(&self, settings: &Settings) {
        let mut last = "";
        for row in settings.rows() {
            let (table, field) = row.setting.name.split_once('.').unwrap_or_default();
            if table != last {
                println!("{}[{table}]", if last.is_empty() { "" } else { "\n" });
                last = table;
            }
            let origin = match self.origin(&row.setting) {
                Origin::Default => "default".to_owned(),
                Origin::File(path) => open::plain(&path),
                Origin::Variable => row.setting.variable.to_owned(),
                Origin::Flag => format!("--{}", row.setting.flag),
            };
            match row.value {
                Some(value) => println!("{field} = {value}  # {origin}"),
                None => println!("# {field} is not set"),
            }
        }
    }
}

/// Serves until the process is told to stop. `matches` are those of this command.
pub(super) fn run(args: &Args, matches: &ArgMatches) -> Result<ExitCode, Failure> {
    let sources = Sources { file: args.config.as_deref().map(SettingsFile::read).transpose()?, matches };
    let settings = sources.merged(&args.flags);
    sources.check(&settings)?;
    if args.print_settings {
        sources.print(&settings);
        return Ok(ExitCode::SUCCESS);
    }
    log(settings.log.json)?;
    let master = MasterArgs::merged(&settings.storage, args.flags.names_master_key());
    let (choice, data_dir) = (&settings.storage.store, &settings.storage.data_dir);
    let source = master.source()?;
    if !args.create && *data_dir != Storage::default().data_dir {
        open::existing(choice, data_dir)?;
    }
    if *choice == StoreChoice::DataFolder && !holds_store(data_dir) {
        tracing::info!(folder = %open::plain(data_dir), "making a new store");
    }
    let store = open::any_store(choice, data_dir, &source, args.create)?;
    let engine = settings.models.engine.open()?;
    let limits = settings.decode_limits();
    let service = store.into_service(|store| -> Result<Service, Failure> {
        let service = Service::open_with(engine.as_ref(), &settings.models.folder, store, limits)?
            .with_detector(settings.detector_settings())
            .with_max_frames(settings.limits.max_frames)
            .calibrated_by(&settings.storage.data_dir)?
            .with_stability_check(settings.verdict.stability_check)
            .with_depth(settings.verdict.depth)
            .with_apparent_traits(settings.verdict.apparent_traits)
            .with_target_fmr(settings.verdict.target_fmr)
            .with_target_fpir(settings.search.target_fpir)
            .with_profile_memory(settings.storage.profile_memory_mib << 20)
            .with_images_kept(settings.storage.keep_images)
            .with_cases(case_policy(&settings.cases));
        Ok(service.with_threads(settings.server.inference_threads())?.following()?)
    })?;
    let unmet = service.unmet_targets()?;
    if unmet > 0 {
        tracing::warn!(
            identities = unmet,
            "identities ask for error rates to which the thresholds in use were not fitted; the nearest rates apply, \
             and answers state them"
        );
    }
    let outdated = service.outdated()?;
    if outdated > 0 {
        tracing::warn!(
            identities = outdated,
            "searches cannot find these identities, because their templates were made by earlier networks: enroll a \
             photograph of each again, or run `faceward identities refresh` where images are kept"
        );
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(serve(Arc::new(service), &settings, |listening| {
        // A closed standard output must not stop a server.
        let mut out = std::io::stdout();
        let scheme = if listening.tls { "https" } else { "http" };
        let _ = writeln!(out, "listening on {scheme}://{}", listening.address);
        if !listening.authenticates {
            let _ = writeln!(out, "no API key has been issued: anyone who can reach this address can use the service");
        }
    }));
    if let Err(e @ ServeError::CutShort) = &served {
        tracing::error!("{e}");
        // Threads may work on for minutes; what they have not written was not acknowledged.
        std::process::exit(1);
    }
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Which verdicts become cases, and for how long.
fn case_policy(cases: &Cases) -> CasePolicy {
    let days = |days: u64| SignedDuration::from_hours(24 * days.cast_signed());
    CasePolicy {
        kept: cases.keep,
        ttl: days(cases.ttl_days),
        most: cases.max,
        pictures: cases.keep_probes,
        pictures_ttl: days(cases.probes_ttl_days),
        picture_bytes: cases.probes_mib << 20,
    }
}

/// Logs to standard error; the variable `FACEWARD_LOG` filters, for example `faceward=debug,tower_http=info`.
fn log(json: bool) -> Result<(), Failure> {
    let given = std::env::var("FACEWARD_LOG").ok().filter(|text| !text.is_empty());
    let filter = given.as_deref().unwrap_or("info");
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|e| {
        format!("`FACEWARD_LOG={filter}`: {e}: give a level such as info, or faceward=debug,tower_http=info")
    })?;
    // A standard error that takes nothing (a full disk) must not stop a server either.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // Colours are for a terminal, not for a file.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    // A second initialisation can only happen in tests; the first one stays.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
    Ok(())
}
