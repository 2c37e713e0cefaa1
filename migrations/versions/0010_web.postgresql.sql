CREATE TABLE links (
    id BIGSERIAL NOT NULL,
    token_hash TEXT NOT NULL,
    file_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    created_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    expires_at TEXT NOT NULL,
    revoked INTEGER DEFAULT 0 NOT NULL,
    fetches INTEGER DEFAULT 0 NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT ck_links_revoked CHECK (revoked IN (0, 1)),
    CONSTRAINT ck_links_fetches CHECK (fetches >= 0),
    CONSTRAINT ck_links_created_at CHECK (to_char(created_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = created_at),
    CONSTRAINT ck_links_expires_at CHECK (to_char(expires_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = expires_at),
    FOREIGN KEY(file_id) REFERENCES media_files (id) ON DELETE CASCADE
);

CREATE INDEX ix_links_file_id ON links (file_id);

CREATE UNIQUE INDEX ix_links_token_hash ON links (token_hash);

CREATE TABLE web_sessions (
    token_hash TEXT NOT NULL,
    user_id BIGINT,
    name TEXT NOT NULL,
    is_owner INTEGER DEFAULT 0 NOT NULL,
    guilds TEXT DEFAULT '[]' NOT NULL,
    csrf TEXT NOT NULL,
    opened_by TEXT,
    created_at TEXT DEFAULT to_char((clock_timestamp() AT TIME ZONE 'UTC'), 'YYYY-MM-DD HH24:MI:SS') NOT NULL,
    expires_at TEXT NOT NULL,
    PRIMARY KEY (token_hash),
    CONSTRAINT ck_web_sessions_is_owner CHECK (is_owner IN (0, 1)),
    CONSTRAINT ck_web_sessions_created_at CHECK (to_char(created_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = created_at),
    CONSTRAINT ck_web_sessions_expires_at CHECK (to_char(expires_at::timestamp, 'YYYY-MM-DD HH24:MI:SS') = expires_at)
)
