//! The outcome of the checks.

use serde::Serialize;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// The server works, but something should be seen to.
    Warning,
    /// The server does not start, or does not serve.
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
        }
    }
}

/// One check.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    /// What was checked.
    #[serde(rename = "check")]
    name: &'static str,
    state: State,
    /// What was found and, where it is not ok, what to do.
    text: String,
}

/// The checks so far. On a terminal each line appears as soon as it is known.
pub(super) struct Report {
    checks: Vec<Check>,
    prints: bool,
}

impl Report {
    /// An empty report; with `prints`, each check becomes a line of standard output.
    pub(super) fn new(prints: bool) -> Self {
        Self { checks: Vec::new(), prints }
    }

    pub(super) fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Ok, &text.into());
    }

    pub(super) fn warning(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Warning, &text.into());
    }

    pub(super) fn failed(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(check, State::Failed, &text.into());
    }

    fn add(&mut self, check: &'static str, state: State, text: &str) {
        // One line, whatever an error brings along.
        let text = text.replace(['\n', '\r'], " ");
        if self.prints {
            println!("{:<8} {check:<14} {text}", state.name());
        }
        self.checks.push(Check { name: check, state, text });
    }

    pub(super) fn checks(&self) -> &[Check] {
        &self.checks
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.checks.iter().filter(|check| check.state == state).count()
    }

    /// The worst state of all.
    pub(super) fn worst(&self) -> State {
        self.checks.iter().map(|check| check.state).max().unwrap_or(State::Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_check_decides_and_a_text_is_one_line() {
        let mut report = Report::new(false);
        assert_eq!(report.worst(), State::Ok);
        report.ok("a", "fine");
        report.warning("b", "two\nlines");
        assert_eq!((report.worst(), report.count(State::Failed)), (State::Warning, 0));
        report.failed("c", "broken");
        report.ok("d", "fine");
        assert_eq!((report.worst(), report.count(State::Ok)), (State::Failed, 2));
        assert_eq!(report.checks()[1].text, "two lines");
    }
}
