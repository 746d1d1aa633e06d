//! Points in time on the command line.

use jiff::{SignedDuration, Timestamp};

/// Parses a time from now (`12h`, `90d`, `4w`) or a timestamp.
pub(super) fn when(text: &str) -> Result<Timestamp, String> {
    let help =
        || format!("`{text}` is not a time: give 12h, 90d or 4w from now, or a timestamp such as 2030-01-01T00:00:00Z");
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let unit = text.chars().last().ok_or_else(help)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 24 * 7,
        _ => return Err(help()),
    };
    let n: u32 = text.strip_suffix(unit).and_then(|n| n.parse().ok()).ok_or_else(help)?;
    Timestamp::now().checked_add(SignedDuration::from_hours(i64::from(n) * hours)).map_err(|_| help())
}
