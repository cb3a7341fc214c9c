//! Slices of lists: which part is wanted, and how it is told.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Where a list ends that was asked for without an end: the vendor's default.
const SLICE_END: usize = 5;

/// The slice of a list that is wanted, by the vendor's defaults.
#[derive(Default, Deserialize)]
pub(super) struct Slice {
    start: Option<i64>,
    end: Option<i64>,
}

impl Slice {
    /// Where it begins, and behind which entry it ends.
    fn bounds(&self) -> (usize, usize) {
        let bound = |asked: Option<i64>, default: usize| asked.map_or(default, |n| usize::try_from(n).unwrap_or(0));
        (bound(self.start, 0), bound(self.end, SLICE_END))
    }

    /// What is in it of a list.
    pub(super) fn cut<T>(&self, all: Vec<T>) -> Vec<T> {
        let (start, end) = self.bounds();
        all.into_iter().take(end).skip(start).collect()
    }

    /// What is in it of a list, with the members that say which part it is.
    pub(super) fn of(&self, all: Vec<Value>, name: &str) -> Map<String, Value> {
        let total = all.len();
        self.told(self.cut(all), total, name)
    }

    /// The same for a part that was cut out already, of so many.
    pub(super) fn told(&self, some: Vec<Value>, total: usize, name: &str) -> Map<String, Value> {
        let (start, end) = self.bounds();
        let members = json!({ "start": start, "end": end, "totalCount": total, name: some });
        if let Value::Object(members) = members { members } else { Map::new() }
    }
}
