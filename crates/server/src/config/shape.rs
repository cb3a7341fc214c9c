//! From text to sections and keys. What has no place is noted and cut out, so that the rest can still be judged.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::fault::{Notes, Source};
use super::file::File;

/// Faults of shape after which reading ends.
const FAULTS_MAX: usize = 100;

/// The sections of a file; nothing where it is no TOML, or where what is left of it is no configuration.
pub(super) fn read(source: &Source<'_>, notes: &Notes) -> Option<File> {
    let mut document = match DeTable::parse(source.text) {
        Ok(document) => document,
        Err(error) => return notes.keep(Err(source.of_toml(&error))),
    };
    for _ in 0..FAULTS_MAX {
        let error = match File::deserialize(Deserializer::from(document.clone())) {
            Ok(file) => return Some(file),
            Err(error) => error,
        };
        let Some(span) = error.span() else { return notes.keep(Err(source.of_toml(&error))) };
        // What is missing because it was cut out has been told already.
        if !(error.message().starts_with("missing field") && notes.has_cut_within(&span)) {
            notes.note(source.of_toml(&error));
        }
        notes.cut(span.clone(), source);
        document = without(document, &span)?;
    }
    None
}

/// The document without the entry whose key or value is at `span`, if there is one.
fn without<'i>(document: Spanned<DeTable<'i>>, span: &Range<usize>) -> Option<Spanned<DeTable<'i>>> {
    let mut cut = Cut { span, found: false };
    let place = document.span();
    let table = cut.table(document.into_inner());
    cut.found.then(|| Spanned::new(place, table))
}

struct Cut<'a> {
    span: &'a Range<usize>,
    found: bool,
}

impl Cut<'_> {
    fn table<'i>(&mut self, table: DeTable<'i>) -> DeTable<'i> {
        let kept = table.into_iter().filter_map(|(key, value)| {
            let is_it = key.span() == *self.span;
            self.found = self.found || is_it;
            if is_it { None } else { Some((key, self.value(value)?)) }
        });
        kept.collect()
    }

    fn value<'i>(&mut self, value: Spanned<DeValue<'i>>) -> Option<Spanned<DeValue<'i>>> {
        let place = value.span();
        // A list of tables has the place of its first table: it is that table.
        let first = value.get_ref().as_array().and_then(|list| list.iter().next().map(Spanned::span));
        if place == *self.span && first.as_ref() != Some(self.span) {
            self.found = true;
            return None;
        }
        let value = match value.into_inner() {
            DeValue::Table(table) => DeValue::Table(self.table(table)),
            DeValue::Array(list) => DeValue::Array(list.into_iter().filter_map(|value| self.value(value)).collect()),
            leaf @ (DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)) => leaf,
        };
        Some(Spanned::new(place, value))
    }
}
