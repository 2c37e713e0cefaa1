DROP TABLE runners;

CREATE TABLE runners (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    heartbeat_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    state TEXT DEFAULT 'ready' NOT NULL,
    note TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_runners_kind CHECK (kind IN ('bot', 'download', 'upload', 'web')),
    CONSTRAINT ck_runners_state CHECK (state IN ('starting', 'ready', 'waiting', 'stopping')),
    CONSTRAINT ck_runners_started_at CHECK (to_char(started_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = started_at),
    CONSTRAINT ck_runners_heartbeat_at CHECK (to_char(heartbeat_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = heartbeat_at)
);

CREATE TABLE chores (
    name TEXT NOT NULL,
    runner TEXT,
    started_at TEXT,
    finished_at TEXT,
    report TEXT,
    error TEXT,
    PRIMARY KEY (name),
    CONSTRAINT ck_chores_started_at CHECK (to_char(started_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = started_at),
    CONSTRAINT ck_chores_finished_at CHECK (to_char(finished_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = finished_at)
)
