//! The words of a reviewer.

use crate::service::ServiceError;

/// The most characters of a comment.
pub const COMMENT_MAX: usize = 2000;

/// Checks a comment: it says something, is not too long, and has no control characters but tabs and line breaks.
///
/// # Errors
/// [`ServiceError::InvalidField`].
pub(super) fn check_comment(text: &str) -> Result<(), ServiceError> {
    let wrong = |why: String| Err(ServiceError::InvalidField(format!("comment: {why}")));
    if text.trim().is_empty() {
        return wrong("it is empty: write one, or leave it out".into());
    }
    if text.chars().count() > COMMENT_MAX {
        return wrong(format!("at most {COMMENT_MAX} characters are taken: shorten it"));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return wrong("it has control characters: leave them out".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_something_and_is_not_too_long() {
        for good in ["x", "two\nlines\tand a tab", &"é".repeat(COMMENT_MAX)] {
            assert!(check_comment(good).is_ok());
        }
        for bad in ["", " \n", "a\u{0}b", "a\rb", "\u{85}x", &"x".repeat(COMMENT_MAX + 1)] {
            let error = check_comment(bad).unwrap_err().to_string();
            assert!(error.starts_with("comment: "), "{error}");
        }
    }
}
