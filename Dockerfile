# Boss-Bot with all programs that it needs. `docker compose up` uses it; docs/hosting.md says how.
# Without a browser the image is some 400 MiB smaller: docker build --build-arg BROWSER= .
ARG BASE=debian:13.2-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/boss-bot
# The requirements change less often than the program: a layer of their own.
WORKDIR /src
COPY packaging/requirements.txt packaging/
RUN /opt/boss-bot/bin/pip install --no-cache-dir --require-hashes --requirement packaging/requirements.txt
COPY pyproject.toml README.md aria2.conf sites.example.toml ./
COPY migrations migrations
COPY packaging packaging
COPY src src
RUN /opt/boss-bot/bin/pip install --no-cache-dir --no-deps . \
 && /opt/boss-bot/bin/pip uninstall --yes pip

FROM ${BASE}
ARG BROWSER=chromium
RUN apt-get update \
 && apt-get install --yes --no-install-recommends aria2 ca-certificates ffmpeg python3 sqlite3 tini ${BROWSER} \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/boss-bot --shell /usr/sbin/nologin boss-bot \
 && install --directory --owner=boss-bot --group=boss-bot --mode=0750 \
    /var/lib/boss-bot /var/lib/boss-bot/data /var/lib/boss-bot/downloads
COPY --from=build /opt/boss-bot /opt/boss-bot
ENV PATH=/opt/boss-bot/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/var/lib/boss-bot \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/boss-bot
VOLUME ["/var/lib/boss-bot/data", "/var/lib/boss-bot/downloads"]
USER 10001:10001
HEALTHCHECK --interval=30s --timeout=15s --start-period=90s --retries=3 CMD ["bossbotctl", "health"]
# tini reaps what a killed browser leaves.
ENTRYPOINT ["tini", "--"]
CMD ["boss-bot"]
