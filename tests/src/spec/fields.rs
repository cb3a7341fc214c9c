//! A table of a data file, read key by key; what is left over is a mistake in the file.

use toml::{Table, Value};

/// The keys of one table that nobody has asked for yet.
pub struct Fields<'a> {
    table: Table,
    place: &'a str,
}

impl<'a> Fields<'a> {
    /// A table; `place` is said when something is wrong with it.
    #[must_use]
    pub fn of(table: Table, place: &'a str) -> Self {
        Self { table, place }
    }

    /// Any value.
    pub fn value(&mut self, key: &str) -> Option<Value> {
        self.table.remove(key)
    }

    /// Text.
    pub fn text(&mut self, key: &str) -> Option<String> {
        self.value(key).map(|value| self.as_text(key, value))
    }

    /// Text that must be there.
    pub fn needed_text(&mut self, key: &str) -> String {
        self.text(key).unwrap_or_else(|| panic!("{}: `{key}` is missing", self.place))
    }

    /// Texts; none if the key is not there.
    pub fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Value::Array(items) = value else { panic!("{}: `{key}` is a list", self.place) };
        items.into_iter().map(|item| self.as_text(key, item)).collect()
    }

    /// A table; an empty one if the key is not there.
    pub fn table(&mut self, key: &str) -> Table {
        match self.value(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => panic!("{}: `{key}` is a table", self.place),
        }
    }

    /// A number, with or without a fraction.
    pub fn number(&mut self, key: &str) -> Option<f64> {
        self.value(key).map(|value| match value {
            Value::Integer(number) => number as f64,
            Value::Float(number) => number,
            _ => panic!("{}: `{key}` is a number", self.place),
        })
    }

    /// Whether a key is there with the value `true`.
    pub fn is_set(&mut self, key: &str) -> bool {
        match self.value(key) {
            None => false,
            Some(Value::Boolean(set)) => set,
            Some(_) => panic!("{}: `{key}` is true or false", self.place),
        }
    }

    /// Complains about every key that nobody asked for.
    pub fn end(self) {
        let left: Vec<&String> = self.table.keys().collect();
        assert!(left.is_empty(), "{}: nobody reads {left:?}", self.place);
    }

    fn as_text(&self, key: &str, value: Value) -> String {
        match value {
            Value::String(text) => text,
            _ => panic!("{}: `{key}` is text", self.place),
        }
    }
}
