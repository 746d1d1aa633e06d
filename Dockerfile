# syntax=docker/dockerfile:1
# docs/container.md says how to run it.

ARG RUST=1.95
ARG DEBIAN=bookworm

FROM rust:${RUST}-slim-${DEBIAN} AS build
ARG JOBS=""
# Function names stay, for backtraces.
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo \
    CARGO_INCREMENTAL=0 \
    CARGO_TERM_COLOR=never
WORKDIR /build

# The dependencies, in a layer that is rebuilt only for another manifest or lock file.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs \
    && cargo build --release --locked --bin faceward ${JOBS:+--jobs "$JOBS"} \
    && rm -r src

# The crate itself. The copied files may be older than the stand-ins above; cargo would take them for unchanged.
COPY src src
COPY web web
# The demo's photographs are compiled in.
COPY demo demo
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin faceward ${JOBS:+--jobs "$JOBS"} \
    && install -D --mode 0755 target/release/faceward /out/faceward

FROM debian:${DEBIAN}-slim
RUN groupadd --gid 10001 faceward \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin faceward \
    && install -d --owner 10001 --group 10001 --mode 0700 /data
COPY models /usr/share/faceward/models
COPY --from=build /out/faceward /usr/local/bin/faceward
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
ENV FACEWARD_DATA_DIR=/data \
    FACEWARD_CREATE=true \
    FACEWARD_MODELS=/usr/share/faceward/models
# With these the C library's allocator returns the memory of a burst of large pictures immediately (docs/speed.md).
ENV MALLOC_MMAP_THRESHOLD_=4194304 \
    MALLOC_TRIM_THRESHOLD_=16777216
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["faceward", "healthcheck"]
ENTRYPOINT ["faceward"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--data-dir", "/data", "--models", "/usr/share/faceward/models"]
