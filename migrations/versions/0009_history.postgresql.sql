ALTER TABLE events ADD COLUMN guild_id BIGINT;

ALTER TABLE events ADD COLUMN site TEXT;

ALTER TABLE events ADD COLUMN extractor TEXT;

ALTER TABLE events ADD COLUMN bytes BIGINT;

ALTER TABLE events ADD COLUMN error_kind TEXT;

CREATE INDEX ix_events_at ON events (at);

CREATE INDEX ix_events_site_at ON events (site, at);

CREATE TABLE alerts (
    name TEXT NOT NULL,
    sentence TEXT NOT NULL,
    began_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    ended_at TEXT,
    told_at TEXT,
    told_end_at TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_alerts_began_at CHECK (to_char(began_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = began_at),
    CONSTRAINT ck_alerts_ended_at CHECK (to_char(ended_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = ended_at),
    CONSTRAINT ck_alerts_told_at CHECK (to_char(told_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = told_at),
    CONSTRAINT ck_alerts_told_end_at CHECK (to_char(told_end_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = told_end_at)
);

CREATE TABLE history (
    span TEXT NOT NULL,
    at TEXT NOT NULL,
    measure TEXT NOT NULL,
    guild_id BIGINT NOT NULL,
    site TEXT NOT NULL,
    detail TEXT NOT NULL,
    number BIGINT NOT NULL,
    total DOUBLE PRECISION NOT NULL,
    most DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (span, at, measure, guild_id, site, detail),
    CONSTRAINT ck_history_span CHECK (span IN ('hour', 'day', 'ever')),
    CONSTRAINT ck_history_at CHECK (to_char(at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = at)
);

CREATE TABLE site_health (
    site TEXT NOT NULL,
    state TEXT DEFAULT 'closed' NOT NULL,
    reason TEXT,
    probe_at TEXT,
    probe_id BIGINT,
    openings INTEGER DEFAULT 0 NOT NULL,
    changed_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    last_success_at TEXT,
    last_failure_at TEXT,
    last_error TEXT,
    PRIMARY KEY (site),
    CONSTRAINT ck_site_health_state CHECK (state IN ('closed', 'open', 'half-open')),
    CONSTRAINT ck_site_health_openings CHECK (openings >= 0),
    CONSTRAINT ck_site_health_probe_at CHECK (to_char(probe_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = probe_at),
    CONSTRAINT ck_site_health_changed_at CHECK (to_char(changed_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = changed_at),
    CONSTRAINT ck_site_health_last_success_at CHECK (to_char(last_success_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = last_success_at),
    CONSTRAINT ck_site_health_last_failure_at CHECK (to_char(last_failure_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = last_failure_at)
)
