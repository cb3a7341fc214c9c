//! The command line.

use std::io::{self, IsTerminal, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use parhelion_dialects::Dialect;
use parhelion_jose::{jwe, jws};
use serde_json::json;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use zeroize::Zeroizing;

use crate::config::{Config, TlsOption};
use crate::key_ring::KeyAlg;
use crate::keys_command::{self, KeysCall};
use crate::start::{Server, StartFault, ready_line};
use crate::{check, core_dumps, demo, edge, passwords};

/// An OAuth 2.0 and OpenID Connect authorization server around the pushed authorization request (RFC 9126).
#[derive(Parser)]
#[command(name = "parhelion", version, max_term_width = 100, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Begin with:
  parhelion demo           five vendors' ways to push, tried on this machine, ready for your own client
  parhelion check --help   what is wrong with a configuration, all at once
  parhelion serve --help   what a server of your own needs";

#[derive(Subcommand)]
enum Command {
    /// Serves what a configuration file describes, until SIGTERM or Ctrl-C.
    Serve(ServeArgs),
    /// Tells everything that is wrong with a configuration file, or doubtful, without starting a server.
    Check(CheckArgs),
    /// Lists the keys that a tenant signs with, or makes a new one.
    Keys(KeysArgs),
    /// Makes a small configuration, serves it, and pushes one request through every dialect.
    Demo(DemoArgs),
    /// Makes the password_hash of a [[tenant.user]]: asks twice at a terminal, else reads standard input.
    HashPassword,
}

#[derive(Args)]
struct ServeArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    tls: TlsArgs,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Args)]
struct TlsArgs {
    /// `dev`: serves https with a certificate of a throw-away authority, which clients trust by ca.pem in the data folder.
    #[arg(long, value_enum)]
    tls: Option<TlsForm>,
}

#[derive(Clone, Copy, ValueEnum)]
enum TlsForm {
    /// A throw-away authority for localhost, 127.0.0.1, ::1 and the hosts of the configuration.
    Dev,
}

impl TlsArgs {
    const fn option(&self) -> TlsOption {
        match self.tls {
            Some(TlsForm::Dev) => TlsOption::ThrowAway,
            None => TlsOption::AsConfigured,
        }
    }
}

#[derive(Args)]
struct CheckArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Prints one JSON object for programs instead of lines for people.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Lists the keys of a tenant and what each is for.
    List(KeysOfTenant),
    /// Makes a new key. It is published at once, signs when every key set that clients keep has it, and the one
    /// before goes when the last token it signed has expired.
    Rotate(RotateArgs),
}

