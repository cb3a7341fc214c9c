//! What is wrong with a configuration: where, what, and how to mend it.

use std::cell::RefCell;
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

/// What was found so far: reading goes on after a fault as far as the file can still be understood.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Noted>);

#[derive(Debug, Default)]
struct Noted {
    faults: Vec<ConfigFault>,
    doubts: Vec<ConfigFault>,
    /// What was cut out because it has no place, and the section that it stood in.
    cuts: Vec<(Range<usize>, Range<usize>)>,
    /// How many of the faults were found before anything was judged.
    of_shape: usize,
}

impl Notes {
    /// Takes a fault in, unless it was told before.
    pub(super) fn note(&self, fault: ConfigFault) {
        let mut noted = self.0.borrow_mut();
        if !noted.faults.contains(&fault) {
            noted.faults.push(fault);
        }
    }

    /// Takes in what can be used and should be looked at.
    pub(super) fn doubt(&self, doubt: ConfigFault) {
        let mut noted = self.0.borrow_mut();
        if !noted.doubts.contains(&doubt) {
            noted.doubts.push(doubt);
        }
    }

    /// What was read, or nothing after its fault was noted.
    pub(super) fn keep<T>(&self, read: Result<T, ConfigFault>) -> Option<T> {
        read.map_err(|fault| self.note(fault)).ok()
    }

    /// Remembers what was cut out.
    pub(super) fn cut(&self, span: Range<usize>, source: &Source<'_>) {
        let section = source.section(&span);
        self.0.borrow_mut().cuts.push((span, section));
    }

    /// From now on the file is judged.
    pub(super) fn end_of_shape(&self) {
        let mut noted = self.0.borrow_mut();
        noted.of_shape = noted.faults.len();
    }

    /// Whether something was cut out of what is here.
    pub(super) fn has_cut_within(&self, span: &Range<usize>) -> bool {
        let noted = self.0.borrow();
        let within = |cut: &Range<usize>| span.contains(&cut.start);
        noted.cuts.iter().any(|(cut, section)| within(cut) || section.contains(&span.start))
    }

    /// Whether a section with this heading was cut out whole, so that what it would have said is missing elsewhere.
    pub(super) fn has_cut_section(&self, heading: &str, source: &Source<'_>) -> bool {
        let is_it = |cut: &Range<usize>| source.text.get(cut.start..).is_some_and(|text| text.starts_with(heading));
        self.0.borrow().cuts.iter().any(|(cut, _)| is_it(cut))
    }

    /// Faults and doubts in the order of the file. Where something was cut out of a section, only that is told of it:
    /// the rest may follow from it.
    pub(super) fn into_lists(self, source: &Source<'_>) -> (Vec<ConfigFault>, Vec<ConfigFault>) {
        let Noted { mut faults, mut doubts, cuts, of_shape } = self.0.into_inner();
        let lines = |span: &Range<usize>| source.line(span)..=source.line(&(span.end..span.end));
        let sections: Vec<_> = cuts.iter().map(|(_, section)| lines(section)).collect();
        let judged = faults.split_off(of_shape.min(faults.len()));
        let stands_alone =
            |fault: &ConfigFault| fault.line.is_none_or(|line| !sections.iter().any(|section| section.contains(&line)));
        faults.extend(judged.into_iter().filter(stands_alone));
        faults.sort_by_key(|fault| fault.line);
        doubts.sort_by_key(|doubt| doubt.line);
        (faults, doubts)
    }
}

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

    /// From the heading above a place to the next heading.
    fn section(&self, span: &Range<usize>) -> Range<usize> {
        let (before, after) = self.text.split_at_checked(span.start).unwrap_or((self.text, ""));
        let on_its_line = before.rfind('\n').map_or(0, |end| end.saturating_add(1));
        let is_heading = self.text.get(on_its_line..).is_some_and(|line| line.starts_with('['));
        let start = if is_heading { on_its_line } else { before.rfind("\n[").map_or(0, |end| end.saturating_add(1)) };
        let end = after.find("\n[").map_or(self.text.len(), |end| end.saturating_add(span.start));
        start..end
    }

    /// What the TOML reader found, in our words.
    pub(super) fn of_toml(&self, error: &toml::de::Error) -> ConfigFault {
        let message = error.message();
        let problem = without_value(message);
        let fault = match error.span() {
            Some(span) => self.fault_at(span, problem),
            None => self.fault(problem),
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

/// Serde's words for a value of the wrong type, without the value: it may be a secret.
fn without_value(message: &str) -> String {
    let parts = message.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "));
    let Some((found, expected)) = parts else { return message.to_owned() };
    let kind = found.split([' ', '`', '"']).next().unwrap_or_default();
    format!("here is a value of the wrong type ({kind}); expected {expected}")
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
    fn value_of_the_wrong_type_is_not_told() {
        let told = without_value("invalid type: integer `4711`, expected a string");
        assert_eq!(told, "here is a value of the wrong type (integer); expected a string");
        assert_eq!(without_value("missing field `id`"), "missing field `id`");
    }

    #[test]
    fn section_is_from_heading_to_heading() {
        let source = Source { file: Path::new("a.toml"), text: "a = 1\n[x]\nb = 2\nc = 3\n[[y]]\nd = 4\n" };
        let section = |at| source.text.get(source.section(&(at..at))).unwrap();
        assert_eq!(section(0), "a = 1");
        assert_eq!(section(17), "[x]\nb = 2\nc = 3");
        assert_eq!(section(6), "[x]\nb = 2\nc = 3");
        assert_eq!(section(30), "[[y]]\nd = 4\n");
    }

    #[test]
    fn fault_reads_as_one_line_with_place_and_remedy() {
        let source = Source { file: Path::new("a.toml"), text: "one\ntwo\nthree" };
        assert_eq!(source.fault_at(4..5, "is wrong").with_remedy("mend it").to_string(), "a.toml:2: is wrong; mend it");
        assert_eq!(source.fault("is wrong").to_string(), "a.toml: is wrong");
    }
}
