//! A connection that closes without cutting off a client that is still sending.
//!
//! A request may be refused before its body has been read: no key, too large a body, a full queue. If the socket were
//! closed then, the kernel would answer the rest of the body with a reset, and a client that is still writing would see
//! a broken pipe and never the refusal. So the sending half is closed first, and what the client still sends is read
//! and discarded until it ends too, for a limited time (RFC 9112, section 9.6).

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Bytes read and discarded at a time.
const DISCARD_BUFFER: usize = 16 << 10;

/// A stream whose shutdown waits for the other side to end as well.
pub(super) struct Lingering<S> {
    inner: S,
    patience: Duration,
    state: State,
}

enum State {
    Open,
    /// The sending half is closed; what still arrives is discarded until this timer ends.
    Draining(Pin<Box<Sleep>>),
    Closed,
}

impl<S> Lingering<S> {
    /// A client may go on sending for `patience` after its answer.
    pub(super) fn new(inner: S, patience: Duration) -> Self {
        Self { inner, patience, state: State::Open }
    }
}

impl<S: AsyncRead + Unpin> Lingering<S> {
    /// Discards what still arrives, until the other side ends, an error, or the end of `time`.
    fn poll_drained(&mut self, context: &mut Context<'_>, time: &mut Pin<Box<Sleep>>) -> Poll<()> {
        let mut discarded = [0; DISCARD_BUFFER];
        loop {
            if time.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut discarded);
            let read = ready!(pin!(&mut self.inner).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            match std::mem::replace(&mut self.state, State::Closed) {
                State::Open => match pin!(&mut self.inner).poll_shutdown(context) {
                    Poll::Ready(Ok(())) => self.state = State::Draining(Box::pin(tokio::time::sleep(self.patience))),
                    other => {
                        if other.is_pending() {
                            self.state = State::Open;
                        }
                        return other;
                    }
                },
                State::Draining(mut time) => {
                    if self.poll_drained(context, &mut time).is_pending() {
                        self.state = State::Draining(time);
                        return Poll::Pending;
                    }
                }
                State::Closed => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        pin!(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        pin!(&mut self.inner).poll_flush(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        pin!(&mut self.inner).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        pin!(&mut self.inner).poll_read(context, buffer)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop on the spot")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_shutdown_waits_for_the_other_side_and_discards_what_it_sends() {
        let (server, mut client) = tokio::io::duplex(64);
        let closing = tokio::spawn(async move {
            let mut server = Lingering::new(server, Duration::from_mins(1));
            server.write_all(b"refused").await.unwrap();
            server.shutdown().await.unwrap();
        });
        client.write_all(&vec![0; 100_000]).await.unwrap();
        assert!(!closing.is_finished());
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "refused");
        closing.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_never_ends_is_left_after_a_while() {
        let (server, _client) = tokio::io::duplex(64);
        Lingering::new(server, Duration::from_millis(20)).shutdown().await.unwrap();
    }
}
