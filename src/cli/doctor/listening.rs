//! The server on the network: its certificate, who answers at its address now, and the collector that it sends to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use faceward::api::{CertificateFacts, TlsFiles};
use faceward::config::{Server, Telemetry};
use jiff::{SignedDuration, Timestamp};

use super::data::Holder;
use super::report::Report;
use crate::cli::healthcheck;

const TLS: &str = "TLS";
const SERVER: &str = "server";
const COLLECTOR: &str = "collector";

/// A certificate that expires within this time gets a warning.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Checks the certificate, or that the server may do without one.
pub(super) fn certificate(report: &mut Report, server: &Server) {
    let Some((certificate, key)) = server.tls_files() else { return without(report, server) };
    let files = TlsFiles { certificate: certificate.into(), key: key.into() };
    match files.facts() {
        Err(e) => report.failed(TLS, e.to_string()),
        Ok(facts) => judge(report, &facts, Timestamp::now()),
    }
}

fn without(report: &mut Report, server: &Server) {
    let address = server.listen;
    if address.ip().is_loopback() {
        report.ok(TLS, format!("none, as {address} is reached from this machine only"));
    } else if server.tls_in_front {
        report.ok(TLS, "a proxy in front terminates it, as the settings say");
    } else if server.allow_unauthenticated {
        report
            .warning(TLS, format!("none: photographs travel unencrypted to {address}; give --tls-cert and --tls-key"));
    } else {
        report.failed(
            TLS,
            format!(
                "none, and without it the server refuses to listen on {address}: give --tls-cert and --tls-key, or \
                 --tls-in-front where a proxy terminates it"
            ),
        );
    }
}

fn judge(report: &mut Report, facts: &CertificateFacts, now: Timestamp) {
    let left = facts.not_after.duration_since(now);
    let (days, end) = (left.as_hours() / 24, facts.not_after);
    let renew = "renew it and restart the server";
    let names = if facts.names.is_empty() { "no DNS name".to_owned() } else { facts.names.join(", ") };
    if left.is_negative() {
        report.failed(TLS, format!("the certificate expired on {end:.0}, and clients refuse it: {renew}"));
    } else if facts.not_before > now {
        let start = facts.not_before;
        report.failed(
            TLS,
            format!("the certificate is valid from {start:.0} only: check the clock, or use another until then"),
        );
    } else if facts.authority {
        report.warning(
            TLS,
            "the certificate is marked as that of an authority (CA:TRUE), and strict clients refuse it: make it with \
             `-addext basicConstraints=critical,CA:FALSE`, or have an authority sign one",
        );
    } else if left < SOON {
        report.warning(TLS, format!("the certificate expires in {days} days, on {end:.0}: {renew}"));
    } else if facts.self_signed {
        report.warning(
            TLS,
            "the certificate signed itself, so clients accept it only where they are given it: give it to them, or \
             have an authority sign one",
        );
    } else {
        report.ok(TLS, format!("the certificate for {names} is valid for {days} days, and its key fits"));
    }
}

/// Asks the server on the folder whether it is ready; where none runs, whether its address is free.
pub(super) fn server(report: &mut Report, server: &Server, held: Option<Holder>) {
    let Some(holder) = held else { return free(report, server.listen) };
    let scheme = if server.tls_files().is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/readyz", reached(server.listen));
    match healthcheck::ask(&url) {
        Ok(status) if status.is_success() => report.ok(SERVER, format!("ready at {url}")),
        Ok(status) => report.failed(SERVER, format!("{url} answers {status}: read the log of the server")),
        Err(_) => report.warning(
            SERVER,
            format!(
                "{holder} has the data folder open, but no server answers at {url}: if it is a server, give this \
                 command the same settings; if it hangs, stop it"
            ),
        ),
    }
}

/// Whether somebody answers at the address of the collector, where one is given.
pub(super) fn collector(report: &mut Report, telemetry: &Telemetry) {
    let Some(endpoint) = telemetry.endpoint() else { return };
    let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    // A collector takes POST only; what it says to this does not matter.
    match healthcheck::ask(&url) {
        Ok(_) => report.ok(COLLECTOR, format!("something answers at {url}")),
        Err(_) => report.warning(
            COLLECTOR,
            format!(
                "nothing answers at {url}, and traces and metrics are dropped: start it, or correct --otlp-endpoint"
            ),
        ),
    }
}

/// The address by which this machine reaches a server that listens on `address`.
fn reached(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn free(report: &mut Report, address: SocketAddr) {
    match TcpListener::bind(address) {
        Ok(_) => report.ok(SERVER, format!("not running; {address} is free")),
        Err(e) => report.failed(
            SERVER,
            format!("not running, and it could not listen on {address} ({e}): choose another address with --listen"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_certificate_is_judged_by_its_dates_and_its_issuer() {
        let now = Timestamp::now();
        let days = |n: i64| now + SignedDuration::from_hours(24 * n);
        let good = CertificateFacts {
            not_before: days(-10),
            not_after: days(60),
            names: vec!["faceward.example".into()],
            self_signed: false,
            authority: false,
        };
        let state = |facts: &CertificateFacts| {
            let mut report = Report::new(false);
            judge(&mut report, facts, now);
            json!(report.checks())[0]["state"].as_str().unwrap().to_owned()
        };
        assert_eq!(state(&good), "ok");
        assert_eq!(state(&CertificateFacts { not_after: days(-1), ..good.clone() }), "failed");
        assert_eq!(state(&CertificateFacts { not_before: days(1), ..good.clone() }), "failed");
        assert_eq!(state(&CertificateFacts { not_after: days(29), ..good.clone() }), "warning");
        assert_eq!(state(&CertificateFacts { self_signed: true, ..good.clone() }), "warning");
        assert_eq!(state(&CertificateFacts { authority: true, ..good }), "warning");
        assert_eq!(reached("0.0.0.0:8080".parse().unwrap()).to_string(), "127.0.0.1:8080");
        assert_eq!(reached("[::]:8080".parse().unwrap()).to_string(), "[::1]:8080");
    }
}
