//! Why a server does not answer, in words that say what to do next.

use std::io::ErrorKind;

use ureq::Error;

/// The sentence for the request to `url` that failed with `error`; `flag` is the one that gives the address.
pub fn no_answer(url: &str, flag: &str, error: &Error) -> String {
    let start = || format!("start it with `faceward serve`, or give its address by {flag} URL");
    match error {
        Error::BadUri(_) | Error::Http(_) => {
            format!("`{url}` is not the address of a server: give {flag} a URL such as http://127.0.0.1:8080")
        }
        Error::Io(e) if e.kind() == ErrorKind::ConnectionRefused => {
            format!("no server answers at {url} (connection refused): {}", start())
        }
        Error::HostNotFound => format!("no server answers at {url} (there is no such host): check {flag} URL"),
        Error::Timeout(_) => format!("no server answers at {url} in time: check that it runs and can be reached"),
        Error::Io(e) if e.kind() == ErrorKind::InvalidData => untrusted(url, e),
        Error::Tls(_) | Error::Rustls(_) => untrusted(url, error),
        Error::Protocol(_) => {
            format!("what answers at {url} does not speak HTTP ({error}): check {flag} URL, or give an https URL")
        }
        Error::ConnectionFailed => format!("no server answers at {url} ({error}): {}", start()),
        Error::Io(e) if matches!(e.kind(), ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
            format!("no server answers at {url} ({error}): check {flag} URL and the network")
        }
        _ => format!("the request to {url} failed ({error}): check {flag} URL, and the log of the server"),
    }
}

/// TLS did not come about: `error` arrives as one of reading or of TLS.
fn untrusted(url: &str, error: &dyn std::fmt::Display) -> String {
    let error = error.to_string();
    let next = if error.contains("CaUsedAsEndEntity") {
        "its certificate is marked as that of an authority (CA:TRUE), as `openssl req -x509` makes it, so it is not taken \
         for a server's: make it with `-addext basicConstraints=critical,CA:FALSE`, or have an authority sign one"
    } else if error.contains("not valid for name") || error.contains("NotValidForName") {
        "its certificate is for other names: give the URL with one of them, or make a certificate with this one \
         (`-addext subjectAltName=DNS:…` or `IP:…`)"
    } else if error.contains("expired") || error.contains("Expired") {
        "its certificate has expired: renew it, or check the clock of this machine"
    } else if error.contains("UnknownIssuer") {
        "the authority that signed its certificate is not known: `faceward batch` takes it by --ca-cert FILE"
    } else {
        "give an http URL if the server has no TLS"
    };
    format!("no TLS with {url} ({error}): {next}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(url: &str) -> String {
        let error = ureq::get(url).call().unwrap_err();
        no_answer(url, "--server", &error)
    }

    #[test]
    fn the_sentence_says_what_to_do() {
        let refused = said("http://127.0.0.1:9");
        let wanted = "no server answers at http://127.0.0.1:9 (connection refused): start it with `faceward serve`, or \
                      give its address by --server URL";
        assert_eq!(refused, wanted);
        for url in ["nonsense", "localhost:8080", "ftp://localhost", "http://"] {
            let said = said(url);
            assert!(said.contains("give --server a URL such as http://"), "{url}: {said}");
        }
    }
}
