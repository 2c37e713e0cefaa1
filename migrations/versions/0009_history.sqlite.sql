ALTER TABLE events ADD COLUMN guild_id INTEGER;

ALTER TABLE events ADD COLUMN site TEXT;

ALTER TABLE events ADD COLUMN extractor TEXT;

ALTER TABLE events ADD COLUMN bytes INTEGER;

ALTER TABLE events ADD COLUMN error_kind TEXT;

CREATE INDEX ix_events_at ON events (at);

CREATE INDEX ix_events_site_at ON events (site, at);

CREATE TABLE alerts (
    name TEXT NOT NULL,
    sentence TEXT NOT NULL,
    began_at TEXT DEFAULT (datetime('now')) NOT NULL,
    ended_at TEXT,
    told_at TEXT,
    told_end_at TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_alerts_began_at CHECK (began_at IS datetime(began_at, '+0 days')),
    CONSTRAINT ck_alerts_ended_at CHECK (ended_at IS datetime(ended_at, '+0 days')),
    CONSTRAINT ck_alerts_told_at CHECK (told_at IS datetime(told_at, '+0 days')),
    CONSTRAINT ck_alerts_told_end_at CHECK (told_end_at IS datetime(told_end_at, '+0 days'))
) STRICT;

CREATE TABLE history (
    span TEXT NOT NULL,
    at TEXT NOT NULL,
    measure TEXT NOT NULL,
    guild_id INTEGER NOT NULL,
    site TEXT NOT NULL,
    detail TEXT NOT NULL,
    number INTEGER NOT NULL,
    total REAL NOT NULL,
    most REAL NOT NULL,
    PRIMARY KEY (span, at, measure, guild_id, site, detail),
    CONSTRAINT ck_history_span CHECK (span IN ('hour', 'day', 'ever')),
    CONSTRAINT ck_history_at CHECK (at IS datetime(at, '+0 days'))
) STRICT;

CREATE TABLE site_health (
    site TEXT NOT NULL,
    state TEXT DEFAULT 'closed' NOT NULL,
    reason TEXT,
    probe_at TEXT,
    probe_id INTEGER,
    openings INTEGER DEFAULT 0 NOT NULL,
    changed_at TEXT DEFAULT (datetime('now')) NOT NULL,
    last_success_at TEXT,
    last_failure_at TEXT,
    last_error TEXT,
    PRIMARY KEY (site),
    CONSTRAINT ck_site_health_state CHECK (state IN ('closed', 'open', 'half-open')),
    CONSTRAINT ck_site_health_openings CHECK (openings >= 0),
    CONSTRAINT ck_site_health_probe_at CHECK (probe_at IS datetime(probe_at, '+0 days')),
    CONSTRAINT ck_site_health_changed_at CHECK (changed_at IS datetime(changed_at, '+0 days')),
    CONSTRAINT ck_site_health_last_success_at CHECK (last_success_at IS datetime(last_success_at, '+0 days')),
    CONSTRAINT ck_site_health_last_failure_at CHECK (last_failure_at IS datetime(last_failure_at, '+0 days'))
) STRICT
