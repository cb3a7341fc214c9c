//! What the figures were measured on, as far as the system tells.

use std::fs;
use std::thread;

/// Processor, cores and kernel.
pub(super) fn describe() -> String {
    let cores = fs::read_to_string("/proc/cpuinfo").map_or(0, |text| count(&text, "processor"));
    let usable = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{}, {} cores, Linux {}",
        model().unwrap_or("processor unknown".to_owned()),
        cores.max(usable),
        kernel.trim()
    )
}

fn model() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn count(text: &str, word: &str) -> usize {
    text.lines().filter(|line| line.starts_with(word)).count()
}
