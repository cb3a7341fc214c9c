//! What the suite needs on the machine: looked for, installed where that is allowed, named exactly where it is not.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repository::Repository;
use crate::step::{answer, must};
use crate::suite::Extent;

/// The oldest Node.js that the real clients run on.
const NODE_AT_LEAST: u32 = 20;

/// Names under which Chromium is found on the path.
const CHROMIUM_NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Where Debian keeps a library that one of the vendors' examples names.
const OKHTTP: &str = "/usr/share/java/okhttp.jar";

/// What was found, for the commands that follow.
#[derive(Default)]
pub(crate) struct Tools {
    /// A folder with a newer `node` than the system's, to be put first on the path.
    node_folder: Option<PathBuf>,
    chromium: Option<String>,
    /// An interpreter that has the packages of the real clients.
    python: Option<PathBuf>,
}

impl Tools {
    /// Lets a command find the same Node.js and Chromium.
    pub(crate) fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        if let Some(path) = self.search_path() {
            command.env("PATH", path);
        }
        if let Some(chromium) = &self.chromium {
            command.env("PARHELION_CHROMIUM", chromium);
        }
        if let Some(python) = &self.python {
            command.env("PARHELION_PYTHON", python);
        }
        command
    }

    fn search_path(&self) -> Option<OsString> {
        let folder = self.node_folder.clone()?;
        let rest = env::var_os("PATH").unwrap_or_default();
        env::join_paths(std::iter::once(folder).chain(env::split_paths(&rest))).ok()
    }
}

/// Looks for every tool and installs the missing ones if this is Debian or Ubuntu and we are root.
pub(crate) fn prepare(repository: &Repository, extent: Extent) -> Result<Tools, String> {
    rust_parts(repository)?;
    let mut packages = system_packages(extent);
    packages.sort_unstable();
    packages.dedup();
    if !packages.is_empty() {
        install(&packages)?;
    }
    still_missing()?;
    if extent == Extent::Fast {
        return Ok(Tools::default());
    }
    let chromium = chromium()?;
    let tools = Tools { node_folder: node_folder(repository)?, chromium: Some(chromium), python: None };
    report("node", tools.environment(Command::new("node").arg("--version")));
    report("npm", tools.environment(Command::new("npm").arg("--version")));
    Ok(tools)
}

fn rust_parts(repository: &Repository) -> Result<(), String> {
    for part in ["fmt", "clippy"] {
        if answer(repository.cargo().args([part, "--version"])).is_none() {
            return Err(format!("cargo {part} is missing; run: rustup component add rustfmt clippy"));
        }
    }
    report("rustc", Command::new("rustc").arg("--version"));
    Ok(())
}

fn system_packages(extent: Extent) -> Vec<&'static str> {
    let mut packages = Vec::new();
    if !runs("cc") {
        packages.extend(["gcc", "libc6-dev"]);
    }
    if !runs("git") {
        packages.push("git");
    }
    // Where it is missing a few rows are left out, and say so.
    if !runs("strace") && is_debian() && is_root() {
        packages.push("strace");
    }
    if extent == Extent::Everything {
        packages.extend(languages());
        if !runs("node") {
            packages.push("nodejs");
        }
        if !runs("npm") {
            packages.push("npm");
        }
        if answer(Command::new("python3").args(["-c", "import ensurepip"])).is_none() {
            packages.push("python3-venv");
        }
        if chromium().is_err() {
            packages.extend(["chromium", "fonts-liberation"]);
        }
    }
    packages
}

/// What the vendors' examples are written in.
fn languages() -> impl Iterator<Item = &'static str> {
    let missing = [
        (answer(Command::new("go").arg("version")).is_none(), "golang-go"),
        (!runs("javac"), "default-jdk-headless"),
        (!Path::new(OKHTTP).exists(), "libokhttp-java"),
        (!runs("ruby"), "ruby"),
        (!runs("curl"), "curl"),
    ];
    missing.into_iter().filter_map(|(is_missing, package)| is_missing.then_some(package))
}

fn still_missing() -> Result<(), String> {
    match ["cc", "git"].into_iter().find(|program| !runs(program)) {
        Some(program) => Err(format!("`{program}` is needed and was not found on the path")),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<(), String> {
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !is_debian() {
        return Err(format!("missing: {}. Install them; on Debian or Ubuntu: {line}", packages.join(", ")));
    }
    if !is_root() {
        return Err(format!("missing: {}. Run as root: {line}", packages.join(", ")));
    }
    println!("      installing: {}", packages.join(", "));
    must(Command::new("apt-get").args(["update", "-qq"]))?;
    must(
        Command::new("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

fn is_root() -> bool {
    answer(Command::new("id").arg("-u")).as_deref() == Some("0")
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| {
        let value = line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE="));
        value.is_some_and(|value| value.contains("debian") || value.contains("ubuntu"))
    })
}

/// A folder to put first on the path when the system's Node.js is too old; Debian 12 has 18, but the npm package
/// `node` carries newer ones.
fn node_folder(repository: &Repository) -> Result<Option<PathBuf>, String> {
    if node_major(&mut Command::new("node")).is_some_and(|major| major >= NODE_AT_LEAST) {
        return Ok(None);
    }
    let home = repository.target().join("node");
    let folder = home.join("node_modules/node/bin");
    if node_major(&mut Command::new(folder.join("node"))).is_none() {
        println!("      the system's Node.js is older than {NODE_AT_LEAST}; taking the npm package `node`");
        fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
        let package = format!("node@{NODE_AT_LEAST}");
        must(Command::new("npm").args(["install", "--no-audit", "--no-fund", "--prefix"]).arg(&home).arg(package))?;
    }
    match node_major(&mut Command::new(folder.join("node"))) {
        Some(major) if major >= NODE_AT_LEAST => Ok(Some(folder)),
        Some(_) | None => Err(format!("Node.js {NODE_AT_LEAST} or newer is needed; install it and put it on the path")),
    }
}

fn node_major(command: &mut Command) -> Option<u32> {
    let version = answer(command.arg("--version"))?;
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// Puts the pinned packages of the Python clients into an environment of their own.
pub(crate) fn python_packages(repository: &Repository, tools: &mut Tools) -> Result<(), String> {
    let home = repository.target().join("python");
    let python = home.join("bin/python");
    if !python.is_file() {
        must(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    }
    let requirements = repository.clients().join("requirements.txt");
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    must(Command::new(&python).args(pip).arg(requirements))?;
    tools.python = Some(python);
    Ok(())
}

fn chromium() -> Result<String, String> {
    let wished = env::var("PARHELION_CHROMIUM").ok();
    let names = CHROMIUM_NAMES.into_iter().map(String::from);
    let found = wished.into_iter().chain(names).find(|name| runs(name));
    let Some(name) = found else {
        return Err("Chromium is needed: install it, or name it in PARHELION_CHROMIUM".to_owned());
    };
    match answer(Command::new("sh").args(["-c", "command -v \"$0\"", &name])) {
        Some(path) => Ok(path),
        None => Ok(name),
    }
}

fn runs(program: &str) -> bool {
    answer(Command::new(program).arg("--version")).is_some()
}

fn report(name: &str, command: &mut Command) {
    println!("      {name:<10} {}", answer(command).unwrap_or_else(|| "not found".to_owned()));
}
