DROP TABLE runners;

CREATE TABLE runners (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at TEXT DEFAULT (datetime('now')) NOT NULL,
    heartbeat_at TEXT DEFAULT (datetime('now')) NOT NULL,
    state TEXT DEFAULT 'ready' NOT NULL,
    note TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_runners_kind CHECK (kind IN ('bot', 'download', 'upload', 'web')),
    CONSTRAINT ck_runners_state CHECK (state IN ('starting', 'ready', 'waiting', 'stopping')),
    CONSTRAINT ck_runners_started_at CHECK (started_at IS datetime(started_at, '+0 days')),
    CONSTRAINT ck_runners_heartbeat_at CHECK (heartbeat_at IS datetime(heartbeat_at, '+0 days'))
) STRICT;

CREATE TABLE chores (
    name TEXT NOT NULL,
    runner TEXT,
    started_at TEXT,
    finished_at TEXT,
    report TEXT,
    error TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_chores_started_at CHECK (started_at IS datetime(started_at, '+0 days')),
    CONSTRAINT ck_chores_finished_at CHECK (finished_at IS datetime(finished_at, '+0 days'))
) STRICT