#[derive(Args)]
struct KeysOfTenant {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The tenant's id.
    #[arg(long, value_name = "ID")]
    tenant: String,
    /// Prints one JSON object for programs instead of lines for people.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RotateArgs {
    #[command(flatten)]
    of: KeysOfTenant,
    /// What it signs with, or how its clients encrypt to it; without it, it signs with the tenant's signing_alg.
    #[arg(long, value_enum, ignore_case = true)]
    alg: Option<Alg>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Alg {
    #[value(name = "ES256")]
    Es256,
    #[value(name = "PS256")]
    Ps256,
    #[value(name = "EdDSA")]
    EdDsa,
    #[value(name = "RS256")]
    Rs256,
    #[value(name = "ECDH-ES")]
    EcdhEs,
    #[value(name = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
    #[value(name = "RSA-OAEP-256")]
    RsaOaep256,
}

impl From<Alg> for KeyAlg {
    fn from(alg: Alg) -> Self {
        match alg {
            Alg::Es256 => Self::Signing(jws::Algorithm::Es256),
            Alg::Ps256 => Self::Signing(jws::Algorithm::Ps256),
            Alg::EdDsa => Self::Signing(jws::Algorithm::EdDsa),
            Alg::Rs256 => Self::Signing(jws::Algorithm::Rs256),
            Alg::EcdhEs => Self::Encryption(jwe::Algorithm::EcdhEs),
            Alg::EcdhEsA256Kw => Self::Encryption(jwe::Algorithm::EcdhEsA256Kw),
            Alg::RsaOaep256 => Self::Encryption(jwe::Algorithm::RsaOaep256),
        }
    }
}

#[derive(Args)]
struct LogArgs {
    /// How the log on standard error is written.
    #[arg(long, value_enum, default_value_t = LogForm::Text)]
    log: LogForm,
    /// From which level on it is written. Libraries are heard from `warn` on: they tell what they handle.
    #[arg(long, value_enum, default_value_t = LogLevel::Info)]
    log_level: LogLevel,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

#[derive(Args)]
struct DemoArgs {
    /// Ends after the pushes; the exit code tells whether all were answered as expected.
    #[arg(long)]
    once: bool,
    /// Where to listen; port 0 takes any free port.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9126")]
    listen: SocketAddr,
    /// The folder for configuration, secrets and records; made where it is missing, used again where it is there.
    #[arg(long, value_name = "DIR", default_value = "parhelion-data")]
    data: PathBuf,
    /// Prints one JSON object for programs instead of text for people.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    tls: TlsArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    /// Lines for people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// Runs the command that the process was started with.
#[must_use]
pub fn run(dialects: &'static [&'static dyn Dialect]) -> ExitCode {
    if let Err(error) = core_dumps::forbid() {
        let _ = writeln!(io::stderr(), "parhelion: core dumps cannot be forbidden: {error}");
    }
    let done = match CommandLine::parse().command {
        Command::Serve(args) => serve(&args, dialects),
        Command::Keys(args) => keys(args.command, dialects),
        Command::Check(args) => check(&args, dialects),
        Command::Demo(args) => run_demo(args, dialects),
        Command::HashPassword => hash_password(),
    };
    done.unwrap_or_else(|problem| {
        let _ = writeln!(io::stderr(), "parhelion: {problem}");
        ExitCode::FAILURE
    })
}

fn serve(args: &ServeArgs, dialects: &'static [&'static dyn Dialect]) -> Result<ExitCode, String> {
    begin_log(args.log.log, args.log.log_level.into());
    let serving = async {
        let config = Config::load_with(&args.config, dialects, args.tls.option())?;
        let server = Server::open(&config, None, None).await?;
        // Whoever reads it may have gone: that is no reason not to serve.
        let _ = writeln!(io::stdout(), "{}", ready_line(&config, &server));
        drop(config);
        server.run().await
    };
    block_on(serving)?.map_err(|fault: StartFault| fault.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn check(args: &CheckArgs, dialects: &'static [&'static dyn Dialect]) -> Result<ExitCode, String> {
    let report = check::report(&args.config, dialects);
    let text = if args.json { format!("{}\n", report.to_json()) } else { report.to_string() };
    // Whoever reads it may have gone.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn keys(command: KeysCommand, dialects: &'static [&'static dyn Dialect]) -> Result<ExitCode, String> {
    begin_log(LogForm::Text, LevelFilter::WARN);
    let (of, call) = match command {
        KeysCommand::List(of) => (of, KeysCall::List),
        KeysCommand::Rotate(RotateArgs { of, alg }) => (of, KeysCall::Rotate(alg.map(KeyAlg::from))),
    };
    let config = Config::load(&of.config, dialects).map_err(|fault| fault.to_string())?;
    let keys = block_on(keys_command::run(&config, &of.tenant, call))??;
    let text = if of.json { format!("{}\n", json!({ "keys": keys })) } else { keys_command::text(&keys) };
    // Whoever reads it may have gone.
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn run_demo(args: DemoArgs, dialects: &'static [&'static dyn Dialect]) -> Result<ExitCode, String> {
    begin_log(LogForm::Text, LevelFilter::WARN);
    let form = if args.json { demo::Form::Json } else { demo::Form::Text };
    let then = if args.once { demo::Then::End } else { demo::Then::KeepServing };
    let settings = demo::Settings { listen: args.listen, folder: args.data, form, then, tls: args.tls.option() };
    let all_as_expected = block_on(demo::run(&settings, dialects))?.map_err(|fault| fault.to_string())?;
    Ok(if all_as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    Ok(runtime.map_err(|error| format!("cannot start threads: {error}"))?.block_on(work))
}

fn begin_log(form: LogForm, level: LevelFilter) {
    let ours = Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("parhelion", level);
    let log = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_writer(io::stderr);
    match form {
        LogForm::Text => log.with_ansi(io::stderr().is_terminal()).finish().with(ours).init(),
        LogForm::Json => log.json().flatten_event(true).finish().with(ours).init(),
    }
    edge::report_without_payload();
}

fn hash_password() -> Result<ExitCode, String> {
    let password = if io::stdin().is_terminal() { ask_twice()? } else { read_all()? };
    if password.is_empty() {
        return Err("the password is empty".to_owned());
    }
    let hash = passwords::hash(&password).map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "{hash}").map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn ask_twice() -> Result<Zeroizing<String>, String> {
    let ask = |prompt| rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|error| error.to_string());
    let first = ask("Password: ")?;
    let second = ask("Again: ")?;
    if first == second { Ok(first) } else { Err("the two passwords differ".to_owned()) }
}

fn read_all() -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    io::stdin().read_to_string(&mut text).map_err(|error| format!("standard input: {error}"))?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
