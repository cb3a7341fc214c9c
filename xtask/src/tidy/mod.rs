//! `cargo xtask tidy`: plain checks that keep a large repository honest. Every rule is one file or one function that
//! answers with complaints; a complaint names the file, the line and what to do.

mod advisories;
mod arrows;
mod dialect_numbers;
mod manifest;
mod rust_files;
mod text_files;

use crate::repository::Repository;

/// Everything the rules look at: the tracked text files with their contents.
pub(crate) struct Sources {
    files: Vec<(String, String)>,
}

impl Sources {
    fn of(repository: &Repository) -> Result<Self, String> {
        let paths = repository.files()?;
        let files = paths.into_iter().filter_map(|path| repository.text(&path).map(|text| (path, text))).collect();
        Ok(Self { files })
    }

    /// Path and text of each file whose path satisfies the predicate.
    fn matching(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).filter(move |(path, _)| wanted(path))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.matching(|candidate| candidate == path).map(|(_, text)| text).next()
    }

    #[cfg(test)]
    fn made_of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }
}

/// Prints every complaint; fails if there is one.
pub(crate) fn run(repository: &Repository) -> Result<(), String> {
    let sources = Sources::of(repository)?;
    let complaints = complaints(&sources)?;
    for complaint in &complaints {
        println!("      {complaint}");
    }
    match complaints.len() {
        0 => {
            println!("      {} files read, nothing to complain about", sources.files.len());
            Ok(())
        }
        1 => Err("tidy has one complaint".to_owned()),
        count => Err(format!("tidy has {count} complaints")),
    }
}

fn complaints(sources: &Sources) -> Result<Vec<String>, String> {
    let manifests = manifest::all(sources)?;
    let mut complaints = text_files::complaints(sources);
    complaints.extend(rust_files::complaints(sources));
    complaints.extend(dialect_numbers::complaints(sources));
    complaints.extend(manifest::complaints(&manifests));
    complaints.extend(arrows::complaints(&manifests));
    let lock = sources.text("Cargo.lock").ok_or("Cargo.lock is not tracked")?;
    complaints.extend(advisories::complaints(lock)?);
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let sources = Sources::of(&Repository::here()).unwrap();
        assert_eq!(complaints(&sources).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_arrows_between_our_crates_point_one_way() {
        let sources = Sources::of(&Repository::here()).unwrap();
        let manifests = manifest::all(&sources).unwrap();
        assert!(manifests.len() >= 10, "the manifests were not found");
        assert_eq!(arrows::complaints(&manifests), Vec::<String>::new());
    }
}
