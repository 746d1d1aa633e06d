//! A limit on connections per address.
//!
//! Without it, one client that opens every connection the server takes keeps all others waiting. A connection over the
//! limit is answered 429 and closed. Behind a proxy all connections come from the proxy's address: limit them there.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;

use super::linger::Lingering;
use crate::api::{Problem, meters};
use crate::error_code::ErrorCode;

/// The number of open connections by address.
pub(super) struct Addresses {
    most: usize,
    held: Mutex<HashMap<IpAddr, usize>>,
    /// Limits the refusals that are being written; beyond it, a connection is closed without an answer.
    refusing: Semaphore,
}

/// An open connection in the count; dropping it takes it out again.
pub(super) struct Entered {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

/// Refusals that may be written at the same time.
const REFUSING: usize = 64;
/// How long a refused client may go on sending.
const PATIENCE: Duration = Duration::from_secs(1);

impl Addresses {
    /// At most `most` connections per address.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default(), refusing: Semaphore::new(REFUSING) })
    }

    /// `None` where the address has reached its limit.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Entered> {
        let address = party(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Entered { addresses: self.clone(), address })
    }

    /// Answers 429 and closes the connection.
    pub(super) async fn refuse(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Unpin) {
        meters::refused();
        let Ok(_place) = self.refusing.try_acquire() else { return };
        let detail = "this address has too many open connections; close some, or try again in 1 s";
        let problem = Problem::new(ErrorCode::TooManyConnections, detail);
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let answer = format!(
            "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = Lingering::new(stream, PATIENCE);
        let said = async {
            stream.write_all(answer.as_bytes()).await?;
            stream.shutdown().await
        };
        // A client that does not read its answer is not waited for.
        let _ = tokio::time::timeout(2 * PATIENCE, said).await;
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut held = self.addresses.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: with IPv6, one party commonly has 2^64 of them.
fn party(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[test]
    fn each_party_has_its_share_and_closed_connections_are_forgotten() {
        let addresses = Addresses::new(2);
        let enter = |text: &str| addresses.enter(text.parse().unwrap());
        let (a, b) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert!(enter("192.0.2.1").is_none() && enter("192.0.2.2").is_some());
        drop(a);
        assert!(enter("192.0.2.1").is_some());
        let six = (enter("2001:db8::1").unwrap(), enter("2001:db8::ffff").unwrap());
        assert!(enter("2001:db8:0:0:9::1").is_none() && enter("2001:db8:0:1::1").is_some());
        drop((b, six));
        assert!(addresses.held.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_is_an_answer() {
        let (server, mut client) = tokio::io::duplex(1024);
        let refusing = tokio::spawn(Addresses::new(0).refuse(server));
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 429 ") && answer.contains("retry-after: 1\r\n"), "{answer}");
        assert!(answer.contains("\"code\":\"too_many_connections\""), "{answer}");
        refusing.await.unwrap();
    }
}
