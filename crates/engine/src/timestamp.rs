//! A moment as people and other programs read it: `2026-01-02T03:04:05.678Z`.

use crate::ports::Moment;

const MS_A_DAY: i64 = 86_400_000;
/// Days from the first of March of the year 0, where the count of leap years begins, to 1970.
const DAYS_TO_1970: i64 = 719_468;
/// Days in 400 years.
const DAYS_AN_ERA: i64 = 146_097;

/// The text of a moment (RFC 3339 section 5.6), in UTC.
#[must_use]
#[allow(clippy::arithmetic_side_effects, reason = "milliseconds of 64 bits, divided before anything is added")]
pub fn text(moment: Moment) -> String {
    let (days, ms) = (moment.0.div_euclid(MS_A_DAY) + DAYS_TO_1970, moment.0.rem_euclid(MS_A_DAY));
    let (era, day) = (days.div_euclid(DAYS_AN_ERA), days.rem_euclid(DAYS_AN_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{year:04}-{month:02}-{day_of_month:02}T{h:02}:{m:02}:{s:02}.{:03}Z", ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_as_their_date_in_utc() {
        for (ms, shown) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_772_323_200_000, "2026-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(text(Moment(ms)), shown);
        }
    }
}
