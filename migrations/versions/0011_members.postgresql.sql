CREATE TABLE members (
    user_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    seen_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    PRIMARY KEY (user_id),
    CONSTRAINT ck_members_name CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT ck_members_seen_at CHECK (to_char(seen_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = seen_at)
)
