//! What is wrong with a configuration: where, what, and how to mend it.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The configuration file.
    pub file: PathBuf,
    /// The line it is about, counted from 1, if it is about one.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it, where there is one thing to do.
    pub remedy: Option<String>,
}

impl ConfigFault {
    /// The same, with what to do about it.
    #[must_use]
    pub fn with_remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl std::fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.remedy {
            Some(remedy) => write!(f, "; {remedy}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigFault {}

/// The text of a configuration file, by which an offset becomes a line.
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// A fault of the whole file.
    pub(super) fn fault(&self, problem: impl Into<String>) -> ConfigFault {
        ConfigFault { file: self.file.to_owned(), line: None, problem: problem.into(), remedy: None }
    }

    /// A fault at a place in it.
    pub(super) fn fault_at(&self, span: Range<usize>, problem: impl Into<String>) -> ConfigFault {
        ConfigFault { line: Some(self.line(&span)), ..self.fault(problem) }
    }

    /// The line on which a span begins, counted from 1.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
    }

    /// What the TOML reader found, in our words.
    pub(super) fn of_toml(&self, error: &toml::de::Error) -> ConfigFault {
        let message = error.message();
        let fault = match error.span() {
            Some(span) => self.fault_at(span, message),
            None => self.fault(message),
        };
        match unknown_name(message) {
            Some((unknown, known)) => ConfigFault {
                problem: format!("there is no key `{unknown}` here"),
                remedy: Some(suggestion(unknown, known)),
                ..fault
            },
            None => fault,
        }
    }
}

/// "did you mean", or all there are.
pub(super) fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let near = known.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), *name)).min();
    match near {
        Some((distance, name)) if distance <= (name.len() / 3).max(2) => format!("did you mean `{name}`?"),
        Some(_) => format!("known are {}", known.join(", ")),
        None => "none can stand here".to_owned(),
    }
}

/// The name, and the names that could stand in its place, out of serde's words for an unknown field.
pub(super) fn unknown_name(message: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = message.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_name_is_suggested_and_a_far_one_gets_the_list() {
        assert_eq!(suggestion("listn", ["mode", "listen"]), "did you mean `listen`?");
        assert_eq!(suggestion("colour", ["mode", "listen"]), "known are mode, listen");
        assert_eq!(suggestion("colour", []), "none can stand here");
    }

    #[test]
    fn serdes_words_are_understood() {
        let message = "unknown field `listn`, expected one of `mode`, `listen`";
        assert_eq!(unknown_name(message), Some(("listn", vec!["mode", "listen"])));
        assert_eq!(unknown_name("invalid type: string"), None);
    }

    #[test]
    fn fault_reads_as_one_line_with_place_and_remedy() {
        let source = Source { file: Path::new("a.toml"), text: "one\ntwo\nthree" };
        assert_eq!(source.fault_at(4..5, "is wrong").with_remedy("mend it").to_string(), "a.toml:2: is wrong; mend it");
        assert_eq!(source.fault("is wrong").to_string(), "a.toml: is wrong");
    }
}
