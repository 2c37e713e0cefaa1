CREATE TABLE members (
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    seen_at TEXT DEFAULT (datetime('now')) NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT ck_members_name CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT ck_members_seen_at CHECK (seen_at IS datetime(seen_at, '+0 days'))
)
 STRICT
