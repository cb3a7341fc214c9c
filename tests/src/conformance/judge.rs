//! What a good answer is, and what an error of the back channel is.

use serde_json::Value;

use super::Finding;
use crate::ensure;
use crate::wire::Response;

/// A refusal of the back channel: one of these statuses, JSON with one of these errors, and a description that keeps to
/// its characters.
///
/// # Errors
/// What is wrong with it.
pub fn refused(response: &Response, statuses: &[u16], errors: &[&str]) -> Finding {
    let text = response.text();
    ensure!(statuses.contains(&response.status), "status {}, not {statuses:?}: {text}", response.status);
    let body = json(response)?;
    let error = body["error"].as_str().unwrap_or_default();
    ensure!(errors.contains(&error), "error `{error}`, not {errors:?}: {text}");
    let described = body["error_description"].as_str().unwrap_or_default();
    ensure!(!described.contains(['\r', '\n', '\t']), "error_description: {described:?}");
    Ok(())
}

/// An answer that is a JSON object.
///
/// # Errors
/// What it is instead.
pub fn json(response: &Response) -> Result<Value, String> {
    let kind = response.header("content-type").unwrap_or_default();
    ensure!(kind == "application/json" || kind.starts_with("application/json;"), "content type `{kind}`");
    match serde_json::from_slice(&response.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        _ => Err(format!("not a JSON object: {}", response.text())),
    }
}

/// More than 96 bits by the suite's formula: Shannon's entropy of the characters times the length.
///
/// # Errors
/// How much it is.
pub fn random_enough(text: &str) -> Finding {
    let length = text.chars().count() as f64;
    let share = |letter: char| text.chars().filter(|found| *found == letter).count() as f64 / length;
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let bits: f64 = letters.into_iter().map(|letter| -share(letter) * share(letter).log2()).sum::<f64>() * length;
    let enough = bits > 96.0;
    ensure!(enough, "{bits:.0} bits of entropy in {} characters", text.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_that_of_the_letters_times_their_number() {
        assert!(random_enough("urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c").is_ok());
        assert!(random_enough(&"a".repeat(1000)).is_err());
        assert!(random_enough("abcdefghijklmnop").is_err(), "sixteen letters are 64 bits");
    }
}
