//! The two files the pages refer to, and the names under which they may be cached for ever.

/// The one stylesheet of all pages (`text/css; charset=utf-8`).
pub const STYLESHEET: &str = include_str!("../assets/pages.css");

/// The icon shown in a browser's tab (`image/svg+xml`). It holds no script and refers to nothing.
pub const ICON: &str = include_str!("../assets/icon.svg");

const STYLESHEET_MARK: u64 = content_mark(STYLESHEET.as_bytes());
const ICON_MARK: u64 = content_mark(ICON.as_bytes());

/// The stylesheet's file name, which changes with its content: `pages-` and 16 hexadecimal digits and `.css`.
#[must_use]
pub fn stylesheet_name() -> String {
    format!("pages-{STYLESHEET_MARK:016x}.css")
}

/// The icon's file name, which changes with its content: `icon-` and 16 hexadecimal digits and `.svg`.
#[must_use]
pub fn icon_name() -> String {
    format!("icon-{ICON_MARK:016x}.svg")
}

/// FNV-1a, 64 bits: tells one build's file from another's in a cache. It protects nothing and need not.
const fn content_mark(mut content: &[u8]) -> u64 {
    let mut mark: u64 = 0xcbf2_9ce4_8422_2325;
    while let [byte, rest @ ..] = content {
        mark = (mark ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        content = rest;
    }
    mark
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::string_slice)]
mod tests {
    use super::*;

    #[test]
    fn content_mark_agrees_with_the_published_fnv_1a_vectors() {
        assert_eq!(content_mark(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(content_mark(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(content_mark(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn file_names_are_of_fixed_length_and_safe_in_a_path() {
        for (name, length) in [(stylesheet_name(), 26), (icon_name(), 25)] {
            assert_eq!(name.len(), length, "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b)), "{name}");
        }
    }

    #[test]
    fn assets_refer_to_nothing() {
        for forbidden in ["url(", "@import", "@font-face", "expression(", "javascript:"] {
            assert!(!STYLESHEET.contains(forbidden), "{forbidden}");
        }
        let icon = ICON.replace("http://www.w3.org/2000/svg", "");
        for forbidden in ["<script", "http", "href", "style=", "<foreignObject", " on"] {
            assert!(!icon.contains(forbidden), "{forbidden}");
        }
    }

    /// The value of a colour in one scheme's block.
    fn colour(block: &str, name: &str) -> [f64; 3] {
        let hex = block.split_once(&format!("--{name}: #")).unwrap().1.split_once(';').unwrap().0;
        assert_eq!(hex.len(), 6, "--{name} is not an opaque colour");
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
    }

    /// Contrast ratio of WCAG 2.2, 1 to 21.
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn contrast_is_aa_in_both_schemes() {
        let text = [
            ("ink", "card"),
            ("ink", "well"),
            ("ink", "sky"),
            ("ink", "sky-high"),
            ("ink", "glow"),
            ("quiet", "card"),
            ("quiet", "well"),
            ("quiet", "sky"),
            ("accent", "card"),
            ("accent", "well"),
            ("accent-deep", "card"),
            ("on-accent", "accent"),
            ("on-accent", "accent-deep"),
            ("danger", "danger-well"),
        ];
        let controls = [("edge", "card"), ("accent", "card"), ("accent", "sky"), ("danger", "card")];
        let blocks: Vec<&str> = STYLESHEET.split(":root {").skip(1).take(2).collect();
        assert_eq!(blocks.len(), 2);
        for (scheme, block) in ["light", "dark"].iter().zip(blocks) {
            for (pairs, least) in [(text.as_slice(), 4.5), (controls.as_slice(), 3.0)] {
                for (front, back) in pairs {
                    let ratio = contrast(colour(block, front), colour(block, back));
                    assert!(ratio >= least, "{scheme}: {front} on {back} is {ratio:.2}, not {least}");
                }
            }
        }
    }
}
